"""A wrong configuration gets one line that names file, table, key, value and what is allowed."""

from dataclasses import dataclass
from pathlib import Path

import pytest

import operando.configs
from operando.config import load, load_recipe
from operando.errors import ConfigurationError

SHIPPED = Path(operando.configs.__file__).parent
SIMULATED = (SHIPPED / "simulated.toml").read_text()


@dataclass(frozen=True)
class Case:
    name: str
    was: str
    becomes: str
    says: tuple[str, ...]


CASES = [
    Case(
        "misspelt key",
        "tolerance_MPa",
        "tolerence_MPa",
        ("[pressure] tolerence_MPa", "0.05", "allowed", "tolerance_MPa"),
    ),
    Case(
        "text for a number", "capacity_N = 10000.0", 'capacity_N = "big"', ("[load_cell] capacity_N", "'big'", "number")
    ),
    Case("missing port", 'port = "sim/piezo"\n', "", ("[piezo] port", "missing", "wanted")),
    Case(
        "limits the wrong way round", "low_limit_MPa = 5.0", "low_limit_MPa = 500.0", ("[pressure]", "500.0", "100.0")
    ),
    Case(
        "a scale nobody knows",
        'value_V = 4.3, scale = "Li/Li+"',
        'value_V = 4.3, scale = "SHE"',
        ("scale", "SHE", "cell"),
    ),
    Case(
        "a potential without a scale",
        'value_V = 4.3, scale = "Li/Li+"',
        "value_V = 4.3",
        ("upper_cutoff] scale", "missing"),
    ),
    Case("cut-offs in two scales crossed", "value_V = 2.8", "value_V = 4.4", ("lower_cutoff", "4.4", "4.3")),
    Case("more current than the instrument has", "charge_current_A = 196e-6", "charge_current_A = 0.2", ("0.2", "0.1")),
    Case("a prefix without its colon", 'prefix = "SIM:"', 'prefix = "SIM"', ("prefix", "'SIM'")),
    Case("not TOML", "[heater]", "[heater", ("not TOML",)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_configuration_is_named_in_one_line(case: Case, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    assert case.was in SIMULATED
    file.write_text(SIMULATED.replace(case.was, case.becomes, 1))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(file))
    for part in case.says:
        assert part in message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_potentials_are_converted_to_the_terminals() -> None:
    config = load(SHIPPED / "simulated.toml")
    programme = config.programme.compiled(config.cell.counter_electrode_potential_V)
    assert programme.upper_cutoff == pytest.approx(3.68)
    assert programme.lower_cutoff == pytest.approx(2.18)


def test_a_mask_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('npt = 100\nunit = "2th_deg"\nmask = "gone.edf"\n')
    with pytest.raises(ConfigurationError, match=r"recipe\.toml: mask = 'gone\.edf'"):
        load_recipe(file)

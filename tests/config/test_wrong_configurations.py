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
        ("[programme] step 1 (charge) until_voltage_above.scale", "missing"),
    ),
    Case(
        "a discharge that ends above the charge",
        "value_V = 2.8",
        "value_V = 4.35",
        ("[programme] step 2 (discharge) until_voltage_below", "4.350 V vs Li/Li+", "3.680 V", "step 1 (charge)"),
    ),
    Case(
        "a bare number for a potential",
        'until_voltage_above = { value_V = 4.3, scale = "Li/Li+" }',
        "until_voltage_above = 4.3",
        ("[programme] step 1 (charge) until_voltage_above: 4.3 V has no scale", "cell", "Li/Li+"),
    ),
    Case(
        "a misspelt end",
        "until_voltage_above",
        "until_voltage",
        ("[programme] step 1 (charge) until_voltage", "unknown key; allowed", "until_voltage_above"),
    ),
    Case("a programme of no steps", "[[programme.steps]]", "[[programme.stops]]", ("[programme] stops", "unknown key")),
    Case(
        "a programme that is not there",
        '[programme]\nname = "NMC811, C/4"',
        '[programme]\nfile = "nowhere.toml"',
        ("[programme] file = 'nowhere.toml'", "cannot stand beside it"),
    ),
    Case(
        "more current than the instrument has",
        'current_C_rate = "C/4"',
        "current_A = 0.2",
        ("200 mA", "100 mA", "current_limit_A"),
    ),
    Case(
        "more current than any EmStat4 has",
        "current_limit_A = 0.1",
        "current_limit_A = 0.5",
        ("[potentiostat] current_limit_A = 0.5", "emstat4 ends at 0.1 A"),
    ),
    Case(
        "nobody says where the counter electrode is",
        "counter_electrode_potential_V = 0.62\n",
        "",
        ("[cell] counter_electrode_potential_V", "missing", "float is wanted"),
    ),
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


def test_the_short_form_of_a_programme_is_refused_with_how_it_is_written_now(tmp_path: Path) -> None:
    short = """[programme]
charge_current_A = 0.0002
discharge_current_A = 0.0002
upper_cutoff = { value_V = 4.3, scale = "Li/Li+" }
lower_cutoff = { value_V = 2.8, scale = "Li/Li+" }
cycles = 3
step_time_limit_s = 36000.0

"""
    head, _, rest = SIMULATED.partition("[programme]")
    file = tmp_path / "short.toml"
    file.write_text(head + short + rest[rest.index("[detector]") :])
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    lines = dict(line.removeprefix(f"{file}: [programme] ").split(" = ", 1) for line in str(caught.value).splitlines())
    assert "current_A above zero" in lines["charge_current_A"]
    assert "current_A below zero" in lines["discharge_current_A"]
    assert "until_voltage_above" in lines["upper_cutoff"]
    assert "until_voltage_below" in lines["lower_cutoff"]
    assert 'kind = "loop" with passes' in lines["cycles"]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: cannot be read"):
        load(tmp_path / "nowhere.toml")


def test_potentials_are_converted_to_the_terminals() -> None:
    config = load(SHIPPED / "simulated.toml")
    charge, discharge = config.compiled_programme().steps
    assert charge.ends[0].value == pytest.approx(3.68)
    assert discharge.ends[0].value == pytest.approx(2.18)


@pytest.mark.parametrize(
    ("programme", "says"),
    [
        ("", "programme: missing; a table is wanted"),
        ("programme = 3\n", "programme = 3: "),
        ("channels = 3\n", "channels = 3: "),
    ],
)
def test_tables_that_are_none_are_named(programme: str, says: str, tmp_path: Path) -> None:
    head, _, rest = SIMULATED.partition("# In place of all this")
    file = tmp_path / "wrong.toml"
    file.write_text(programme + head + rest[rest.index("[detector]") :])
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    assert f"{file}: {says}" in str(caught.value)


def test_a_programme_may_be_a_file_of_its_own(tmp_path: Path) -> None:
    beside = (SHIPPED / "programmes" / "nmc811_cc_cv_eis.toml").read_text()
    (tmp_path / "three_cycles.toml").write_text(beside)
    head, _, rest = SIMULATED.partition("[programme]")
    tail = rest[rest.index("[detector]") :]
    file = tmp_path / "endstation.toml"
    file.write_text(f'{head}[programme]\nfile = "three_cycles.toml"\n\n{tail}')
    assert load(file).compiled_programme().source == beside
    (tmp_path / "three_cycles.toml").write_text(beside.replace('"C/4"', '"C/0"'))
    with pytest.raises(ConfigurationError, match=r"three_cycles\.toml: steps 1–2 \(charge\) current_C_rate: 'C/0'"):
        load(file)
    (tmp_path / "three_cycles.toml").write_text(beside.replace("value_V = 4.3,", "value_V = 8.3,"))
    with pytest.raises(ConfigurationError) as caught:
        load(file)
    for line in str(caught.value).splitlines():
        assert line.startswith(f"{file}: {tmp_path / 'three_cycles.toml'}: step ")
    (tmp_path / "three_cycles.toml").unlink()
    with pytest.raises(ConfigurationError, match=r"three_cycles\.toml: cannot be read"):
        load(file)


def test_a_mask_that_is_not_there_is_named(tmp_path: Path) -> None:
    file = tmp_path / "recipe.toml"
    file.write_text('npt = 100\nunit = "2th_deg"\nmask = "gone.edf"\n')
    with pytest.raises(ConfigurationError, match=r"recipe\.toml: mask = 'gone\.edf'"):
        load_recipe(file)

"""The simulated cell is that of the configuration: its material, and its active mass where that is known."""

import shutil
from pathlib import Path

import pytest

import operando.configs
from operando.cli.simulation import simulation_setup
from operando.config import load
from operando.errors import ConfigurationError

SHIPPED = Path(operando.configs.__file__).parent


def edited(folder: Path, was: str, becomes: str) -> Path:
    """Return the simulated endstation with one line changed."""
    copy = folder / "configs"
    shutil.copytree(SHIPPED, copy)
    text = (copy / "simulated.toml").read_text(encoding="utf-8")
    assert was in text
    (copy / "simulated.toml").write_text(text.replace(was, becomes, 1), encoding="utf-8")
    return copy / "simulated.toml"


def test_the_material_is_chosen_in_the_configuration(tmp_path: Path) -> None:
    file = edited(tmp_path, "[simulation]\n", '[simulation]\nmaterial = "LCO"\n')
    assert simulation_setup(load(file), tmp_path, 0).material == "LCO"


def test_without_a_word_it_is_nmc811_of_the_mass_that_was_weighed(tmp_path: Path) -> None:
    setup = simulation_setup(load(SHIPPED / "simulated.toml"), tmp_path, 0)
    assert (setup.material, setup.active_mass) == ("NMC811", pytest.approx(3.927e-3))


def test_a_mass_that_was_not_weighed_is_left_to_the_material(tmp_path: Path) -> None:
    file = edited(tmp_path, "active_mass_mg = 3.927\n", "")
    assert simulation_setup(load(file), tmp_path, 0).active_mass is None


def test_an_unknown_material_is_refused_with_what_is_allowed(tmp_path: Path) -> None:
    file = edited(tmp_path, "[simulation]\n", '[simulation]\nmaterial = "LFP"\n')
    with pytest.raises(ConfigurationError, match=r"\[simulation\] material.*NMC811.*LCO"):
        load(file)

"""``operando check`` refuses what would cost a run its patterns."""

import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest

import operando.configs
from operando.cli.check import check
from operando.config import Endstation, load
from operando.engine.surroundings import surroundings
from operando.errors import ConfigurationError
from operando.vocabulary import Recipe

SHIPPED = Path(operando.configs.__file__).parent
MONITOR = 'monitor_attribute = "IncidentMonitor"\n'
RANGE = "radial_range = [4.0, 74.0]\n"
SHAPE = (1043, 981)


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """Return the shipped configurations, with some tables of pixels beside the recipe."""
    folder = shutil.copytree(SHIPPED, tmp_path / "configs")
    for name, dataset, shape in (
        ("good.h5", "mask", SHAPE),
        ("turned.h5", "mask", SHAPE[::-1]),
        ("other.h5", "other", SHAPE),
    ):
        with h5py.File(folder / "recipes" / name, "w") as file:
            file[f"entry/data/{dataset}"] = np.zeros(shape, np.uint8)
    return folder


def configured(folder: Path, keys: str, was: str = "", without: str = "") -> Endstation:
    """Add keys to the recipe in place of others, and take a line out of the configuration."""
    recipe, file = folder / "recipes/standard.toml", folder / "simulated.toml"
    recipe.write_text(f"{keys}\n{recipe.read_text(encoding='utf-8').replace(was, '')}", encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace(without, ""), encoding="utf-8")
    return load(file)


def checked(config: Endstation) -> None:
    check(config.file, json=True)


@pytest.mark.parametrize(
    ("keys", "was", "says"),
    [
        ('mask = "turned.h5"', "", r"mask .*turned\.h5: 981 × 1043 pixels, frames of 1043 × 981 pixels"),
        ('mask = "other.h5"', "", r"mask .*other\.h5: .*'mask' doesn.t exist"),
        ('dark = "good.h5"', "", r"dark .*good\.h5: .*'dark' doesn.t exist"),
        ("radial_range = [200.0, 300.0]", RANGE, r"no valid pixel in radial_range = \(200\.0, 300\.0\)"),
        ('regions = [{ name = "far", radial_range = [200.0, 300.0] }]', "", r"region far holds no valid pixel"),
        ("azimuth_range = [-10.0, 190.0]", "", r"azimuth_range = \[-10, 190\]: across 0° and 180°"),
    ],
)
def test_a_recipe_that_would_integrate_no_frame_is_refused(configs: Path, keys: str, was: str, says: str) -> None:
    config = configured(configs, keys, was)
    with pytest.raises(ConfigurationError, match=rf"(?s){says}") as refused:
        checked(config)
    assert "standard.toml" in str(refused.value)


def test_a_recipe_that_fits_is_not(configs: Path) -> None:
    keys = 'mask = "good.h5"\nmonitor_reference = 1e6\nazimuth_range = [170.0, 190.0]'
    checked(configured(configs, keys))


def test_nothing_is_scaled_by_a_monitor_that_is_not_there(configs: Path) -> None:
    config = configured(configs, "monitor_reference = 1e6", without=MONITOR)
    recipe = Recipe(100, "q_nm^-1", monitor_reference=1e6)
    with pytest.raises(
        ConfigurationError, match=r"monitor_reference = 1e\+06 .* \[detector\] has no monitor_attribute"
    ):
        surroundings(config, recipe)  # as a run asks
    with pytest.raises(ConfigurationError, match="no monitor_attribute"):
        checked(config)


def test_a_detector_of_any_shape_is_not_judged(configs: Path) -> None:
    poni = configs / "poni/simulated.poni"
    poni.write_text(poni.read_text(encoding="utf-8").replace('"max_shape": [1043, 981], ', ""), encoding="utf-8")
    checked(configured(configs, 'mask = "turned.h5"'))

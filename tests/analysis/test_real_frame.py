"""The Dioptas CeO2 frame: its PONI is for a frame flipped upside down, its reference counts the gaps as data."""

import os
from dataclasses import replace
from pathlib import Path

import fabio
import numpy as np
import pytest
from analysis.powder_rings import CONFIGS

from operando.analysis import Integrator
from operando.config.diffraction import load_recipe
from operando.vocabulary import Recipe

pytestmark = pytest.mark.realdata

REALDATA = Path(os.environ.get("OPERANDO_REALDATA") or Path(__file__).parents[3] / "shared/realdata")
RECIPE = load_recipe(CONFIGS / "recipes/dioptas_ceo2.toml")


@pytest.fixture(scope="module")
def folder() -> Path:
    found = REALDATA / "dioptas_CeO2"
    if not found.is_dir():
        pytest.skip(f"no real frames at {found}; OPERANDO_REALDATA names their folder")
    return found


def compare(folder: Path, recipe: Recipe) -> tuple[float, float]:
    """Return the median relative deviation from the reference and the correlation with it."""
    with fabio.open(folder / "CeO2_Pilatus1M.tif") as image:
        frame = np.asarray(image.data)
    reference = np.loadtxt(folder / "CeO2_Pilatus1M.xy")
    poni = (folder / "CeO2_Pilatus1M.poni").read_text(encoding="utf-8")
    pattern = Integrator(poni, recipe, frame.shape).integrate(frame)
    assert pattern.radial == pytest.approx(reference[:, 0], abs=1e-5)
    deviation = np.median(np.abs(pattern.intensity - reference[:, 1]) / np.abs(reference[:, 1]))
    return float(deviation), float(np.corrcoef(pattern.intensity, reference[:, 1])[0, 1])


def test_the_reference_pattern_is_met(folder: Path) -> None:
    deviation, correlation = compare(folder, RECIPE)
    assert deviation < 0.002
    assert correlation > 0.999


def test_masked_gaps_make_the_difference_they_should(folder: Path) -> None:
    deviation, _ = compare(folder, replace(RECIPE, mask_negative=True))
    assert deviation == pytest.approx(0.066, abs=0.005)


def test_the_frame_the_wrong_way_up_is_found_out(folder: Path) -> None:
    _, correlation = compare(folder, replace(RECIPE, orientation=3))
    assert correlation == pytest.approx(0.12, abs=0.02)

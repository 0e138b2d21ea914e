"""A run leaves out, and counts, what the detector's pixels cannot hold, also where its recipe says nothing of it."""

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from operando.analysis.integration import Integrator, Pattern
from operando.config import load
from operando.config.beam import Detector
from operando.engine.metadata import metadata
from operando.vocabulary import DETECTOR_PIXELS, Recipe, as_counted

SIMULATED = Path(str(files("operando.configs"))) / "simulated.toml"
SHAPE = (60, 50)
PONI = """
PixelSize1: 0.001
PixelSize2: 0.001
Distance: 0.1
Poni1: 0.0
Poni2: 0.0
Wavelength: 2e-11
"""
SPOILT = 7


def integrated(family: str, value: int, dtype: type) -> Pattern:
    """Integrate a frame of tens of which some pixels read a value, as a run with this family would."""
    config = load(SIMULATED)
    config = config.model_copy(update={"detector": config.detector.model_copy(update={"family": family})})
    said = metadata(config)["operando"]
    frame = np.full(SHAPE, 10, dtype)
    frame[30, 20 : 20 + SPOILT] = value
    recipe = replace(Recipe.from_document(said["recipe"]), npt=20, radial_range=None)
    return Integrator(PONI, recipe, SHAPE).integrate(frame)


@pytest.mark.parametrize(
    ("family", "value", "dtype", "saturated"),
    [
        pytest.param("pilatus", 2**20 - 1, np.int32, SPOILT, id="a counter of 20 bits at its end"),
        pytest.param("pilatus", -2, np.int32, 0, id="a mark is no count"),
        pytest.param("perkin_elmer", 65_535, np.uint16, SPOILT, id="16 bits without marks"),
        pytest.param("eiger", 2**32 - 1, np.uint32, 0, id="an Eiger marks gaps and saturated pixels alike"),
    ],
)
def test_what_is_no_count_is_left_out(family: str, value: int, dtype: type, saturated: int) -> None:
    pattern, whole = integrated(family, value, dtype), integrated(family, 10, dtype)
    assert (pattern.saturated, whole.valid - pattern.valid) == (saturated, SPOILT)
    np.testing.assert_allclose(pattern.intensity, whole.intensity, rtol=1e-3)


def test_the_highest_counts_below_the_end_are_counts() -> None:
    assert integrated("perkin_elmer", 65_534, np.uint16).valid == integrated("perkin_elmer", 10, np.uint16).valid


def test_a_recipe_s_own_saturation_stands() -> None:
    own = Recipe(100, "q_nm^-1", saturation=400.0)
    assert [as_counted(own, family).saturation for family in DETECTOR_PIXELS] == [400.0] * 4
    assert as_counted(own, None) is own


def test_every_family_has_its_pixels() -> None:
    assert set(DETECTOR_PIXELS) == set(get_args(Detector.model_fields["family"].annotation))

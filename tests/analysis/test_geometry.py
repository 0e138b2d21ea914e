import numpy as np
import pytest

from operando.analysis import Integrator
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

SHAPE = (150, 130)
LENGTHS = "Distance: 0.1\nPoni1: 0.004\nPoni2: 0.007\nRot1: 0.02\nRot2: -0.01\nRot3: 0\nWavelength: 1e-10\n"
OLD = "PixelSize1: 1e-4\nPixelSize2: 1e-4\n" + LENGTHS
NEW = 'poni_version: 2.1\nDetector: Detector\nDetector_config: {{"pixel1": 1e-4, "pixel2": 1e-4, {}}}\n' + LENGTHS
RECIPE = Recipe(npt=60, unit="q_nm^-1", orientation=3)


def lopsided() -> np.ndarray:
    return np.random.default_rng(1).poisson(np.linspace(1, 100, SHAPE[0])[:, None] * np.ones(SHAPE)).astype(np.int32)


def pattern(poni: str, orientation: int, frame: np.ndarray) -> np.ndarray:
    recipe = Recipe(npt=60, unit="q_nm^-1", orientation=orientation)
    return Integrator(poni, recipe, SHAPE).integrate(frame).intensity


def test_a_poni_without_orientation_takes_that_of_the_recipe() -> None:
    upright, flipped = pattern(OLD, 3, lopsided()), pattern(OLD, 2, lopsided()[::-1])
    assert flipped == pytest.approx(upright, rel=1e-5)
    assert pattern(OLD, 2, lopsided()) != pytest.approx(upright, rel=0.05)


def test_old_and_new_ponis_say_the_same() -> None:
    new = NEW.format('"max_shape": [150, 130], "orientation": 2')
    np.testing.assert_array_equal(pattern(new, 2, lopsided()), pattern(OLD, 2, lopsided()))


def test_an_unspecified_orientation_is_none_named() -> None:
    new = NEW.format('"max_shape": null, "orientation": 0')
    np.testing.assert_array_equal(pattern(new, 2, lopsided()), pattern(OLD, 2, lopsided()))


def test_the_last_entry_of_a_key_holds() -> None:
    np.testing.assert_array_equal(
        pattern("# Distance: 9\nDistance: 5\n" + OLD, 3, lopsided()), pattern(OLD, 3, lopsided())
    )


def test_a_detector_known_by_name_brings_its_gaps() -> None:
    named = "poni_version: 2\nDetector: Pilatus1M\nDetector_config: {}\n" + LENGTHS
    frame = np.full((1043, 981), 9, np.int32)
    frame[200] = 10**6  # between two modules of a Pilatus 1M
    recipe = Recipe(npt=60, unit="q_nm^-1", solid_angle=False)
    assert Integrator(named, recipe, (1043, 981)).integrate(frame).intensity == pytest.approx(
        np.full(60, 9.0), rel=1e-6
    )


@pytest.mark.parametrize(
    ("poni", "words"),
    [
        (NEW.format('"orientation": 2'), ("orientation 2", "orientation = 3")),
        (NEW.format('"max_shape": [1043, 981]'), ("1043 × 981 pixels", "150 × 130 pixels")),
        (LENGTHS, ("no pixel size",)),
        (OLD.replace("Distance: 0.1", "Distance: -0.1"), ("Distance: -0.1 m",)),
        (OLD.replace("Wavelength: 1e-10", "Wavelength: None"), ("wavelength", "'None'")),
        (OLD.replace("Poni1", "Pony"), ("poni1", "None")),
        ("", ("distance",)),
        ("poni_version: 2\nDetector: Telescope\nDetector_config: {}\n" + LENGTHS, ("Telescope",)),
        (NEW.format("oops"), ("Detector_config", "not JSON")),
        ("Detector_config: [1]\n" + LENGTHS, ("Detector_config = [1]",)),
        ("Parallax: True\n" + OLD, ("Parallax",)),
    ],
)
def test_a_geometry_that_cannot_be_is_named(poni: str, words: tuple[str, ...]) -> None:
    with pytest.raises(AnalysisError) as refusal:
        Integrator(poni, RECIPE, SHAPE)
    assert all(word in str(refusal.value) for word in words), str(refusal.value)


def test_an_unknown_split_is_named() -> None:
    with pytest.raises(AnalysisError, match="split = 'pseudo'; allowed: no, bbox, full"):
        Integrator(OLD, Recipe(npt=60, unit="q_nm^-1", split="pseudo"), SHAPE)

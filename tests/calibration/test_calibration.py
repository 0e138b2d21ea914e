"""A geometry is found from rings whose truth pyFAI had no part in, and a frame that does not fit is refused."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from calibration.shown_calibrant import frame_of, poni_of, shown
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.calibration import Calibration, calibrate
from operando.analysis.control_points import Picture
from operando.analysis.detector_position import DetectorPosition, displacement, position_of
from operando.analysis.geometry import read_geometry
from operando.analysis.poni_text import poni_text
from operando.errors import AnalysisError
from operando.sim.setup import Setup

FULL = bool(os.environ.get("OPERANDO_FULL"))
FRAMES = 20 if FULL else 2
"""Over which the uncertainty is judged."""
full = pytest.mark.skipif(not FULL, reason="a quarter of a minute together: OPERANDO_FULL=1")
TRUTH: dict[str, Any] = {"distance": 0.4987, "poni1": 0.0903, "poni2": 0.0838, "rot1": 0.0055, "rot2": -0.0021}


def start(setup: Setup, **changes: float) -> AzimuthalIntegrator:
    """Return the geometry that is believed before: that of the file."""
    return read_geometry(poni_of(setup, **changes), 3, setup.shape)


def calibrated(setup: Setup, seconds: float = 5.0, calibrant: str | None = None, **believed: float) -> Calibration:
    frame = frame_of(setup, seconds)
    picture = Picture(frame, frame < 0, calibrant or setup.sample)
    return calibrate(picture, start(setup, **{"poni1": 0.0897, "poni2": 0.0844, "distance": 0.5, **believed}))


def deviations(found: Calibration, truth: DetectorPosition) -> dict[str, float]:
    """Return how many standard deviations each number is off."""
    names = ("distance", "centre_row", "centre_column", "rot1", "rot2")
    return {
        name: (getattr(found.found, name) - getattr(truth, name)) / getattr(found.uncertainty, name) for name in names
    }


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Calibration:
    """CeO2, from a position that is 6 mm and 0.3 degrees wrong."""
    return calibrated(shown(tmp_path_factory.mktemp("beamline"), **TRUTH), rot1=0.0, rot2=0.0)


@pytest.mark.parametrize("calibrant", ["CeO2", "LaB6", "Si"] if FULL else ["CeO2"])
def test_the_true_position_is_found_from_a_wrong_one(tmp_path: Path, usual: Calibration, calibrant: str) -> None:
    setup = shown(tmp_path, calibrant, **TRUTH)
    truth = position_of(start(setup))
    found = usual if calibrant == "CeO2" else calibrated(setup, rot1=0.0, rot2=0.0)
    off = displacement(truth, found.found)
    assert displacement(truth, found.start).centre > 5.0
    assert (off.centre, off.distance, off.tilt) == (
        pytest.approx(0.0, abs=0.02),
        pytest.approx(0.0, abs=60e-6),
        pytest.approx(0.0, abs=5e-4),
    )
    assert found.spread < 0.2
    assert len(found.rings) > 8


def test_a_fainter_frame_is_known_worse_and_says_so(tmp_path: Path, usual: Calibration) -> None:
    faint = calibrated(shown(tmp_path, **TRUTH), 0.2)
    assert faint.uncertainty.centre_row > 1.5 * usual.uncertainty.centre_row
    assert faint.spread > usual.spread


def test_the_uncertainty_is_what_repeated_frames_scatter_by(tmp_path: Path) -> None:
    setups = [shown(tmp_path, seed=seed, **TRUTH) for seed in range(FRAMES)]
    truth = position_of(start(setups[0]))
    pulls = [deviations(calibrated(setup, 0.5, poni1=0.0903, poni2=0.0838), truth) for setup in setups]
    squares = np.array([list(each.values()) for each in pulls]) ** 2
    low, high = (0.5, 2.0) if FULL else (0.15, 4.0)
    assert low < squares.mean() < high


def test_each_ring_is_reported_where_it_belongs(usual: Calibration) -> None:
    first, found = usual.rings[0], usual
    assert (first.hkl, first.spacing) == ("1 1 1", pytest.approx(3.124418))
    assert [ring.two_theta for ring in found.rings] == sorted(ring.two_theta for ring in found.rings)
    strong = [ring for ring in found.rings if ring.points > 100]
    assert all(abs(ring.offset) < 0.05 and abs(ring.spacing_error) < 3e-4 for ring in strong)


def test_the_same_frame_gives_the_same_geometry(tmp_path: Path, usual: Calibration) -> None:
    assert calibrated(shown(tmp_path, **TRUTH), rot1=0.0, rot2=0.0).found == usual.found


@full
def test_grains_and_hot_pixels_on_a_ring_do_not_move_it(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)
    random = np.random.default_rng(3)
    bad = random.choice(frame.size, 300, replace=False)
    frame.flat[bad[frame.flat[bad] >= 0]] = 100_000
    found = calibrate(Picture(frame, frame < 0, "CeO2"), start(setup, poni1=0.0897, poni2=0.0844))
    off = displacement(position_of(start(setup)), found.found)
    assert off.centre < 0.1
    assert abs(off.distance) < 1e-4


def test_what_is_fixed_stays(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)
    found = calibrate(
        Picture(frame, frame < 0, "CeO2"), start(setup, poni1=0.0897), frozenset({"wavelength", "rot1", "rot2"})
    )
    assert found.free == ("distance", "poni1", "poni2")
    assert (found.found.rot1, found.found.rot2) == (setup.rot1, setup.rot2)
    assert found.uncertainty.rot1 == 0.0


@pytest.mark.parametrize(
    ("sample", "calibrant", "believed", "words"),
    [
        pytest.param("CeO2", "LaB6", {}, "LaB6", id="another calibrant"),
        pytest.param("CeO2", "CeO2", {"poni1": 0.12, "poni2": 0.05}, "CeO2", id="a start far away"),
        pytest.param("cell", "CeO2", {}, "CeO2", id="no calibrant in the beam", marks=full),
        pytest.param("CeO2", "Kryptonite", {}, "unknown; the usual ones are CeO2, LaB6, Si", id="no such calibrant"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, sample: str, calibrant: str, believed: dict[str, float], words: str
) -> None:
    with pytest.raises(AnalysisError, match=words):
        calibrated(shown(tmp_path, sample, **TRUTH), 5.0, calibrant, **believed)


def test_a_calibrant_of_the_same_structure_fits_and_is_doubted(tmp_path: Path, usual: Calibration) -> None:
    wrong = calibrated(shown(tmp_path, "CeO2", **TRUTH), 5.0, "Si", poni1=0.0903, poni2=0.0838, distance=0.4987)
    (doubt,) = wrong.doubts
    said = re.match(r"distance moved by ([+-]\d+) ppm from the start, usual are 1000: is it Si\?", doubt)
    assert said is not None
    assert abs(int(said[1])) == pytest.approx(1e6 * (5.43112 / 5.41153 - 1), rel=0.05)
    assert [word for word in usual.doubts if "not settled" in word] == []
    assert ["is it CeO2" in word for word in usual.doubts] == [True]  # it began 2600 ppm away


def test_a_fit_that_still_moves_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operando.analysis.calibration.RINGS", (3, None))
    (doubt,) = calibrated(shown(tmp_path, **TRUTH), distance=0.4987).doubts
    assert doubt.startswith("not settled after 2 rounds: the last one still moved the beam centre by")


def test_a_dark_frame_is_no_calibrant(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    with pytest.raises(AnalysisError, match=r"no point|points on|no ring|stand"):
        calibrated(setup, 0.0)


def test_a_parallax_correction_is_fitted_with_and_kept(tmp_path: Path, usual: Calibration) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)  # of an infinitely thin sensor
    sensor = '"orientation": 3, "sensor": {"material": "Si", "thickness": 0.00045}'
    poni = poni_of(setup).replace('"orientation": 3', sensor) + "Parallax: True\n"
    found = calibrate(Picture(frame, frame < 0, "CeO2"), read_geometry(poni, 3, setup.shape))
    text = poni_text(found.geometry, [])
    assert read_geometry(text, 3, setup.shape).parallax is not None
    nearer = usual.found.distance - found.found.distance
    assert nearer == pytest.approx(0.45e-3 / 2, rel=0.1)  # photons of 60 keV stop anywhere in it


def test_a_free_wavelength_is_found_with_what_is_known_of_it(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)
    poni = poni_of(setup).replace(repr(setup.wavelength), repr(1.0005 * setup.wavelength))
    found = calibrate(Picture(frame, frame < 0, "CeO2"), read_geometry(poni, 3, setup.shape), frozenset())
    assert found.free[-1] == "wavelength"
    known = found.uncertainty.wavelength
    assert found.found.wavelength == pytest.approx(setup.wavelength, abs=4 * known)
    assert 1e-5 < known / setup.wavelength < 3e-3


@full
def test_the_wavelength_alone_is_found_where_the_detector_is_known(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)
    poni = poni_of(setup).replace(repr(setup.wavelength), repr(1.002 * setup.wavelength))
    known = frozenset({"distance", "poni1", "poni2", "rot1", "rot2"})
    found = calibrate(Picture(frame, frame < 0, "CeO2"), read_geometry(poni, 3, setup.shape), known)
    assert found.found.wavelength == pytest.approx(setup.wavelength, rel=1e-4)


@full
def test_a_wavelength_that_no_monochromator_has_is_refused(tmp_path: Path) -> None:
    setup = shown(tmp_path, **TRUTH)
    frame = frame_of(setup)
    poni = poni_of(setup).replace(repr(setup.wavelength), repr(1.07 * setup.wavelength))
    far = poni.replace(repr(setup.distance), repr(setup.distance / 1.07))
    with pytest.raises(AnalysisError, match=r"wavelength: 0\.2"):
        calibrate(Picture(frame, frame < 0, "CeO2"), read_geometry(far, 3, setup.shape), frozenset())

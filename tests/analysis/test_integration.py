import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import fabio
import numpy as np
import pytest
from analysis.powder_rings import CONFIGS, SHAPE, gain
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis import Integrator
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

SMALL = (150, 130)
PONI = """
PixelSize1: 0.0001
PixelSize2: 0.0001
Distance: 0.1
Poni1: 0.006
Poni2: 0.007
Rot1: 0.02
Rot2: -0.01
Rot3: 0.0
Wavelength: 1e-10
"""
PLAIN = Recipe(npt=80, unit="q_nm^-1", solid_angle=False)


@pytest.fixture(scope="module")
def plain() -> Integrator:
    return Integrator(PONI, PLAIN, SMALL)


def photons(mean: float, seed: int = 0) -> NDArray[np.int32]:
    return np.random.default_rng(seed).poisson(mean, SMALL).astype(np.int32)


def test_a_flat_frame_is_a_flat_pattern(plain: Integrator) -> None:
    pattern = plain.integrate(np.full(SMALL, 7))
    assert pattern.intensity == pytest.approx(np.full(80, 7.0), rel=1e-6)


def test_solid_angle_and_polarisation_are_taken_out() -> None:
    recipe = Recipe(npt=500, unit="q_nm^-1", polarization_factor=0.99)
    integrator = Integrator((CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8"), recipe, SHAPE)
    pattern = integrator.integrate(1000 * gain())
    assert pattern.intensity == pytest.approx(np.full(500, 1000.0), rel=1e-4)


@settings(max_examples=20, deadline=None)
@given(factor=st.integers(2, 1000), seed=st.integers(0, 99))
def test_more_light_scales_intensity_and_its_root_sigma(plain: Integrator, factor: int, seed: int) -> None:
    frame = photons(3.0, seed)
    one, more = plain.integrate(frame), plain.integrate(factor * frame)
    counted = one.intensity > 0
    assert one.sigma is not None
    assert more.sigma is not None
    assert more.intensity == pytest.approx(factor * one.intensity, rel=1e-6)
    assert more.sigma[counted] == pytest.approx(np.sqrt(factor) * one.sigma[counted], rel=1e-6)


@pytest.mark.parametrize("mean", [0.05, 2.0, 400.0])
def test_sigma_is_the_scatter_of_repeated_exposures(plain: Integrator, mean: float) -> None:
    patterns = [plain.integrate(photons(mean, seed)) for seed in range(60)]
    scatter = np.std([pattern.intensity for pattern in patterns], axis=0)
    claimed = np.sqrt(np.mean([np.square(pattern.sigma) for pattern in patterns], axis=0))
    middle = slice(5, 60)  # well-filled bins
    assert np.median(scatter[middle] / claimed[middle]) == pytest.approx(1.0, abs=0.1)


def test_gaps_and_dead_pixels_do_not_count(plain: Integrator) -> None:
    frame = np.full(SMALL, 7, np.int32)
    frame[90:110], frame[:, 100] = -1, -2
    assert plain.integrate(frame).intensity == pytest.approx(np.full(80, 7.0), rel=1e-6)
    unsigned = plain.integrate(frame.astype(np.uint32))
    assert unsigned.intensity == pytest.approx(np.full(80, 7.0), rel=1e-6)


def test_gaps_count_when_the_recipe_says_so() -> None:
    frame = np.full(SMALL, 7, np.int32)
    frame[90:110] = -1
    careless = Integrator(PONI, replace(PLAIN, mask_negative=False), SMALL)
    assert careless.integrate(frame).intensity.min() < 6.0


def test_a_gap_that_moves_does_not_rebuild_the_matrix(plain: Integrator, monkeypatch: pytest.MonkeyPatch) -> None:
    def rebuild(*_: object, **__: object) -> None:
        pytest.fail("the sparse matrix was built anew")

    monkeypatch.setattr(AzimuthalIntegrator, "setup_sparse_integrator", rebuild)
    for row in (10, 80):
        frame = photons(5.0)
        frame[row : row + 20] = -1
        plain.integrate(frame)


def test_a_mask_file_leaves_pixels_out(tmp_path: Path) -> None:
    mask = np.zeros(SMALL, np.int8)
    mask[:, :65] = 1
    path = tmp_path / "mask.edf"
    fabio.edfimage.EdfImage(data=mask).write(path)
    frame = np.full(SMALL, 7)
    frame[:, :65] = 5000
    masked = Integrator(PONI, replace(PLAIN, mask=path), SMALL)
    pattern = masked.integrate(frame)
    assert pattern.intensity[pattern.intensity > 0] == pytest.approx(7.0, rel=1e-6)
    with pytest.raises(AnalysisError, match=r"mask\.edf: 150 × 130 pixels, frames of 20 × 30 pixels"):
        Integrator(PONI, replace(PLAIN, mask=path), (20, 30))
    with pytest.raises(AnalysisError, match=r"none\.edf"):
        Integrator(PONI, replace(PLAIN, mask=tmp_path / "none.edf"), SMALL)


def test_an_empty_bin_says_so_and_nothing_is_nan() -> None:
    beyond = Integrator(PONI, replace(PLAIN, radial_range=(0.0, 20.0)), SMALL)
    frame = np.zeros(SMALL, np.int32)
    pattern = beyond.integrate(frame)
    assert pattern.sigma is not None
    assert not pattern.intensity.any()
    assert np.isfinite(pattern.sigma).all()
    reached = pattern.radial < 5.0
    assert (pattern.sigma[reached] > 0).all()
    assert not pattern.sigma[pattern.radial > 10.0].any()


def test_without_an_error_model_there_is_no_sigma() -> None:
    assert Integrator(PONI, replace(PLAIN, error_model=None), SMALL).integrate(photons(4.0)).sigma is None


@pytest.mark.parametrize("split", ["no", "bbox", "full"])
def test_every_split_keeps_the_mean(split: str) -> None:
    pattern = Integrator(PONI, replace(PLAIN, split=split), SMALL).integrate(photons(100.0))
    assert pattern.intensity[5:60].mean() == pytest.approx(100.0, rel=0.01)


def test_the_axis_and_wavelength_are_those_of_the_geometry(plain: Integrator) -> None:
    assert plain.wavelength == pytest.approx(1.0)
    assert plain.radial.dtype == np.float64
    assert plain.radial.shape == (80,)
    assert (np.diff(plain.radial) > 0).all()
    degrees = Integrator(PONI, replace(PLAIN, unit="2th_deg", radial_range=(0.0, 4.0)), SMALL)
    assert degrees.radial[[0, -1]] == pytest.approx([0.025, 3.975], abs=1e-6)


def test_the_frame_is_left_as_it_was(plain: Integrator) -> None:
    frame = photons(2.0).astype(np.float32)
    frame[3, 3] = -1
    before = frame.copy()
    plain.integrate(frame)
    np.testing.assert_array_equal(frame, before)


def test_a_frame_of_another_shape_is_refused(plain: Integrator) -> None:
    with pytest.raises(AnalysisError, match=r"frame of 130 × 150 pixels.*for 150 × 130 pixels"):
        plain.integrate(np.zeros((130, 150)))


def digest(frame: NDArray[np.int32]) -> str:
    integrator = Integrator((CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8"), PLAIN, SHAPE)
    pattern = integrator.integrate(frame)
    return hashlib.sha256(pattern.intensity.tobytes() + np.asarray(pattern.sigma).tobytes()).hexdigest()


def test_another_process_finds_the_same_bits(tmp_path: Path) -> None:
    frame = np.random.default_rng(5).poisson(3.0, SHAPE).astype(np.int32)
    np.save(tmp_path / "frame.npy", frame)
    code = "import sys, numpy; from analysis.test_integration import digest; print(digest(numpy.load(sys.argv[1])))"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", code, str(tmp_path / "frame.npy")]
    other = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=120)
    assert other.stdout.strip() == digest(frame)

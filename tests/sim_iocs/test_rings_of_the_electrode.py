"""Simulated frames, judged by pyFAI, which knows nothing of the simulation."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pyFAI.crystallography.cell import Cell
from pyFAI.detectors import Detector
from pyFAI.integrator.azimuthal import AzimuthalIntegrator
from scipy.optimize import curve_fit

from operando.sim.iocs.diffraction import Diffraction, gaps
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.geometry import geometry
from operando.sim.setup import Setup
from sim_iocs.running_service import make_setup, true_state

FULL = {"shape": (1043, 981), "poni1": 0.0897, "poni2": 0.0844}
LONG = Exposure(1, 0, 10**9, light=10.0)


def integrator(setup: Setup) -> AzimuthalIntegrator:
    detector = Detector(setup.pixel, setup.pixel, max_shape=setup.shape, orientation=3)
    names = ("poni1", "poni2", "rot1", "rot2", "rot3", "wavelength")
    return AzimuthalIntegrator(dist=setup.distance, detector=detector, **{name: getattr(setup, name) for name in names})


def peak(
    x: NDArray[np.float64], height: float, centre: float, width: float, share: float, base: float, slope: float
) -> NDArray[np.float64]:
    """A pseudo-Voigt on a slope."""
    square = ((x - centre) / width) ** 2
    shape = share / (1.0 + square) + (1.0 - share) * np.exp(-np.log(2.0) * square)
    return np.asarray(height * shape + base + slope * (x - centre))


def two_theta(setup: Setup, spacing: float) -> float:
    """Bragg's law; rad from m and Å."""
    return float(2 * np.arcsin(setup.wavelength * 1e10 / 2 / spacing))


def fitted(setup: Setup, frame: NDArray[np.int32], expected: float) -> float:
    """Position of the ring near ``expected``, both rad, in the pattern that pyFAI makes of the frame."""
    pattern = integrator(setup).integrate1d(
        frame, 6000, unit="2th_rad", mask=frame < 0, polarization_factor=0.99, method=("bbox", "csr", "cython")
    )
    pixel = setup.pixel / setup.distance
    near = np.abs(pattern.radial - expected) < 5 * pixel
    x, y = pattern.radial[near], pattern.intensity[near]
    start = (np.ptp(y), x[y.argmax()], pixel, 0.3, y.min(), 0.0)
    return float(curve_fit(peak, x, y, start)[0][1])


@pytest.fixture(scope="module")
def setup() -> Setup:
    return make_setup(Path("/nowhere"), **FULL)


@pytest.fixture(scope="module")
def rendered(setup: Setup) -> Diffraction:
    return Diffraction(setup)


@pytest.mark.parametrize(
    ("a", "c", "alone"),
    [(2.8704, 14.1918, (1, 0, 1)), (2.8309, 14.4338, (1, 1, 0)), (2.8151, 14.4363, (1, 1, 0))],
)
def test_rings_lie_where_bragg_says(
    setup: Setup, rendered: Diffraction, a: float, c: float, alone: tuple[int, int, int]
) -> None:
    frame = rendered.frame(LONG, [true_state(0, a=a, c=c)])
    cell = Cell(a, a, c, 90, 90, 120, "hexagonal", "R")
    for spacing in (cell.d((0, 0, 3)), cell.d(alone), Cell(9.85, 9.85, 9.85).d((2, 2, 0))):
        expected = two_theta(setup, spacing)
        assert fitted(setup, frame, expected) == pytest.approx(expected, abs=0.1 * setup.pixel / setup.distance)


def test_a_moving_lattice_is_averaged_over_the_exposure(setup: Setup, rendered: Diffraction) -> None:
    states = [true_state(i, c=14.2 + 0.001 * i) for i in range(51)]
    position = fitted(setup, rendered.frame(LONG, states), two_theta(setup, 14.225 / 3))
    assert position == pytest.approx(two_theta(setup, 14.225 / 3), abs=0.1 * setup.pixel / setup.distance)


def test_every_pixel_looks_where_pyfai_says(setup: Setup) -> None:
    tilted = dataclasses.replace(setup, rot1=0.3, rot2=-0.2, rot3=0.4)
    ours, theirs = geometry(tilted), integrator(tilted)
    np.testing.assert_allclose(ours.two_theta, theirs.center_array(unit="2th_rad"), atol=1e-6)
    difference = ours.azimuth - theirs.center_array(unit="chi_rad")
    np.testing.assert_allclose(np.angle(np.exp(1j * difference)), 0.0, atol=1e-6)
    np.testing.assert_allclose(ours.solid_angle, theirs.solidAngleArray(), atol=1e-6)
    np.testing.assert_allclose(ours.polarisation(0.99), theirs.polarization(factor=0.99), atol=1e-6)


def test_counts_scatter_as_photons_do(rendered: Diffraction) -> None:
    states = [true_state(0)]
    first, second = (rendered.frame(LONG, states).astype(float) for _ in range(2))
    live = first >= 0
    scatter = np.var(first[live] - second[live]) / 2
    assert scatter == pytest.approx(first[live].mean(), rel=0.02)


def test_the_same_seed_gives_the_same_frames(setup: Setup) -> None:
    small = dataclasses.replace(setup, shape=(100, 80))
    states = [true_state(0)]
    first, second = (Diffraction(small).frame(LONG, states) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_gaps_between_modules_are_marked(rendered: Diffraction) -> None:
    frame = rendered.frame(LONG, [true_state(0)])
    assert (frame[gaps((1043, 981))] == -1).all()
    assert (frame[~gaps((1043, 981))] >= 0).all()
    assert gaps((1043, 981)).sum() == 1043 * 981 - 10 * 195 * 487


def test_peaks_count_a_thousand_photons_in_a_second(rendered: Diffraction) -> None:
    frame = rendered.frame(Exposure(1, 0, 10**9, light=1.0), [true_state(0)])
    assert 1000 < frame.max() < 3000
    assert rendered.frame(Exposure(1, 0, 10**9, light=0.0), [true_state(0)]).max() == 0

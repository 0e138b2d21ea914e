"""The Dioptas CeO2 frame: its PONI is for a frame flipped upside down, its reference counts the gaps as data."""

import logging
import os
from dataclasses import replace
from pathlib import Path

import fabio
import numpy as np
import pytest
from analysis.powder_rings import CONFIGS
from scipy.optimize import curve_fit

from operando.analysis import Integrator, Pattern
from operando.analysis.profile import pseudo_voigt
from operando.config.diffraction import load_recipe
from operando.vocabulary import Recipe

LOGGER = logging.getLogger(__name__)
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


CERIA = 5.411651
"""Å, CeO2 of NIST's SRM 674b at 22.5 °C."""
SUMS = [3, 4, 8, 11, 12, 16, 19, 20, 24, 27, 32, 35, 36, 40, 43, 44, 48]
"""h² + k² + l² of every ring that is on the detector as a whole line."""
WIDELY_SEEN = SUMS[:12]
"""Rings with a third of their circle on the detector, or more; the next has 31 %, the last 3 %, in corners."""


def lattice_of_ring(pattern: Pattern, square: int) -> tuple[float, float]:
    """Return a and its standard deviation (Å) from one ring, a pseudo-Voigt on a straight background."""
    expected = [20 * np.pi * np.sqrt(each) / CERIA for each in SUMS]
    middle = 20 * np.pi * np.sqrt(square) / CERIA
    half = min(0.6, 0.5 * min(abs(middle - each) for each in expected if each != middle))
    near = np.abs(pattern.radial - middle) < half
    assert pattern.sigma is not None
    q, intensity, sigma = pattern.radial[near], pattern.intensity[near], pattern.sigma[near]

    def line(q: np.ndarray, *of: float) -> np.ndarray:
        return of[1] * pseudo_voigt(q - of[0], of[2], of[3]) + of[4] + of[5] * (q - middle)

    start = (middle, 0.15 * np.ptp(intensity), 0.12, 0.5, intensity.min(), 0.0)
    lowest = [middle - half, 0, 0.02, 0, -np.inf, -np.inf]
    highest = [middle + half, np.inf, 0.5, 1, np.inf, np.inf]
    found, covariance = curve_fit(line, q, intensity, start, sigma, bounds=(lowest, highest))
    a = 20 * np.pi * np.sqrt(square) / found[0]
    return float(a), float(a * np.sqrt(covariance[0, 0]) / found[0])


def in_q(folder: Path) -> Pattern:
    """Integrate the frame with the PONI as given, whose distance and tilt nobody has refined on this frame."""
    with fabio.open(folder / "CeO2_Pilatus1M.tif") as image:
        frame = np.asarray(image.data)
    recipe = replace(RECIPE, npt=1500, unit="q_nm^-1", mask_negative=True, error_model="poisson")
    poni = (folder / "CeO2_Pilatus1M.poni").read_text(encoding="utf-8")
    return Integrator(poni, recipe, frame.shape).integrate(frame)


def test_the_lattice_of_ceria_ring_by_ring(folder: Path) -> None:
    pattern = in_q(folder)
    deviations = {}
    for square in SUMS:
        a, error = lattice_of_ring(pattern, square)
        deviations[square] = 1e6 * (a / CERIA - 1)
        LOGGER.info("h²+k²+l² = %d: a = %.5f ± %.5f Å, %+.0f ppm", square, a, error, deviations[square])
        assert abs(deviations[square]) < 400, square
        assert error < 50e-6 * a, square
    LOGGER.info("mean of %d rings: %+.0f ppm", len(SUMS), np.mean(list(deviations.values())))
    assert np.mean(list(deviations.values())) == pytest.approx(-155, abs=30)
    assert np.mean([deviations[square] for square in WIDELY_SEEN]) == pytest.approx(-155, abs=10)


def test_the_pattern_that_came_with_the_frame_says_the_same_of_its_lattice(folder: Path) -> None:
    """What is missing from the lattice is in frame and PONI, not in how they are integrated here."""
    here = in_q(folder)
    two_theta, intensity = np.loadtxt(folder / "CeO2_Pilatus1M.xy").T
    there = 40 * np.pi / 0.4066 * np.sin(np.radians(two_theta) / 2)
    even = [replace(here, sigma=np.ones_like(here.radial))]
    even.append(replace(here, radial=there, intensity=intensity, sigma=np.ones_like(there)))
    ours, theirs = (
        np.array([1e6 * (lattice_of_ring(pattern, square)[0] / CERIA - 1) for square in SUMS]) for pattern in even
    )
    assert ours == pytest.approx(theirs, abs=15)
    assert ours.mean() == pytest.approx(theirs.mean(), abs=3)

"""Steel 200 lies on 110 of NMC811: what the lattice fit makes of it with and without the mask."""

import math

import numpy as np
import pytest
from analysis.powder_rings import CONFIGS, SHAPE, Detector, lattice_at

from operando.analysis import Integrator, LatticeFit, fit_lattice
from operando.analysis.parasitic import excluded
from operando.config import load_material, load_parasitic, load_recipe

MODEL = load_material(CONFIGS / "materials/nmc811.toml")
STEEL = load_parasitic(("steel",))
CHARGE = 40.0


@pytest.fixture(scope="module")
def integrator() -> Integrator:
    poni = (CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8")
    return Integrator(poni, load_recipe(CONFIGS / "recipes/standard.toml"), SHAPE)


@pytest.fixture(scope="module")
def pattern(integrator: Integrator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return q, intensity and sigma of an electrode between steel pistons."""
    found = integrator.integrate(Detector(11).expose(*lattice_at(CHARGE), 1500.0))
    q = found.radial
    width = 0.12 * q / 40
    steel = sum(
        strength * np.exp(-0.5 * ((q - 20 * math.pi / d) / width) ** 2)
        for d, strength in ((2.0269, 3000.0), (1.4332, 900.0), (1.1702, 1500.0), (1.0134, 500.0))
    )
    noise = np.random.default_rng(5).normal(size=len(q)) * np.sqrt(steel / 300)
    assert found.sigma is not None
    return q, found.intensity + steel + noise, np.hypot(found.sigma, np.sqrt(steel / 300))


def _away(fit: LatticeFit) -> tuple[float, float]:
    a, c = lattice_at(CHARGE)
    return abs(fit.a / a - 1), abs(fit.c / c - 1)


def test_steel_pulls_the_lattice_or_spoils_the_fit(pattern: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    fit = fit_lattice(*pattern, MODEL)
    assert not fit.trusted or max(_away(fit)) > 3e-4


def test_with_its_bins_left_out_the_lattice_is_right(pattern: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    used = ~excluded(pattern[0], STEEL)
    fit = fit_lattice(*pattern, MODEL, None, used)
    assert fit.trusted, fit.reason
    away_a, away_c = _away(fit)
    assert away_a < max(1e-4, 4 * fit.a_error / fit.a)
    assert away_c < max(1e-4, 4 * fit.c_error / fit.c)
    again = fit_lattice(*pattern, MODEL, fit, used)
    assert again.trusted
    assert max(_away(again)) < 3e-4


def test_a_clean_pattern_loses_precision_and_no_more(integrator: Integrator) -> None:
    clean = integrator.integrate(Detector(12).expose(*lattice_at(CHARGE), 1500.0))
    used = ~excluded(integrator.q, STEEL)
    whole = fit_lattice(integrator.q, clean.intensity, clean.sigma, MODEL)
    masked = fit_lattice(integrator.q, clean.intensity, clean.sigma, MODEL, None, used)
    assert whole.trusted
    assert masked.trusted
    assert masked.a_error > whole.a_error
    assert abs(masked.a - whole.a) < 5 * masked.a_error

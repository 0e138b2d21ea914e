"""The lattice fit against frames whose truth is known, along the whole charge of NMC811."""

import hashlib
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest
from analysis.powder_rings import CONFIGS, SHAPE, Detector, lattice_at
from numpy.typing import NDArray

from operando.analysis import Integrator, LatticeFit, Pattern, fit_lattice, scattering_vector
from operando.config.diffraction import load_material, load_recipe
from operando.vocabulary import LatticeModel, Phase

MODEL = load_material(CONFIGS / "materials/nmc811.toml")
CHARGES = (0, 30, 65, 110, 145, 177, 205, 225, 242)  # mAh/g; c turns at 177, 110 and 113 cross lines of Li6PS5Cl at 110
Array = NDArray[np.float64]


class Exposed(NamedTuple):
    a: float
    c: float
    pattern: Pattern

    def fit(self, start: LatticeFit | None = None, model: LatticeModel = MODEL) -> LatticeFit:
        return fit_lattice(self.pattern.radial, self.pattern.intensity, self.pattern.sigma, model, start)


@pytest.fixture(scope="module")
def integrator() -> Integrator:
    poni = (CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8")
    return Integrator(poni, load_recipe(CONFIGS / "recipes/standard.toml"), SHAPE)


@pytest.fixture(scope="module")
def charge(integrator: Integrator) -> dict[int, Exposed]:
    """Patterns along the charge, 400 counts on top of 003 and 20 to 90 on the others."""
    detector = Detector(seed=1)
    lattices = {charge: lattice_at(charge) for charge in CHARGES}
    return {key: Exposed(a, c, integrator.integrate(detector.expose(a, c, 400))) for key, (a, c) in lattices.items()}


def test_a_and_c_are_found_anywhere_along_the_charge_from_nothing(charge: dict[int, Exposed]) -> None:
    for exposed in charge.values():
        found = exposed.fit()
        assert found.trusted, found.reason
        assert found.reason == ""
        assert abs(found.a - exposed.a) < 1.7e-4  # a third of what is asked for
        assert abs(found.c - exposed.c) < 2e-3


def test_the_frame_before_leads_to_the_same_lattice(charge: dict[int, Exposed]) -> None:
    last: LatticeFit | None = None
    for exposed in charge.values():
        alone, last = exposed.fit(), exposed.fit(last)
        assert last.trusted
        assert abs(last.a - alone.a) < max(2e-5, 0.5 * alone.a_error)
        assert abs(last.c - alone.c) < max(2e-4, 0.5 * alone.c_error)


def test_a_start_from_the_other_end_of_the_charge_does_no_harm(charge: dict[int, Exposed]) -> None:
    for here, there in zip(CHARGES, reversed(CHARGES), strict=True):
        found = charge[here].fit(charge[there].fit())
        assert found.trusted
        assert abs(found.a - charge[here].a) < 2.5e-4


def test_errors_mean_what_they_say(integrator: Integrator) -> None:
    detector, (a, c) = Detector(seed=2), lattice_at(205)
    fits = [Exposed(a, c, integrator.integrate(detector.expose(a, c, 8))).fit() for _ in range(8)]
    assert all(found.trusted for found in fits)
    for pull in ([(f.a - a) / f.a_error for f in fits], [(f.c - c) / f.c_error for f in fits]):
        assert 0.2 < np.sqrt(np.mean(np.square(pull))) < 2.5


def test_the_same_pattern_gives_the_same_bits(charge: dict[int, Exposed]) -> None:
    digests = {hashlib.sha256(repr(charge[65].fit()).encode()).hexdigest() for _ in range(3)}
    assert len(digests) == 1


def test_a_pattern_without_errors_can_be_fitted(charge: dict[int, Exposed]) -> None:
    exposed = charge[145]
    found = fit_lattice(exposed.pattern.radial, exposed.pattern.intensity, None, MODEL)
    assert found.trusted
    assert abs(found.a - exposed.a) < 5e-4


def test_bins_that_no_pixel_reaches_are_left_out(charge: dict[int, Exposed]) -> None:
    exposed = charge[65]
    dead = np.isin(np.arange(len(exposed.pattern.radial)), range(860, 870)) | (exposed.pattern.radial < 8)
    assert exposed.pattern.sigma is not None
    pattern = Pattern(
        exposed.pattern.radial,
        np.where(dead, 0.0, exposed.pattern.intensity),
        np.where(dead, 0.0, exposed.pattern.sigma),
    )
    found = exposed._replace(pattern=pattern).fit()
    assert found.trusted
    assert abs(found.a - exposed.a) < 5e-4


@pytest.mark.parametrize("mean", [0.02, 1.0, 50.0])
def test_noise_is_no_lattice(integrator: Integrator, mean: float) -> None:
    for seed in range(3):
        frame = np.random.default_rng(seed).poisson(mean, SHAPE).astype(np.int32)
        found = Exposed(0, 0, integrator.integrate(frame)).fit()
        assert not found.trusted
        assert found.reason


def test_a_closed_shutter_is_no_lattice(integrator: Integrator) -> None:
    found = Exposed(0, 0, integrator.integrate(np.zeros(SHAPE, np.int32))).fit()
    assert (found.trusted, found.reason) == (False, "no counts in the pattern")
    assert np.isnan(found.a)


def test_an_untrusted_start_is_no_start(charge: dict[int, Exposed]) -> None:
    nowhere = LatticeFit(np.nan, np.nan, np.nan, np.nan, np.nan, trusted=False, reason="no counts")
    assert charge[110].fit(nowhere) == charge[110].fit()


def lines(q: Array, reflections: list[tuple[int, int, int]], a: float, c: float, system: str = "hexagonal") -> Pattern:
    """Return a pattern of Gaussian lines on a level background, as counted."""
    positions = scattering_vector(system, reflections, a, c)
    expected = 100 + 250 * np.exp(-4 * np.log(2) * ((q[:, None] - positions) / 0.27) ** 2).sum(axis=1)
    sigma = np.sqrt(expected) / 3
    return Pattern(q, np.random.default_rng(0).normal(expected, sigma), sigma)


Q = np.linspace(4.0, 74.0, 1500)


@pytest.mark.parametrize(
    ("reflections", "trusted"),
    [
        ([(0, 0, 3), (1, 1, 0)], True),
        ([(0, 0, 3)], False),  # says nothing of a
        ([(1, 1, 0)], False),  # nor this of c
        ([(0, 1, 8)], False),
    ],
)
def test_lines_that_do_not_tell_both_axes_are_not_believed(
    reflections: list[tuple[int, int, int]], trusted: bool
) -> None:
    found = Exposed(2.85, 14.3, lines(Q, reflections, 2.85, 14.3)).fit()
    assert found.trusted == trusted, found


def test_another_material_in_the_beam_is_not_believed() -> None:
    found = Exposed(0, 0, lines(Q, [(1, 1, 1), (2, 2, 0), (3, 1, 1), (4, 0, 0), (3, 3, 1)], 5.43, 5.43, "cubic")).fit()
    assert not found.trusted


def test_a_lattice_out_of_reach_is_not_believed(charge: dict[int, Exposed]) -> None:
    model = replace(MODEL, phase=replace(MODEL.phase, a=2.7, c=13.4))
    assert not charge[0].fit(model=model).trusted


def test_a_pattern_that_ends_before_the_lines_says_so() -> None:
    q = np.linspace(1.0, 4.0, 200)
    found = Exposed(0, 0, Pattern(q, np.full(200, 100.0), np.full(200, 3.0))).fit()
    assert not found.trusted


def test_a_cubic_phase_has_one_lattice_parameter() -> None:
    silicon = Phase("Si", "cubic", 5.43, 5.43, ((1, 1, 1), (2, 2, 0), (3, 1, 1)))
    found = Exposed(5.45, 5.45, lines(Q, list(silicon.reflections), 5.45, 5.45, "cubic")).fit(
        model=LatticeModel(silicon)
    )
    assert found.trusted, found.reason
    assert found.a == pytest.approx(5.45, abs=1e-3)
    assert (found.c, found.c_error) == (found.a, found.a_error)

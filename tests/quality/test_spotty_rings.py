"""Powder, grains, texture and a moved pattern: each seen as what it is, in frames made without pyFAI."""

import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from analysis.powder_rings import CONFIGS, PIXEL, PONI1, PONI2, SHAPE, angles, gain, lattice_at, profile
from numpy.typing import NDArray

from operando.analysis import Integrator
from operando.analysis.quality import Evenness, change, evenness
from operando.analysis.rings import RingTables
from operando.config import load_recipe

PONI = (CONFIGS / "poni/simulated.poni").read_text(encoding="utf-8")
RECIPE = load_recipe(CONFIGS / "recipes/standard.toml")
NOTHING = 0.12
"""Spottiness of a perfect powder whose lines are two pixels wide: a pixel is not a point."""


@pytest.fixture(scope="module")
def integrator() -> Integrator:
    return Integrator(PONI, RECIPE, SHAPE)


@pytest.fixture(scope="module")
def tables(integrator: Integrator) -> RingTables:
    return RingTables.of(integrator)


@pytest.fixture(scope="module")
def powder() -> NDArray[np.float64]:
    """Return counts of a powder, 1 on top of its strongest line."""
    return gain() * profile(angles(), *lattice_at(50.0))


def _frame(expected: NDArray[np.float64], seed: int = 3) -> NDArray[np.int32]:
    frame = np.random.default_rng(seed).poisson(expected).astype(np.int32)
    frame[195:212], frame[:, 487:494] = -1, -2
    return frame


def _judge(frame: NDArray[np.int32], integrator: Integrator, tables: RingTables) -> Evenness:
    return evenness(frame, integrator.integrate(frame).intensity, tables)


@pytest.mark.parametrize("counts", [1000.0, 20.0])
def test_a_powder_is_even_however_long_it_is_exposed(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables, counts: float
) -> None:
    found = _judge(_frame(counts * powder), integrator, tables)
    assert found.spottiness < NOTHING
    assert found.texture < 0.05


@pytest.mark.parametrize("grains", [1, 10])
def test_spottiness_is_one_over_the_root_of_the_grains_in_a_pixel(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables, grains: int
) -> None:
    many = np.random.default_rng(5).gamma(grains, 1 / grains, SHAPE)
    found = _judge(_frame(300 * powder * many), integrator, tables)
    assert found.spottiness == pytest.approx(grains**-0.5, rel=0.1)
    assert found.texture < 0.06


def test_a_few_large_grains_on_an_even_powder_are_seen(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables
) -> None:
    expected = 300 * powder
    random = np.random.default_rng(7)
    on_ring = np.argwhere(powder > 0.5)
    for row, column in random.choice(on_ring, 60):
        expected[row - 2 : row + 3, column - 2 : column + 3] *= 30
    assert _judge(_frame(expected), integrator, tables).spottiness > 3 * NOTHING


def test_texture_is_no_grain(powder: NDArray[np.float64], integrator: Integrator, tables: RingTables) -> None:
    rows, columns = np.indices(SHAPE)
    azimuth = np.arctan2(rows * PIXEL - PONI1, columns * PIXEL - PONI2)
    found = _judge(_frame(300 * powder * (1 + 0.4 * np.cos(2 * azimuth))), integrator, tables)
    assert found.texture == pytest.approx(0.4 / math.sqrt(2), rel=0.1)
    assert found.spottiness < 1.5 * NOTHING


def test_grains_outside_the_azimuth_of_the_pattern_are_none_of_its(powder: NDArray[np.float64]) -> None:
    expected = 300 * powder
    expected[600:] *= np.random.default_rng(9).gamma(1.0, 1.0, expected[600:].shape)  # beyond 0 to 180°
    frame = _frame(expected)
    for azimuth, seen in (((-180.0, -90.0), False), ((0.0, 180.0), True)):
        narrow = Integrator(PONI, replace(RECIPE, azimuth_range=azimuth), SHAPE)
        found = evenness(frame, narrow.integrate(frame).intensity, RingTables.of(narrow))
        assert (found.spottiness > 0.5) == seen


def test_too_few_counts_say_nothing(powder: NDArray[np.float64], integrator: Integrator, tables: RingTables) -> None:
    found = _judge(_frame(0.02 * powder), integrator, tables)
    assert math.isnan(found.spottiness)
    assert math.isnan(found.texture)
    dark = np.zeros(SHAPE, np.int32)
    assert math.isnan(_judge(dark, integrator, tables).spottiness)


def test_marks_of_unsigned_frames_are_no_grains(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables
) -> None:
    signed = _frame(300 * powder)
    unsigned = signed.astype(np.uint16)
    assert unsigned.max() == 65535
    assert _judge(unsigned, integrator, tables) == _judge(signed, integrator, tables)


@pytest.mark.parametrize("kind", [">i4", ">u2", "u4", "i8", "f4"])
def test_the_same_counts_in_every_type_are_as_even(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables, kind: str
) -> None:
    frame = _frame(300 * powder * np.random.default_rng(5).gamma(10, 0.1, SHAPE))
    assert _judge(frame.astype(kind), integrator, tables) == _judge(frame, integrator, tables)


@pytest.mark.parametrize("mark", [math.inf, math.nan])
def test_what_is_no_number_is_no_grain(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables, mark: float
) -> None:
    clean = _frame(300 * powder * np.random.default_rng(5).gamma(10, 0.1, SHAPE)).astype(np.float32)
    frame, gap = clean.copy(), clean.copy()
    frame[500, 300:320], gap[500, 300:320] = mark, -1.0
    found = _judge(frame, integrator, tables)
    assert found == _judge(gap, integrator, tables)
    assert found.spottiness == pytest.approx(0.1**0.5, rel=0.1)


def test_the_same_frame_has_the_same_evenness_in_any_thread(
    powder: NDArray[np.float64], integrator: Integrator, tables: RingTables
) -> None:
    frame = _frame(300 * powder)
    intensity = integrator.integrate(frame).intensity
    alone = evenness(frame, intensity, tables)
    with ThreadPoolExecutor(3) as pool:
        assert set(pool.map(lambda _: evenness(frame, intensity, tables), range(6))) == {alone}


def test_a_pattern_changes_when_its_lattice_does_and_not_with_the_exposure() -> None:
    used = np.ones(1500, bool)
    radial = np.linspace(np.radians(1), np.radians(12), 1500)
    first = profile(radial, *lattice_at(0.0))
    assert change(first, 7.0 * first, used) == pytest.approx(0.0, abs=1e-12)
    little, much = (change(profile(radial, *lattice_at(charge)), first, used) for charge in (5.0, 150.0))
    assert 0.0 < little < 0.1 * much < 0.1
    assert math.isnan(change(np.zeros(1500), first, used))

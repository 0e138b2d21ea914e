"""Bin by bin what pyFAI says: signal and sigma, patterns and cakes, with and without every correction."""

from pathlib import Path
from typing import Any

import fabio
import numpy as np
import pytest
from numpy.typing import NDArray

from operando.analysis import Integrator
from operando.analysis.geometry import read_geometry
from operando.vocabulary import Recipe

SHAPE = (195, 243)
PONI = """
PixelSize1: 0.000172
PixelSize2: 0.000172
Distance: 0.1
Poni1: 0.016
Poni2: 0.022
Rot1: 0.02
Rot2: -0.01
Rot3: 0.1
Wavelength: 0.4e-10
"""
MONITOR, REFERENCE = 12345.0, 10000.0
CLOSE = 1e-5
"""What is promised; seen are 3e-7."""


class Bench:
    """One frame, and the files of its corrections."""

    def __init__(self, folder: Path) -> None:
        rng = np.random.default_rng(0)
        self.frame = rng.poisson(30.0, SHAPE).astype(np.int32)
        self.frame[100:107], self.frame[3, 4] = -1, -2
        self.arrays: dict[str, NDArray[Any]] = {
            "mask": (rng.random(SHAPE) < 0.05).astype(np.int8),
            "dark": (rng.random(SHAPE) * 4).astype(np.float32),
            "flat": (0.8 + 0.4 * rng.random(SHAPE)).astype(np.float32),
        }
        self.arrays["flat"][5, 7] = 0
        self.files = {name: folder / f"{name}.edf" for name in self.arrays}
        for name, array in self.arrays.items():
            fabio.edfimage.EdfImage(data=array).write(self.files[name])


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    return Bench(tmp_path_factory.mktemp("corrections"))


def difference(ours: NDArray[Any], theirs: NDArray[Any], filled: NDArray[np.bool_]) -> float:
    """Return the largest relative difference of bins with counts; no bin is filled for one of the two alone."""
    np.testing.assert_array_equal(ours != 0, filled & (theirs != 0))
    compared = filled & (theirs != 0)
    return float(np.abs(ours[compared] / theirs[compared] - 1).max())


def compare(bench: Bench, recipe: Recipe, used: tuple[str, ...] = (), **theirs: Any) -> None:
    """Integrate the frame here and by pyFAI's column-wise engine."""
    pattern = Integrator(PONI, recipe, SHAPE).integrate(bench.frame, MONITOR)
    geometry = read_geometry(PONI, 3, SHAPE)
    if recipe.azimuth_range and recipe.azimuth_range[1] > 180:
        geometry.setChiDiscAtZero()
    signal = np.where(bench.frame < 0, np.nan, bench.frame).astype(np.float32)
    settings: dict[str, Any] = {
        "unit": recipe.unit,
        "error_model": "poisson",
        "polarization_factor": recipe.polarization_factor,
        "correctSolidAngle": recipe.solid_angle,
        "normalization_factor": MONITOR / REFERENCE if recipe.monitor_reference else 1.0,
        **{name: bench.arrays[name] for name in used},
        **theirs,
    }
    one = geometry.integrate1d(
        signal, recipe.npt, method=(recipe.split, "csc", "cython"), azimuth_range=recipe.azimuth_range, **settings
    )
    np.testing.assert_allclose(pattern.radial, one.radial, rtol=1e-12)
    filled = one.sum_normalization > 0
    assert pattern.sigma is not None
    assert difference(pattern.intensity, one.intensity, filled) < CLOSE
    assert difference(pattern.sigma, one.sigma, filled) < CLOSE
    if not recipe.sectors:
        return
    two = geometry.integrate2d(
        signal,
        recipe.npt,
        recipe.sectors,
        method=(recipe.split, "csc", "cython"),
        azimuth_range=recipe.azimuth_range or (-180, 180),
        **settings,
    )
    assert pattern.cake is not None
    assert pattern.cake.sigma is not None
    np.testing.assert_allclose(pattern.cake.azimuth, two.azimuthal, atol=1e-9)
    filled = two.sum_normalization > 0
    assert difference(pattern.cake.intensity, two.intensity, filled) < CLOSE
    assert difference(pattern.cake.sigma, two.sigma, filled) < CLOSE


def recipe(bench: Bench, used: tuple[str, ...] = (), **fields: Any) -> Recipe:
    given = {"npt": 100, "unit": "q_nm^-1", "error_model": "pyfai_poisson"}
    return Recipe(**(given | {name: bench.files[name] for name in used} | fields))


def sectors(split: str, number: int) -> int:
    """Pyfai's matrix of fully split cakes is not the same twice, and refused."""
    return 0 if split == "full" else number


@pytest.mark.parametrize("split", ["no", "bbox", "full"])
@pytest.mark.parametrize("unit", ["q_nm^-1", "2th_deg"])
def test_every_split_and_axis(bench: Bench, split: str, unit: str) -> None:
    compare(bench, recipe(bench, split=split, unit=unit, sectors=sectors(split, 12)))


@pytest.mark.parametrize("split", ["no", "bbox", "full"])
@pytest.mark.parametrize("used", [("mask",), ("dark",), ("flat",), ("mask", "dark", "flat")])
def test_every_correction(bench: Bench, split: str, used: tuple[str, ...]) -> None:
    everything = {"polarization_factor": 0.95, "monitor_reference": REFERENCE} if len(used) == 3 else {}
    compare(
        bench,
        recipe(bench, used, split=split, sectors=sectors(split, 12), solid_angle=len(used) == 3, **everything),
        used,
    )


@pytest.mark.parametrize("split", ["bbox", "full"])
def test_bins_much_finer_than_pixels(bench: Bench, split: str) -> None:
    """Four bins a pixel: each has several entries beside its first two."""
    compare(bench, recipe(bench, ("mask",), split=split, npt=800, sectors=sectors(split, 36)), ("mask",))


@pytest.mark.parametrize("azimuth", [(-100.0, 60.0), (100.0, 250.0)])
def test_a_part_of_the_circle_also_across_the_seam(bench: Bench, azimuth: tuple[float, float]) -> None:
    compare(bench, recipe(bench, azimuth_range=azimuth, sectors=5, split="bbox"))


def test_a_part_of_the_axis(bench: Bench) -> None:
    compare(bench, recipe(bench, radial_range=(12.0, 30.0)), radial_range=(12.0, 30.0))


def test_more_bins_than_sixteen_bits_count(bench: Bench) -> None:
    compare(bench, recipe(bench, npt=400, sectors=180))


@pytest.mark.parametrize("split", ["no", "bbox", "full"])
def test_the_true_variance_is_the_counts(bench: Bench, split: str) -> None:
    """Pyfai takes a variance that is given: the counts, zero where there is none."""
    sparse = np.random.default_rng(3).poisson(0.3, SHAPE).astype(np.int32)
    pattern = Integrator(PONI, recipe(bench, split=split, error_model="poisson"), SHAPE).integrate(sparse)
    said = read_geometry(PONI, 3, SHAPE).integrate1d(
        sparse, 100, method=(split, "csc", "cython"), unit="q_nm^-1", variance=sparse.astype(np.float32)
    )
    assert pattern.sigma is not None
    counted = said.sum_variance > 0
    np.testing.assert_allclose(pattern.sigma[counted], said.sigma[counted], rtol=CLOSE)
    parity = Integrator(PONI, recipe(bench, split=split), SHAPE).integrate(sparse)
    assert parity.sigma is not None
    assert np.median(parity.sigma / pattern.sigma) == pytest.approx(np.sqrt(1 + np.exp(-0.3) / 0.3), rel=0.05)


def test_lattice_spacings_are_bins_of_q(bench: Bench) -> None:
    of_q = Integrator(PONI, recipe(bench, radial_range=(10.0, 40.0)), SHAPE)
    spans = (2 * np.pi / 4.0, 2 * np.pi / 1.0)
    of_d = Integrator(PONI, recipe(bench, unit="d_A", radial_range=spans), SHAPE)
    np.testing.assert_allclose(of_d.radial, 20 * np.pi / of_q.radial, rtol=1e-12)
    np.testing.assert_allclose(of_d.q, of_q.q, rtol=1e-12)
    np.testing.assert_allclose(of_d.integrate(bench.frame).intensity, of_q.integrate(bench.frame).intensity, rtol=1e-12)

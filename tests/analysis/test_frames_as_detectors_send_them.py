"""Types, marks, saturation, regions, threads: what a frame may be, and what the integrator says of it."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import fabio
import h5py
import numba.core.caching
import numpy as np
import pytest
from numpy.typing import NDArray

from operando.analysis import Integrator, Pattern, recipe_digest
from operando.analysis.compiled import compiled
from operando.errors import AnalysisError
from operando.vocabulary import Recipe, Region

SHAPE = (150, 130)
PONI = """
PixelSize1: 0.0001
PixelSize2: 0.0001
Distance: 0.1
Poni1: 0.0072
Poni2: 0.0061
Wavelength: 1e-10
"""
RECIPE = Recipe(npt=60, unit="q_nm^-1", solid_angle=False, sectors=8)


@pytest.fixture(scope="module")
def integrator() -> Integrator:
    return Integrator(PONI, RECIPE, SHAPE)


def photons(seed: int = 0, mean: float = 20.0) -> NDArray[np.int32]:
    return np.random.default_rng(seed).poisson(mean, SHAPE).astype(np.int32)


def bits(pattern: Pattern) -> bytes:
    assert pattern.cake is not None
    return b"".join(np.asarray(each).tobytes() for each in (pattern.intensity, pattern.sigma, pattern.cake.intensity))


@pytest.mark.parametrize("kind", ["u1", "i2", "u2", "u4", "i8", "u8", "f4", "f8", ">i4", ">u2"])
def test_the_same_counts_in_every_type_are_the_same_pattern(integrator: Integrator, kind: str) -> None:
    assert bits(integrator.integrate(photons().astype(kind))) == bits(integrator.integrate(photons()))


def test_a_frame_need_not_lie_in_one_piece_nor_be_ours_to_write(integrator: Integrator) -> None:
    wide = np.repeat(photons(), 2, axis=1)[:, ::2]
    wide.flags.writeable = False
    assert bits(integrator.integrate(wide)) == bits(integrator.integrate(photons()))


def test_any_thread_finds_the_same_bits(integrator: Integrator) -> None:
    expected = [bits(integrator.integrate(photons(seed))) for seed in range(6)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda seed: bits(integrator.integrate(photons(seed % 6))), range(60)))
    assert found == [expected[seed % 6] for seed in range(60)]


def test_a_frame_of_nan_has_no_valid_pixel(integrator: Integrator) -> None:
    pattern = integrator.integrate(np.full(SHAPE, np.nan))
    assert pattern.valid == 0
    assert pattern.counts == 0.0
    assert not pattern.intensity.any()
    assert pattern.sigma is not None
    assert not pattern.sigma.any()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_does_not_count(value: float) -> None:
    frame = np.full(SHAPE, 7.0)
    frame[40:60] = value
    for recipe in (RECIPE, replace(RECIPE, mask_negative=False)):
        assert Integrator(PONI, recipe, SHAPE).integrate(frame).intensity == pytest.approx(np.full(60, 7.0))


@pytest.mark.parametrize("kind", ["i4", "u4", "u2", "f4"])
def test_saturated_pixels_are_left_out_and_counted(kind: str) -> None:
    frame = np.full(SHAPE, 7).astype(kind)
    frame[20, 30:40] = 5000
    frame[21, 30] = 4999
    frame[50:57] = np.array(-1, np.int64).astype(kind)  # a gap, also as the highest value of an unsigned type
    limited = Integrator(PONI, replace(RECIPE, saturation=4999.5), SHAPE)
    pattern = limited.integrate(frame)
    assert pattern.saturated == 10
    assert pattern.valid == 150 * 130 - 7 * 130 - 10
    assert pattern.counts == pytest.approx(7.0 * (pattern.valid - 1) + 4999, rel=1e-6)
    assert np.sort(pattern.intensity)[:50] == pytest.approx(np.full(50, 7.0))


def test_a_bin_whose_pixels_are_all_invalid_is_empty_in_this_frame_alone(integrator: Integrator) -> None:
    frame = photons()
    frame[:90] = -1
    frame[:, :65] = -1
    pattern = integrator.integrate(frame)
    assert pattern.cake is not None
    assert pattern.cake.sigma is not None
    reached = pattern.cake.sigma > 0
    assert 0 < reached.sum() < (integrator.integrate(photons()).cake.sigma > 0).sum()  # type: ignore[union-attr, operator]
    assert np.isfinite(pattern.cake.intensity).all()
    assert pattern.cake.intensity[reached & (pattern.cake.intensity > 0)].mean() == pytest.approx(20.0, rel=0.05)


def test_regions_are_means_of_their_pixels() -> None:
    regions = (
        Region("ring", radial_range=(2.0, 3.0)),
        Region("behind_the_seam", azimuth_range=(170.0, 190.0)),
        Region("corner", radial_range=(2.0, 3.0), azimuth_range=(0.0, 90.0)),
    )
    integrator = Integrator(PONI, replace(RECIPE, regions=regions), SHAPE)
    rows, columns = np.indices(SHAPE) + 0.5
    y, x = rows * 1e-4 - 0.0072, columns * 1e-4 - 0.0061
    q = 4 * np.pi / 0.1 * np.sin(np.arctan(np.hypot(x, y) / 0.1) / 2)
    azimuth = np.degrees(np.arctan2(y, x))
    ring, frame = (q >= 2) & (q < 3), photons()
    inside = (ring, (azimuth >= 170) | (azimuth < -170), ring & (azimuth >= 0) & (azimuth < 90))
    found = integrator.integrate(frame).regions
    assert found == pytest.approx([frame[each].mean() for each in inside], rel=1e-6)
    frame[ring] = -1
    found = integrator.integrate(frame).regions
    assert found is not None
    np.testing.assert_array_equal(np.isnan(found), [True, False, True])


def test_a_region_off_the_detector_is_named() -> None:
    beyond = replace(RECIPE, regions=(Region("far", radial_range=(50.0, 60.0)),))
    with pytest.raises(AnalysisError, match="region far holds no valid pixel"):
        Integrator(PONI, beyond, SHAPE)


def test_patterns_are_scaled_to_the_monitor() -> None:
    plain, scaled = (Integrator(PONI, replace(RECIPE, monitor_reference=each), SHAPE) for each in (None, 1e6))
    one, other = plain.integrate(photons(), 5e5), scaled.integrate(photons(), 5e5)
    assert other.intensity == pytest.approx(2 * one.intensity)
    assert other.sigma == pytest.approx(2 * np.asarray(one.sigma))
    for monitor in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(AnalysisError, match=r"incident monitor .* counts, to be scaled to 1e\+06"):
            scaled.integrate(photons(), monitor)


def test_one_file_holds_dark_flat_and_mask(tmp_path: Path) -> None:
    path = tmp_path / "dark.h5"
    rng = np.random.default_rng(1)
    dark, flat, mask = rng.random(SHAPE) * 5, 0.5 + rng.random(SHAPE), rng.random(SHAPE) < 0.1
    with h5py.File(path, "w") as file:
        file["/entry/data/dark"], file["/entry/data/flat"] = dark.astype("f4"), flat.astype("f4")
        file["/entry/data/mask"] = mask.astype("u1")
    frame = 40.0 * flat + dark
    frame[mask] = 1e6
    integrator = Integrator(PONI, replace(RECIPE, mask=path, dark=path, flat=path), SHAPE)
    assert integrator.integrate(frame).intensity == pytest.approx(np.full(60, 40.0), rel=1e-5)
    np.testing.assert_array_equal(integrator.valid, ~mask)
    assert integrator.gain == pytest.approx(np.where(mask, 1.0, flat))
    with pytest.raises(AnalysisError, match=r"dark .*dark\.h5: 150 × 130 pixels, frames of 130 × 150 pixels"):
        Integrator(PONI, replace(RECIPE, dark=path), (130, 150))
    with h5py.File(path, "a") as file:
        del file["/entry/data/flat"]
    with pytest.raises(AnalysisError, match=r"flat .*dark\.h5"):
        Integrator(PONI, replace(RECIPE, flat=path), SHAPE)


def test_a_recipe_is_known_by_what_it_and_its_files_say(tmp_path: Path) -> None:
    mask = np.zeros(SHAPE, np.int8)
    one, other = tmp_path / "one.edf", tmp_path / "other.edf"
    for path in (one, other):
        fabio.edfimage.EdfImage(data=mask).write(path)
    other.write_bytes(one.read_bytes())
    digest = recipe_digest(replace(RECIPE, mask=one))
    assert (
        recipe_digest(replace(RECIPE, mask=other))
        == digest
        == Integrator(PONI, replace(RECIPE, mask=one), SHAPE).digest
    )
    changed = bytearray(one.read_bytes())
    changed[-1] = 1
    other.write_bytes(changed)
    assert len({digest, recipe_digest(replace(RECIPE, mask=other)), recipe_digest(RECIPE)}) == 3
    assert recipe_digest(replace(RECIPE, npt=61)) != recipe_digest(RECIPE)


def test_nothing_to_integrate_is_said(tmp_path: Path) -> None:
    path = tmp_path / "all.edf"
    fabio.edfimage.EdfImage(data=np.ones(SHAPE, np.int8)).write(path)
    for recipe in (replace(RECIPE, mask=path), replace(RECIPE, radial_range=(100.0, 120.0))):
        with pytest.raises(AnalysisError, match=r"no valid pixel .* nothing is integrated"):
            Integrator(PONI, recipe, SHAPE)


def test_a_cake_that_could_not_be_rebuilt_is_refused() -> None:
    with pytest.raises(AnalysisError, match="sectors = 8 with split = 'full'"):
        Integrator(PONI, replace(RECIPE, split="full"), SHAPE)


def test_an_azimuth_that_pyfai_cannot_reach_is_said() -> None:
    with pytest.raises(AnalysisError, match=r"azimuth_range = \[-10, 190\]° reaches across 0° and 180°"):
        Integrator(PONI, replace(RECIPE, azimuth_range=(-10.0, 190.0)), SHAPE)


@pytest.mark.parametrize("orientation", [1, 2, 3, 4])
def test_a_spot_is_at_its_azimuth(orientation: int) -> None:
    """Pyfai's own sign has changed between versions; orientation 3 is the frame as it lies, y up with the rows."""
    row, column = 118, 84
    frame = np.zeros(SHAPE, np.int32)
    frame[row, column] = 1000
    centre = 0.0072, 0.0061
    y = (row + 0.5 if orientation in (3, 4) else SHAPE[0] - row - 0.5) * 1e-4 - centre[0]
    x = (column + 0.5 if orientation in (2, 3) else SHAPE[1] - column - 0.5) * 1e-4 - centre[1]
    cake = (
        Integrator(PONI, replace(RECIPE, orientation=orientation, sectors=72, split="no"), SHAPE).integrate(frame).cake
    )
    assert cake is not None
    sector, bin_ = np.unravel_index(int(cake.intensity.argmax()), cake.intensity.shape)
    assert cake.azimuth[sector] == pytest.approx(np.degrees(np.arctan2(y, x)), abs=2.6)
    assert np.count_nonzero(cake.intensity) == 1
    q = 4 * np.pi / 0.1 * np.sin(np.arctan(np.hypot(x, y) / 0.1) / 2)
    width = cake.radial[1] - cake.radial[0]
    assert cake.radial[bin_] == pytest.approx(q, abs=0.51 * width)


def test_code_is_compiled_where_it_cannot_be_kept(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(numba.core.caching.FunctionCache._impl_class, "_locator_classes", [])

    def twice(value: float) -> float:
        return 2 * value

    assert compiled(twice)(21.0) == 42.0
    assert "twice is compiled in each process anew" in caplog.text


def test_the_recorder_starts_where_compiled_code_cannot_be_kept() -> None:
    nowhere = "import numba.core.caching as c; c.CacheImpl._locator_classes = []; import operando.recorder.service"
    started = subprocess.run([sys.executable, "-c", nowhere], capture_output=True, text=True, check=False)
    assert started.returncode == 0, started.stderr

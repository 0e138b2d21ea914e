"""Darks, flat fields and bad pixels: what is written is what the pixels are, and the integrator takes it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import fabio.tifimage
import h5py
import numpy as np
import pytest
from calibration.shown_calibrant import NEW, poni_of, shown
from click.testing import Result
from numpy.typing import NDArray
from typer import Typer
from typer.testing import CliRunner

from operando.analysis import Integrator
from operando.analysis.averaging import Average, bad_in_the_dark
from operando.cli.average import average
from operando.errors import AnalysisError, RecordError
from operando.sim.iocs.diffraction import Diffraction
from operando.sim.iocs.exposure import Exposure
from operando.sim.iocs.pixels import ImperfectPixels
from operando.vocabulary import Recipe

PLAIN = Recipe(npt=300, unit="q_nm^-1", error_model=None)
SECOND = 1_000_000_000
Frame = NDArray[np.int32]


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(average)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(path: Path, frames: Sequence[Frame]) -> Path:
    """Write frames as a file plugin does."""
    with h5py.File(path, "w") as file:
        file["/entry/data/data"] = np.array(frames)
    return path


def pixels_in_the_dark(folder: Path, frames: int, rate: float = 8.0) -> tuple[ImperfectPixels, list[Frame]]:
    """Return a detector with dark current, hot and dead pixels, and its dark frames of 1 s."""
    setup = shown(folder)
    pixels = ImperfectPixels(Diffraction(setup), seed=1, dark_rate=rate, hot=25, dead=15)
    return pixels, [pixels.frame(Exposure(k, 0, SECOND, 0.0), [NEW]) for k in range(frames)]


def test_mean_and_spread_are_those_of_the_frames() -> None:
    frames = np.random.default_rng(2).poisson(7.0, (9, 6, 5)).astype(np.int32)
    gathered = Average(PLAIN)
    for frame in frames:
        gathered.add(frame)
    found = gathered.result()
    assert found.mean == pytest.approx(frames.mean(axis=0))
    assert found.spread == pytest.approx(frames.std(axis=0, ddof=1))


def test_marks_nan_and_saturated_pixels_are_not_averaged() -> None:
    frames = np.full((3, 2, 3), 5.0, np.float32)
    frames[0, 0, 0], frames[1, 0, 1], frames[2, 0, 2] = -1.0, np.nan, 1e6
    gathered = Average(replace(PLAIN, saturation=1e5))
    for frame in frames:
        gathered.add(frame)
    found = gathered.result()
    assert found.mean == pytest.approx(np.full((2, 3), 5.0))
    assert found.count.tolist() == [[2, 2, 2], [3, 3, 3]]


def test_unsigned_frames_mark_gaps_with_their_highest_values() -> None:
    frame = np.array([[7, 2**32 - 1, 2**32 - 2]], np.uint32)
    gathered = Average(PLAIN)
    gathered.add(frame)
    assert gathered.result().count.tolist() == [[1, 0, 0]]


def test_every_hot_and_dead_pixel_is_found_and_no_other(tmp_path: Path) -> None:
    pixels, frames = pixels_in_the_dark(tmp_path, 20)
    gathered = Average(PLAIN)
    for frame in frames:
        gathered.add(frame)
    bad = bad_in_the_dark(gathered.result())
    live = (frames[0] >= 0).reshape(-1)
    assert set(np.flatnonzero(bad.high)) == {index for index in pixels.hot if live[index]}
    assert set(np.flatnonzero(bad.low)) == {index for index in pixels.dead if live[index]}
    assert np.array_equal(bad.marked, frames[0] < 0)
    assert not (bad.unsteady & ~bad.high).any()


def test_a_counting_detector_without_dark_current_loses_no_pixel_to_a_single_photon() -> None:
    random = np.random.default_rng(5)
    gathered = Average(PLAIN)
    for _ in range(10):
        gathered.add(random.poisson(2e-3, (200, 200)).astype(np.int32))
    assert not bad_in_the_dark(gathered.result()).all.any()


def test_a_pixel_that_flickers_is_found_although_its_mean_is_usual() -> None:
    random = np.random.default_rng(6)
    gathered = Average(PLAIN)
    for k in range(20):
        frame = random.poisson(100.0, (60, 60)).astype(np.int32)
        frame[30, 30] = 200 if k % 2 else 0
        gathered.add(frame)
    bad = bad_in_the_dark(gathered.result())
    assert np.argwhere(bad.unsteady).tolist() == [[30, 30]]
    assert not (bad.high | bad.low).any()


@pytest.mark.parametrize("frames", [3, 20])
def test_pixels_of_a_detector_that_integrates_are_judged_by_its_noise_and_not_by_its_offset(frames: int) -> None:
    random = np.random.default_rng(7)
    gathered = Average(PLAIN)
    for k in range(frames):
        frame = random.normal(3000.0, 5.0, (100, 100))
        frame[20, 30] += 40.0
        frame[40, 50] -= 40.0
        frame[60, 70] += (60.0, -60.0)[k % 2]
        gathered.add(frame.round().astype(np.uint16))
    bad = bad_in_the_dark(gathered.result())
    assert (bad.high[20, 30], bad.low[40, 50], bad.unsteady[60, 70]) == (True, True, True)
    assert int(bad.all.sum()) == 3


@pytest.mark.parametrize("rate", [0.3, 8.0, 3000.0])
@pytest.mark.parametrize("frames", [1, 2, 3, 20])
def test_no_pixel_of_a_detector_that_counts_is_bad_for_its_photons(frames: int, rate: float) -> None:
    random = np.random.default_rng(8)
    gathered = Average(PLAIN)
    for _ in range(frames):
        gathered.add(random.poisson(rate, (100, 100)).astype(np.int32))
    assert not bad_in_the_dark(gathered.result()).all.any()


def test_a_dark_of_a_run_corrects_its_frames_in_the_integrator(tmp_path: Path) -> None:
    setup = shown(tmp_path)
    pixels, darks = pixels_in_the_dark(tmp_path, 30)
    lit = pixels.frame(Exposure(99, 0, SECOND, 1.0), [NEW])
    clean = Diffraction(setup).frame(Exposure(99, 0, SECOND, 1.0), [NEW])
    told = invoke(written(tmp_path / "darks.h5", darks), "-o", tmp_path / "dark.h5", "--as", "dark", "--json")
    assert told.exit_code == 0, told.exception
    found = json.loads(told.stdout.splitlines()[-1])
    assert (found["frames"], found["median"]) == (30, pytest.approx(8.0, abs=0.3))
    recipe = replace(PLAIN, dark=tmp_path / "dark.h5", mask=tmp_path / "dark.h5")
    corrected = Integrator(poni_of(setup), recipe, setup.shape).integrate(lit).intensity
    plain = Integrator(poni_of(setup), PLAIN, setup.shape)
    truth, raw = plain.integrate(clean).intensity, plain.integrate(lit).intensity
    inside = slice(10, 220)  # whole rings: bins of many pixels
    assert np.abs(corrected - truth)[inside].mean() < 0.15 * np.abs(raw - truth)[inside].mean()
    assert np.mean((corrected - truth)[inside]) == pytest.approx(0.0, abs=0.3)


def test_a_flat_field_takes_the_response_of_the_pixels_away(tmp_path: Path) -> None:
    random = np.random.default_rng(8)
    response = random.normal(1.0, 0.1, (80, 70)).clip(0.7, 1.3)
    response[5, 5], response[6, 6] = 0.1, 3.0
    flood = [random.poisson(5000.0 * response + 50.0).astype(np.int32) for _ in range(20)]
    dark = [random.poisson(50.0, response.shape).astype(np.int32) for _ in range(20)]
    written(tmp_path / "dark_frames.h5", dark)
    written(tmp_path / "flood.h5", flood)
    assert invoke(tmp_path / "dark_frames.h5", "-o", tmp_path / "dark.h5", "--as", "dark").exit_code == 0
    told = invoke(*(tmp_path / "flood.h5", "-o", tmp_path / "flat.h5", "--as", "flat", "--dark", tmp_path / "dark.h5"))
    assert told.exit_code == 0, told.exception
    with h5py.File(tmp_path / "flat.h5") as file:
        flat, mask = file["/entry/data/flat"][()], file["/entry/data/mask"][()]
        assert file["/entry/process/input/frames"][()] == 20
    good = mask == 0
    assert flat[good] == pytest.approx((response / np.median(response))[good], rel=0.03)
    assert sorted(map(tuple, np.argwhere(~good).tolist())) == [(5, 5), (6, 6)]


def test_a_beam_stop_and_bad_pixels_are_one_mask(tmp_path: Path) -> None:
    frames = [np.random.default_rng(k).poisson(50.0, (40, 40)).astype(np.int32) for k in range(5)]
    for frame in frames:
        frame[7, 8] = 900
    stop = np.zeros((40, 40), np.uint8)
    stop[20:24, :30] = 1
    fabio.tifimage.TifImage(stop).write(str(tmp_path / "stop.tif"))
    dark = (written(tmp_path / "frames.h5", frames), "--as", "dark", "--json")
    told = invoke(*dark, "-o", tmp_path / "dark.h5", "--mask", tmp_path / "stop.tif")
    assert told.exit_code == 0, told.exception
    assert json.loads(told.stdout.splitlines()[-1])["masked_pixels"] == 121
    again = invoke(*dark, "-o", tmp_path / "again.h5", "--mask", tmp_path / "dark.h5")
    assert again.exit_code == 0, again.exception
    for name in ("dark.h5", "again.h5"):
        with h5py.File(tmp_path / name) as file:
            mask = file["/entry/data/mask"][()]
        assert np.array_equal(mask & 16 > 0, (stop > 0) | ((name == "again.h5") & (mask & 2 > 0)))
        assert np.argwhere(mask & 2).tolist() == [[7, 8]]


def test_what_frames_are_of_must_be_said(tmp_path: Path) -> None:
    fabio.tifimage.TifImage(np.ones((8, 8), np.int32)).write(str(tmp_path / "frame.tif"))
    told = invoke(tmp_path / "frame.tif", "-o", tmp_path / "new.h5")
    assert isinstance(told.exception, AnalysisError)
    assert "say what its frames are" in str(told.exception)
    assert not (tmp_path / "new.h5").exists()


def test_a_dark_is_never_overwritten(tmp_path: Path) -> None:
    frames = written(tmp_path / "frames.h5", [np.ones((8, 8), np.int32)])
    (tmp_path / "dark.h5").write_text("precious")
    told = invoke(frames, "-o", tmp_path / "dark.h5", "--as", "dark")
    assert isinstance(told.exception, RecordError)
    assert (tmp_path / "dark.h5").read_text() == "precious"


def test_a_flat_field_without_light_is_refused(tmp_path: Path) -> None:
    frames = written(tmp_path / "frames.h5", [np.zeros((8, 8), np.int32)])
    told = invoke(frames, "-o", tmp_path / "flat.h5", "--as", "flat")
    assert isinstance(told.exception, AnalysisError)
    assert "no pixel saw light" in str(told.exception)


def test_a_dark_of_another_exposure_time_is_not_subtracted_from_a_flat_field(tmp_path: Path) -> None:
    even = [np.full((8, 8), counts, np.int32) for counts in (50, 51)]
    written(tmp_path / "dark_frames.h5", even)
    written(tmp_path / "flood.h5", [100 * frame for frame in even])
    short = (tmp_path / "dark_frames.h5", "-o", tmp_path / "dark.h5", "--as", "dark", "--exposure", 1.0)
    assert invoke(*short).exit_code == 0
    flat = (tmp_path / "flood.h5", "-o", tmp_path / "flat.h5", "--as", "flat", "--dark", tmp_path / "dark.h5")
    told = invoke(*flat, "--exposure", 10.0)
    assert isinstance(told.exception, AnalysisError)
    assert "exposed for 1 s, frames for 10 s" in str(told.exception)
    assert not (tmp_path / "flat.h5").exists()
    assert invoke(*flat, "--exposure", 1.001).exit_code == 0

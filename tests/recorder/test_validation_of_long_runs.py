"""A week of frames is validated without reading its stack of patterns."""

import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import made_file, slim

from operando.recorder.finding import Rule
from operando.recorder.validation import validate

FRAMES = 100_000
BINS = 2000
PERIOD_S, ACQUIRE_S = 1.5, 1.0
LOG = "environment/instrument"


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run's file, grown to a day and a half."""
    run = made_file(tmp_path_factory.mktemp("root"))
    slim(run.file)
    with h5py.File(run.file, "r+") as file:
        _grow_frames(file)
        _grow_logs(file)
        for entry in file.values():
            del entry["end_time"]
            entry["end_time"] = "2026-03-04T00:00:00.000000+00:00"
    return run.file


def _grow_frames(file: h5py.File) -> None:
    frames, data = file["xrd/frames"], file["xrd/data"]
    rows = np.arange(FRAMES)
    end = 3.0 + PERIOD_S * rows
    values = {
        "frame_number": rows + 1,
        "raw_file": np.zeros(FRAMES),
        "raw_index": rows,
        "exposure_end": end,
        "exposure_start": end - ACQUIRE_S,
        "time": end - ACQUIRE_S / 2,
    }
    for name in frames:
        first = frames[name][0]
        frames[name].resize(FRAMES, axis=0)
        frames[name][:] = values.get(name, np.zeros(FRAMES) if name.endswith("_count") else first)
    file["xrd/frames_announced"][()] = FRAMES
    file["xrd/gaps/row"].resize(1, axis=0)
    file["xrd/gaps/reason"].resize(1, axis=0)
    file["xrd/gaps/row"][0], file["xrd/gaps/reason"][0] = 77_777, "no such file"
    places = [place for name in ("I", "I_errors") for place in (f"xrd/data/{name}", f"xrd/reduction/picture/{name}")]
    for name in ("I", "I_errors"):
        attributes = dict(data[name].attrs)
        for place in places:
            if place.endswith(f"/{name}") and place in file:
                del file[place]
        # Nothing is written: an unwritten chunk reads as its fill value, and would cost its memory when it is read.
        stack = data.create_dataset(name, (FRAMES, BINS), "f4", chunks=(8, BINS), fillvalue=1.0)
        stack.attrs.update(attributes)
    file["xrd/reduction/picture/I"] = data["I"]
    axis, attributes = data["radial_axis"], dict(data["radial_axis"].attrs)
    del axis, data["radial_axis"], file["xrd/reduction/picture/radial_axis"]
    data["radial_axis"] = np.linspace(8.0, 62.0, BINS)
    data["radial_axis"].attrs.update(attributes)
    file["xrd/reduction/picture/radial_axis"] = data["radial_axis"]


def _grow_logs(file: h5py.File) -> None:
    times = np.arange(0.0, 5.0 + PERIOD_S * FRAMES, 0.5)
    for place in ("pressure/load_cell", "temperature/thermometer"):
        log = file[f"{LOG}/{place}/value_log"]
        value = log["value"][0]
        for name, block in {"time": times, "value": value, "quality": 0}.items():
            log[name].resize(len(times), axis=0)
            log[name][:] = block


def test_a_hundred_thousand_frames_take_little_memory(long_run: Path) -> None:
    tracemalloc.start()
    findings = validate(long_run)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [str(finding) for finding in findings if finding.rule is not Rule.RAW_LINK] == []
    assert peak < 0.25 * FRAMES * BINS * 4, f"{peak / 1e6:.0f} MB"


def test_a_suspicious_row_of_many_is_found(long_run: Path, tmp_path: Path) -> None:
    with h5py.File(long_run, "r+") as file:
        file["xrd/data/I"][54_321] = np.nan
        file["xrd/frames/frame_number"][54_321] = -1
    try:
        findings = [finding for finding in validate(long_run) if finding.rule is Rule.GAPS]
        assert [finding.message for finding in findings] == ["row 54321 holds no pattern, and gaps give no reason"]
    finally:
        with h5py.File(long_run, "r+") as file:
            file["xrd/data/I"][54_321] = 1.0
            file["xrd/frames/frame_number"][54_321] = 54_322

"""Where the conditions come from: the environment log, the log in the file, or the entry that was recorded."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import NS, RAMPS, START_NS, MadeRun, at, ramp
from reprocess.finished_run import columns, differing

from operando.errors import RecordError
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.recorder.reprocessing import Manner, Wishes, recorded_log, reprocess
from operando.recorder.reprocessing.recorded_log import RecordedLog
from operando.vocabulary import Reading

CONDITIONS = "reprocessed_1/reprocessing/input/conditions"


def said(path: Path) -> str:
    with h5py.File(path) as file:
        return str(file[CONDITIONS].asstr()[()])


def write_log(folder: Path, offset: float, end: float = 20.0) -> Path:
    """Write a log with pressures that are higher by an offset, MPa."""
    log = EnvironmentLog(folder)
    for quantity, (rate, _, _) in RAMPS.items():
        for k in range(int(-5 * rate), int(end * rate) + 1):
            value = ramp(quantity, k / rate) + (offset if quantity == "stack_pressure" else 0.0)
            log.append(quantity, Reading(value, at(k / rate)))
    log.close(at(end))
    return folder


def test_the_log_of_the_state_root_is_found_and_gives_what_the_recorder_joined(beside: Path) -> None:
    assert reprocess(beside, Wishes()).conditions == said(beside) == "joined anew from the environment log"
    assert differing(columns(beside, "xrd"), columns(beside, "reprocessed_1")) == set()


def test_conditions_are_really_joined_anew(home: Path, tmp_path: Path) -> None:
    log = write_log(tmp_path / "mended", offset=1.0)
    reprocess(home, Wishes(), Manner(log=log))
    new, recorded = columns(home, "reprocessed_1"), columns(home, "xrd")
    np.testing.assert_allclose(new["stack_pressure"], recorded["stack_pressure"] + 1.0, rtol=1e-12)
    assert np.array_equal(new["temperature"], recorded["temperature"])


def test_a_named_log_that_lacks_part_of_the_run_is_refused(home: Path, tmp_path: Path) -> None:
    before = home.read_bytes()
    with pytest.raises(RecordError, match="does not hold every sample"):
        reprocess(home, Wishes(), Manner(log=write_log(tmp_path / "short", offset=0.0, end=4.0)))
    assert home.read_bytes() == before


def test_a_log_nearby_that_lacks_part_of_the_run_is_left_for_the_one_in_the_file(beside: Path) -> None:
    folder = next(place / "environment" for place in beside.parents if (place / "environment").is_dir())
    with closing(sqlite3.connect(folder / "20260301.sqlite")) as log:
        log.execute("DELETE FROM sample WHERE time > ?", (at(6.0),))
        log.commit()
    assert reprocess(beside, Wishes()).conditions.startswith("joined anew from the log that the file itself holds")
    assert differing(columns(beside, "xrd"), columns(beside, "reprocessed_1")) == set()


def test_without_any_log_conditions_are_those_of_the_recorded_entry(home: Path) -> None:
    with h5py.File(home, "r+") as file:
        for name in ("pressure", "temperature", "electrochemistry"):
            del file[f"environment/instrument/{name}"]
    reprocess(home, Wishes())
    assert said(home).startswith("taken over from the recorded entry")
    assert differing(columns(home, "xrd"), columns(home, "reprocessed_1")) == set()


def test_a_log_above_a_file_without_any_sample_may_be_another_endstations(beside: Path) -> None:
    """It is taken only if somebody names it."""
    with h5py.File(beside, "r+") as file:
        for name in ("pressure", "temperature", "electrochemistry"):
            del file[f"environment/instrument/{name}"]
    log = next(place / "environment" for place in beside.parents if (place / "environment").is_dir())
    assert reprocess(beside, Wishes()).conditions.startswith("taken over from the recorded entry")
    assert reprocess(beside, Wishes(), Manner(log=log)).conditions == "joined anew from the environment log"


def test_the_log_in_a_file_answers_as_the_environment_log(
    original: MadeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random intervals, in blocks so small that most of them span several."""
    monkeypatch.setattr(recorded_log, "BLOCK", 7)
    shutil.copy(original.file, tmp_path / "file.nxs")
    random = np.random.default_rng(5)
    history = EnvironmentHistory(original.root / "environment")
    with h5py.File(tmp_path / "file.nxs") as file:
        log = RecordedLog(file, START_NS)
        assert set(log.quantities()) == set(RAMPS) - {"piezo_drive"}, "what can be joined with an exposure"
        for _ in range(300):
            quantity = str(random.choice(log.quantities()))
            first, last = sorted(random.uniform(0.0, original.duration, 2))
            one, other = (each.samples(quantity, at(first), at(last)) for each in (log, history))
            assert np.array_equal(one.time_ns, other.time_ns)
            assert np.array_equal(one.value, other.value)
            assert np.array_equal(one.quality, other.quality)
            before = at(max(last, 1.0))
            assert log.last(quantity, before) == history.last(quantity, before)
        assert log.last("voltage", START_NS - NS) is None
        assert len(log.samples("nothing", 0, 2**62)) == 0
    history.close()

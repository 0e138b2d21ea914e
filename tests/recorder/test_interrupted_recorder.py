"""Killed, restarted, live or afterwards: the same file."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import CONFIGS, NMC811, RAMPS, MadeRun, at, ramp
from recorder.same_file import assert_same_file
from recorder.stepped_recorder import SteppedRecorder

from operando.config import load
from operando.errors import RecordError
from operando.history import EnvironmentLog
from operando.journal import Journal
from operando.recorder import surroundings
from operando.recorder.service import run as record
from operando.recorder.validation import validate
from operando.vocabulary import Reading


def record_once(root: Path) -> None:
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)


def rebuilt(run: MadeRun) -> Path:
    """Set the present file aside and record the run again from its journal."""
    aside = run.root / "aside.nxs"
    run.file.rename(aside)
    record_once(run.root)
    return aside


def play_live(run: MadeRun, after_frame: Callable[[int], None]) -> None:
    """Write log, frames and documents as time goes on."""
    log = EnvironmentLog(run.root / "environment")
    journal = Journal(run.root / "journal")
    documents = iter(run.documents)
    for _ in range(2):
        journal(*next(documents))
    logged = -5.0
    with run.open_raw(0) as append:
        for frame in range(run.frames):
            now = run.end_of(frame) + 0.2
            for quantity, (rate, _, _) in RAMPS.items():
                for k in range(ceil(logged * rate), ceil(now * rate)):
                    log.append(quantity, Reading(ramp(quantity, k / rate), at(k / rate)))
            logged = now
            log.commit(at(now))
            append(frame)
            for _ in range(3 if frame == 0 else 2):
                journal(*next(documents))
            after_frame(frame)
        journal(*next(documents))
        journal.close()
        log.close(at(run.duration + 3))


def test_live_and_afterwards_give_the_same_file(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=6, per_file=6, lattice=NMC811)
    recorder = SteppedRecorder(run)
    rows: list[int] = []

    def look(_: int) -> None:
        recorder.work()
        rows.append(recorder.rows())

    play_live(run, look)
    recorder.work()
    recorder.close()
    assert recorder.runs.finished == [run.file]
    assert max(rows) > 0, "nothing was written while the run went on"
    # The log is declared complete half a second late: the newest frame waits for it.
    assert all(written <= frame for frame, written in enumerate(rows))
    assert validate(run.file) == []
    assert_same_file(rebuilt(run), run.file)


@pytest.mark.parametrize("killed_after", [0, 2, 4])
def test_a_killed_recorder_starts_again_and_ends_up_with_the_same_file(tmp_path: Path, killed_after: int) -> None:
    run = MadeRun(tmp_path, frames=5, per_file=5)
    recorders = [SteppedRecorder(run)]

    def look(frame: int) -> None:
        recorders[-1].work()
        if frame == killed_after:
            recorders[-1].close()
            recorders.append(SteppedRecorder(run))

    play_live(run, look)
    recorders[-1].work()
    recorders[-1].close()
    assert_same_file(rebuilt(run), run.file)


def test_a_file_cut_off_by_a_kill_is_written_anew(tmp_path: Path) -> None:
    run = MadeRun(tmp_path)
    run.write_frames()
    run.write_log()
    run.write_journal()
    record_once(tmp_path)
    torn = run.file.read_bytes()[:5000]
    aside = tmp_path / "whole.nxs"
    run.file.rename(aside)
    run.file.write_bytes(torn)
    record_once(tmp_path)
    assert_same_file(aside, run.file)


def test_a_finished_file_is_left_alone(tmp_path: Path) -> None:
    run = MadeRun(tmp_path)
    run.write_frames()
    run.write_log()
    run.write_journal()
    record_once(tmp_path)
    before = run.file.stat()
    record_once(tmp_path)
    after = run.file.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_every_beginning_of_a_journal_makes_a_valid_abandoned_record(tmp_path: Path) -> None:
    frames = MadeRun(tmp_path / "whole", frames=2, per_file=1)
    frames.write_frames()
    frames.write_log()
    for count in range(1, len(frames.documents)):
        root = tmp_path / f"{count}"
        (root / "journal").mkdir(parents=True)
        (root / "environment").symlink_to(frames.root / "environment")
        journal = Journal(root / "journal")
        for name, document in frames.documents[:count]:
            journal(name, document)
        journal.close()
        record_once(root)
        (file,) = (root / "data" / "processed" / "20260301").iterdir()
        assert validate(file) == [], count
        with h5py.File(file) as opened:
            assert opened["environment/end_reason"].asstr()[()] == "abandoned"
            announced = sum(name == "stream_datum" for name, _ in frames.documents[:count])
            assert len(opened["xrd/data/I"] if "xrd" in opened else []) == announced


def test_a_torn_last_line_loses_nothing_before_it(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=3)
    run.write_frames()
    run.write_log()
    run.write_journal()
    run.journal.write_bytes(run.journal.read_bytes()[:-20])
    record_once(tmp_path)
    with h5py.File(run.file) as file:
        assert len(file["xrd/data/I"]) == 3
        assert file["xrd/end_reason"].asstr()[()] == "abandoned"
        # It lasted until its last event, as far as anybody knows.
        assert file["xrd/collection_time"][()] == pytest.approx(run.end_of(2) + 0.1)


def test_a_run_that_goes_on_is_not_ended_by_a_recorder_that_looks_once(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    record_once(tmp_path)
    with h5py.File(run.file) as file:
        assert len(file["xrd/data/I"]) == 2
        assert "end_time" not in file["environment"]
    journal(*run.documents[-1])
    record_once(tmp_path)
    assert validate(run.file) == []


def test_two_recorders_do_not_write_one_file(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    first = SteppedRecorder(run)
    first.work()
    # HDF5 knows its own open files; only another process meets the lock.
    script = Path(__file__).with_name("recorder_process.py")
    second = subprocess.run([sys.executable, script, CONFIGS, tmp_path, "0", "once"], capture_output=True)
    assert second.returncode == 1
    assert b"another recorder is writing it" in second.stderr
    journal(*run.documents[-1])
    first.work()
    first.close()
    assert validate(run.file) == []


def test_a_foreign_journal_does_not_stop_the_others(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=1)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    journal("start", {"uid": "foreign", "time": 1.0})
    journal.close()
    run.write_journal()
    with pytest.raises(RecordError, match="foreign"):
        record_once(tmp_path)
    assert validate(run.file) == []


def test_a_document_that_lacks_something_is_named(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=1)
    run.write_log()
    del run.documents[3][1]["indices"]
    run.write_journal()
    with pytest.raises(RecordError, match=r"stream_datum document .* without 'indices'"):
        record_once(tmp_path)


def test_an_exposure_the_log_never_reached_is_missing_for_good(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=3)
    run.write_frames()
    run.write_log(end=run.end_of(1) - 0.2)
    run.write_journal()
    record_once(tmp_path)
    with h5py.File(run.file) as file:
        pressure, count = file["xrd/frames/stack_pressure"][()], file["xrd/frames/stack_pressure_count"][()]
        assert np.isfinite(pressure).tolist() == [True, False, False]
        assert count.tolist() == [21, 0, 0]
    assert validate(run.file) == []


def test_whatever_moment_the_recorder_is_killed_at_its_file_opens(tmp_path: Path) -> None:
    """A copy of the file is what a kill would leave behind."""
    run = MadeRun(tmp_path, frames=4, per_file=4)
    recorder = SteppedRecorder(run)
    seen: list[int] = []

    def look(_: int) -> None:
        recorder.work()
        recorder.now += 0.6  # data are flushed at most half a second late
        recorder.work()
        left = shutil.copy(run.file, tmp_path / "left.nxs")
        with h5py.File(left, "r") as file:
            seen.append(len(file["xrd/data/I"]))

    play_live(run, look)
    recorder.close()
    assert seen == [0, 1, 2, 3]


def test_the_log_of_a_long_pause_is_written_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A heartbeat comes between two portions, however long the plan was paused."""
    monkeypatch.setattr(surroundings, "WINDOW_NS", 50_000_000)
    run = MadeRun(tmp_path, frames=3)
    run.write_frames()
    run.write_log()
    run.write_journal()
    recorder = SteppedRecorder(run)
    log = "environment/instrument/pressure/load_cell/value_log/value"
    lengths = [0]
    recorder.runs.discover()
    while recorder.runs.step():
        recorder.now += 0.6
        for recording in recorder.runs.active:
            with h5py.File(shutil.copy(recording.path, tmp_path / "left.nxs")) as file:
                lengths.append(len(file[log]))
    recorder.close()
    portions = np.diff(lengths)
    assert lengths[-1] > 100
    assert portions.max() <= 2 * surroundings.AT_ONCE  # a window holds one sample; the step that ends a run takes two
    assert validate(run.file) == []

"""A run whose file cannot be written waits and goes on; none fails for an error of a disk."""

import errno
import fcntl
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import h5py
import pytest
from recorder.made_run import CONFIGS, MadeRun
from recorder.same_file import assert_same_file
from recorder.stepped_recorder import SteppedRecorder

from operando.config import load
from operando.errors import RecordDamaged, RecordError
from operando.journal import Journal
from operando.recorder import nexus
from operando.recorder.anew import WorkingTime
from operando.recorder.hindrance import GIVEN_UP
from operando.recorder.nexus import RecordFile
from operando.recorder.service import run as record
from operando.recorder.validation import validate


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    made = MadeRun(tmp_path, frames=2, per_file=2)
    made.write_frames()
    made.write_log()
    return made


@contextmanager
def owned(journal: Path) -> Iterator[None]:
    """Hold a journal as its RunEngine process does while the run goes on."""
    with journal.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def undisturbed(run: MadeRun) -> Path:
    """Set the file aside and make it again from the journal."""
    aside = run.file.rename(run.root / "aside.nxs")
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return aside


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.ESTALE], ids=errno.errorcode.get)
def test_a_file_that_cannot_be_made_is_tried_again_less_and_less_often(
    run: MadeRun, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    run.write_journal()
    recorder = SteppedRecorder(run)
    attempts: list[float] = []
    real = h5py.File

    def refuse(path: Path, mode: str, **options: object) -> h5py.File:
        if Path(path).name not in (run.file.name, f".{run.file.name}.new") or mode == "r":
            return real(path, mode, **options)
        attempts.append(recorder.now)
        raise OSError(number, "as the operating system says")

    with monkeypatch.context() as patch:
        patch.setattr(h5py, "File", refuse)
        for _ in range(120):
            recorder.work(0.25)
    assert recorder.runs.failed == {}
    assert list(recorder.runs.waiting) == [run.journal]
    pauses = [later - earlier for earlier, later in pairwise(attempts)]
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(5.0, abs=0.3)
    recorder.work(6.0)
    recorder.close()
    assert recorder.runs.waiting == {}
    assert recorder.runs.finished == [run.file]
    assert_same_file(undisturbed(run), run.file)


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "Can't write data (file write failed"),
        OSError(errno.EIO, "Can't write data (file write failed"),
        RuntimeError("Unable to synchronously flush file (file write failed: time = now\n, errno = 28, error message"),
    ],
    ids=["full", "broken", "full while flushing"],
)
def test_after_a_write_that_hdf5_cannot_take_back_nothing_is_touched_any_more(
    run: MadeRun, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    run.write_journal(5)
    recorder = SteppedRecorder(run)

    def fail(*_: object, **__: object) -> None:
        raise error

    with owned(run.journal), monkeypatch.context() as patch:
        recorder.work()
        patch.setattr(RecordFile, "append", fail)
        patch.setattr(RecordFile, "flush_if_due", fail)
        recorder.work(1.0)
        assert recorder.runs.spoilt
        assert recorder.runs.failed == {}
        assert run.journal in recorder.runs.waiting
        patch.undo()
        recorder.work(10.0)
        assert recorder.runs.spoilt, "only a new process helps"
    recorder.runs.drop()
    recorder.history.close()
    # What the next process does:
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert_same_file(undisturbed(run), run.file)


def test_a_file_that_was_removed_is_made_again(run: MadeRun) -> None:
    journal = Journal(run.root / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    recorder = SteppedRecorder(run)
    recorder.work()
    shutil.rmtree(run.data / "processed")
    recorder.work(2.0)
    assert "was removed" in recorder.runs.waiting[run.journal]
    recorder.work(1.0)
    journal(*run.documents[-1])
    journal.close()
    recorder.work(1.0)
    recorder.close()
    assert validate(run.file) == []
    assert_same_file(undisturbed(run), run.file)


def test_a_data_root_that_is_away_is_not_made_again(run: MadeRun) -> None:
    run.write_journal()
    recorder = SteppedRecorder(run)
    away = run.data.rename(run.root / "away")
    for _ in range(5):
        recorder.work(5.0)
    assert not run.data.exists()
    assert "its disk is not mounted" in recorder.runs.waiting[run.journal]
    away.rename(run.data)
    recorder.work(6.0)
    recorder.close()
    assert validate(run.file) == []


def test_a_journal_that_somebody_removed_is_given_up_one_whose_folder_is_away_is_not(run: MadeRun) -> None:
    run.write_journal(3)
    recorder = SteppedRecorder(run)
    journals = run.root / "journal"
    with owned(run.journal):
        recorder.work()
        away = journals.rename(run.root / "journals away")
        for _ in range(40):
            recorder.work(5.0)
        assert recorder.runs.failed == {}
        away.rename(journals)
        recorder.work(6.0)
        assert recorder.runs.waiting == {}
        run.journal.rename(run.root / "kept")
        for _ in range(40):
            recorder.work(5.0)
    assert recorder.now > GIVEN_UP
    assert list(recorder.runs.failed) == [run.journal]
    assert recorder.runs.waiting == {}, "exposures do not wait for what nobody waits for"
    recorder.close()


@pytest.mark.parametrize("place", ["flush", "publish"])
def test_a_disk_that_fails_while_a_file_is_made_leaves_nothing_behind(
    run: MadeRun, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    run.write_journal()
    recorder = SteppedRecorder(run)

    def refuse(*_: object) -> None:
        if place == "publish":
            raise RecordError("cannot be written") from OSError(errno.ENOSPC, "full")
        raise RuntimeError("Unable to flush file (file write failed: time = now\n, errno = 28, error message")

    with monkeypatch.context() as patch:
        patch.setattr(*((h5py.File, "flush") if place == "flush" else (nexus, "publish")), refuse)
        recorder.work()
    assert list(recorder.runs.waiting) == [run.journal]
    assert bool(recorder.runs.spoilt) == (place == "flush"), "HDF5 does not get over a write that was refused"
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("sync ")] == []
    recorder.runs.drop()
    recorder.history.close()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert_same_file(undisturbed(run), run.file)


def test_a_file_that_somebody_looks_at_is_gone_on_with_later_and_exposures_go_on(run: MadeRun, tmp_path: Path) -> None:
    run.write_journal(5)
    with owned(run.journal):
        killed = SteppedRecorder(run)
        killed.work()
        killed.close()
        recorder = SteppedRecorder(run)
        with run.file.open("rb") as viewed:
            fcntl.flock(viewed, fcntl.LOCK_SH)  # as HDF5 does for a reader
            recorder.work()
            recorder.work(600.0)
            assert (recorder.runs.failed, recorder.runs.waiting) == ({}, {})
            assert "a viewer holds it open" in recorder.runs.held[run.journal]
    recorder.work(6.0)
    assert recorder.runs.held == {}
    recorder.close()
    assert recorder.runs.finished == [run.file]
    assert_same_file(undisturbed(run), run.file)


def test_a_damaged_file_that_cannot_be_set_aside_now_waits(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_journal()
    recorder = SteppedRecorder(run)

    def damaged(*_: object) -> None:
        raise RecordDamaged("not what the journal says")

    def refuse(*_: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(RecordFile, "append", damaged)
        patch.setattr(nexus, "set_aside", refuse)
        recorder.work()
        assert recorder.runs.failed == {}
        assert list(recorder.runs.waiting) == [run.journal]
    recorder.runs.drop()
    recorder.history.close()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert validate(run.file) == []


def test_a_run_that_fails_and_does_not_even_close_does_not_stop_the_others(
    run: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = MadeRun(run.root, frames=2, per_file=2, scan_id=8)
    del bad.documents[3][1]["indices"]
    bad.write_journal()
    recorder = SteppedRecorder(run)
    real = RecordFile.close

    def refuse(file: RecordFile) -> None:
        if file.path == bad.file:
            raise RuntimeError("Unable to synchronously close file")
        real(file)

    monkeypatch.setattr(RecordFile, "close", refuse)
    recorder.work()
    assert list(recorder.runs.failed) == [bad.journal]
    run.write_journal()
    recorder.work()
    assert recorder.runs.finished == [run.file]
    recorder.close()


def test_what_is_wrong_with_a_run_itself_fails_at_once(run: MadeRun) -> None:
    del run.documents[3][1]["indices"]
    run.write_journal()
    recorder = SteppedRecorder(run)
    recorder.work()
    assert list(recorder.runs.failed) == [run.journal]
    assert recorder.runs.waiting == {}
    recorder.close()


def test_an_exposure_is_not_given_up_while_the_log_is_kept_in_memory(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2, per_file=2)
    run.write_frames()
    run.write_log(end=run.end_of(0) - 0.2)
    run.write_journal()
    lives = True
    recorder = SteppedRecorder(run, lambda: lives)
    recorder.work()
    recorder.work(600.0)
    assert recorder.runs.finished == []
    lives = False
    recorder.work(1.0)
    recorder.close()
    assert recorder.runs.finished == [run.file]


def test_a_log_that_cannot_be_read_is_waited_for(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    run.write_journal()
    recorder = SteppedRecorder(run)

    def fail(*_: object) -> int:
        raise sqlite3.OperationalError("disk I/O error")

    with monkeypatch.context() as patch:
        patch.setattr(recorder.history, "committed_ns", fail)
        patch.setattr(recorder.history, "samples", fail)
        recorder.work()
    assert recorder.runs.failed == {}
    recorder.work(6.0)
    recorder.work(6.0)
    recorder.close()
    assert validate(run.file) == []


def test_once_a_disk_that_takes_nothing_is_an_answer(run: MadeRun) -> None:
    run.write_journal()
    run.data.mkdir(exist_ok=True)
    (run.data / "processed").write_text("")
    with pytest.raises(RecordError, match="no file of record was made of"):
        record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)


def test_once_a_disk_that_stops_hdf5_is_an_answer_that_names_every_run(
    run: MadeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = MadeRun(run.root, frames=2, per_file=2, scan_id=8)
    run.write_journal()
    other.write_journal()

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "Can't write data (file write failed: time = now\n, errno = 28, error message")

    monkeypatch.setattr(RecordFile, "append", fail)
    monkeypatch.setattr(RecordFile, "close", fail)
    with pytest.raises(RecordError, match="no file of record was made of") as raised:
        record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    lines = str(raised.value).splitlines()[1:]
    assert sorted(line.partition(": ")[0] for line in lines) == sorted(str(each.journal) for each in (run, other))
    assert all("the disk is full" in line for line in lines)


def test_time_stands_still_while_the_disks_cannot_be_worked_on() -> None:
    now, working = 0.0, True
    time = WorkingTime(lambda: working, lambda: now)
    now = 3.0
    assert time() == 3.0
    working, now = False, 100.0
    assert time() == 3.0
    now = 200.0
    assert time() == 3.0
    working, now = True, 201.0
    assert time() == 4.0

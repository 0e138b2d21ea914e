"""What was recorded reaches the disk within half a second, and a disk that takes its time stops no frame."""

import io
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import pytest
from recorder.made_run import MadeRun
from recorder.stepped_recorder import SteppedRecorder

from operando.journal import Journal
from operando.recorder.synchronisation import Synchronisation

SOON_S = 20.0


class Disk:
    """Stands for fsync(2): keeps what a file looked like when it was synchronised, and may hang."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.free = threading.Event()
        self.free.set()
        self.reached = threading.Semaphore(0)
        self.states: list[tuple[bool, bytes]] = []
        """In the main thread?, content."""

    def fsync(self, descriptor: int) -> None:
        if self.file.exists() and os.fstat(descriptor).st_ino == self.file.stat().st_ino:
            main = threading.current_thread() is threading.main_thread()
            self.states.append((main, self.file.read_bytes()))
            self.reached.release()
            assert self.free.wait(SOON_S)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[MadeRun, Journal]]:
    run = MadeRun(tmp_path, frames=4)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    yield run, journal
    journal.close()


def entries(content: bytes) -> dict[str, list[str]]:
    with h5py.File(io.BytesIO(content)) as file:
        return {name: sorted(file[name]) for name in file}


def rows(content: bytes) -> int:
    with h5py.File(io.BytesIO(content)) as file:
        return len(file["xrd/frames/raw_index"]) if "xrd" in file else 0


def test_frames_go_on_while_the_disk_hangs(made: tuple[MadeRun, Journal], monkeypatch: pytest.MonkeyPatch) -> None:
    run, journal = made
    disk = Disk(run.file)
    for document in run.documents[:4]:
        journal(*document)
    recorder = SteppedRecorder(run)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", disk.fsync)
        disk.free.clear()
        recorder.work()
        assert disk.reached.acquire(timeout=SOON_S)
        for document in run.documents[4:-1]:
            journal(*document)
        recorder.now += 0.6
        recorder.work()
        assert recorder.rows() == 4  # the first request is still on its way
        disk.free.set()
        assert disk.reached.acquire(timeout=SOON_S)
        recorder.runs.close()
    assert not any(main for main, _ in disk.states)
    recorder.history.close()


def test_half_a_second_after_a_row_it_is_on_its_way_to_the_disk(
    made: tuple[MadeRun, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, journal = made
    disk = Disk(run.file)
    for document in run.documents[:-1]:
        journal(*document)
    recorder = SteppedRecorder(run)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", disk.fsync)
        recorder.work()
        recorder.now += 0.5
        recorder.work()
        recorder.runs.close()  # waits for what is under way
    recorder.history.close()
    assert rows(disk.states[-1][1]) == 4
    before = len(disk.states)
    assert before < 10, "nothing new, nothing to synchronise"


def test_the_end_is_on_the_disk_after_everything_else(
    made: tuple[MadeRun, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, journal = made
    disk = Disk(run.file)
    for document in run.documents:
        journal(*document)
    recorder = SteppedRecorder(run)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", disk.fsync)
        recorder.work()
    recorder.history.close()
    recorder.runs.close()
    last, before = disk.states[-1][1], disk.states[-2][1]
    assert rows(before) == 4
    for name in ("xrd", "environment"):
        assert "end_reason" in entries(before)[name]
        assert "end_time" not in entries(before)[name]
        assert "end_time" in entries(last)[name]


@pytest.mark.parametrize("ask", [Synchronisation.request, Synchronisation.now])
def test_a_disk_that_refuses_is_reported_the_next_time_somebody_asks(
    ask: Callable[[Synchronisation], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def refuse(_: int) -> None:
        tried.set()
        raise OSError(5, "Input/output error")

    path = tmp_path / "file"
    path.touch()
    with path.open("rb") as file:
        synchronisation = Synchronisation(file.fileno(), path)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            synchronisation.request()
            assert tried.wait(SOON_S)
            synchronisation.close()
        with pytest.raises(OSError, match="Input/output error"):
            ask(synchronisation)

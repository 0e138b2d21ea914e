"""Frames that were read reach the disk, although nobody who wrote them sees to that."""

import os
import threading
from pathlib import Path

import pytest

from operando.recorder.raw_sync import SYNC_S, RawSync


class Disk:
    """Counts what is synced; may be slow."""

    def __init__(self) -> None:
        self.synced: list[str] = []
        self.takes = threading.Event()
        self.takes.set()

    def fdatasync(self, descriptor: int) -> None:
        assert self.takes.wait(10)
        self.synced.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    made = Disk()
    monkeypatch.setattr(os, "fdatasync", made.fdatasync)
    return made


def files(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).write_bytes(b"frames")
    return [folder / name for name in names]


def settle(sync: RawSync) -> None:
    assert sync._thread is not None
    sync._thread.join(10)


def test_a_file_is_synced_once_for_all_frames_read_meanwhile(tmp_path: Path, disk: Disk) -> None:
    now = [0.0]
    sync = RawSync(lambda: now[0])
    one, two = files(tmp_path, "one", "two")
    sync.saw(one)
    sync.sync_if_due()
    settle(sync)
    assert disk.synced == ["one"]
    for path in (one, one, two):
        sync.saw(path)
        sync.sync_if_due()
    assert disk.synced == ["one"], "not yet due"
    now[0] += SYNC_S
    sync.sync_if_due()
    settle(sync)
    assert sorted(disk.synced) == ["one", "one", "two"]
    now[0] += SYNC_S
    sync.sync_if_due()
    sync.close()
    assert len(disk.synced) == 3, "nothing was read since"


def test_frames_do_not_wait_for_a_slow_disk_and_the_end_does(tmp_path: Path, disk: Disk) -> None:
    now = [0.0]
    sync = RawSync(lambda: now[0])
    one, two = files(tmp_path, "one", "two")
    disk.takes.clear()
    sync.saw(one)
    sync.sync_if_due()
    for _ in range(5):
        now[0] += SYNC_S
        sync.saw(two)
        sync.sync_if_due()
    assert disk.synced == []
    disk.takes.set()
    sync.close()
    assert disk.synced == ["one", "two"]


def test_a_file_that_cannot_be_synced_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    sync = RawSync(lambda: now[0])
    for _ in range(3):
        sync.saw(tmp_path / "gone")
        sync.sync_if_due()
        settle(sync)
        now[0] += SYNC_S
    sync.close()
    assert caplog.text.count("cannot be synced") == 1

"""What a disk has left, whether a folder takes anything, and when exposures may go on."""

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from operando.disk import DiskWatch, Limits, Watched, trouble_with
from operando.errors import EndstationError
from operando.vocabulary import Keeping

LIMITS = Limits(warn_below=10.0, pause_below=1.0, resume_above=2.0)


class Disk:
    """Free space and the answer to a write, as a test wants them; everything else is real."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.free = 100.0
        self.error = 0
        self.written = 0
        self._write = os.write
        monkeypatch.setattr(shutil, "disk_usage", self._usage)
        monkeypatch.setattr(os, "write", self._wrapped)

    def _usage(self, folder: Path) -> SimpleNamespace:
        os.stat(folder)
        return SimpleNamespace(free=int(self.free * 1e9))

    def _wrapped(self, descriptor: int, content: bytes) -> int:
        if self.error:
            raise OSError(self.error, os.strerror(self.error))
        self.written += len(content)
        return self._write(descriptor, content)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


def watch(folder: Path, clock: Callable[[], float] = lambda: 0.0, remake: bool = False) -> DiskWatch:
    return DiskWatch([Watched("data root", folder, remake)], LIMITS, "endstation.toml", clock)


def test_exposures_wait_before_the_disk_is_full_and_go_on_with_a_margin(disk: Disk, tmp_path: Path) -> None:
    watched = watch(tmp_path)
    states = []
    for disk.free in (20.0, 5.0, 0.9, 1.5, 1.9, 2.1, 1.5, 11.0):
        states.append(watched.look().state)
    good, warning, pause = Keeping.GOOD, Keeping.WARNING, Keeping.PAUSE
    assert states == [good, warning, pause, pause, pause, warning, warning, good]


def test_the_last_tenth_is_left_to_journal_and_log(disk: Disk, tmp_path: Path) -> None:
    watched = watch(tmp_path)
    writable = []
    for disk.free in (0.5, 0.11, 0.09, 0.05, 0.2):
        writable.append(watched.look().writable)
    assert writable == [True, True, False, False, True]


def test_the_words_name_the_folder_what_is_free_what_is_wanted_and_where_that_stands(
    disk: Disk, tmp_path: Path
) -> None:
    disk.free = 0.5
    words = watch(tmp_path).look().words
    assert words == (
        f"data root {tmp_path}: 0.5 GB free, 1 GB are wanted (endstation.toml: [disk] pause_below_GB); "
        "make room until 2 GB are free"
    )


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "the quota is used up"),
        (errno.EROFS, "the file system is read-only"),
        (errno.ESTALE, "its network file system lost it"),
        (errno.EIO, "the disk answers with errors"),
    ],
)
def test_a_folder_that_takes_nothing_says_why_until_it_is_mended(
    disk: Disk, tmp_path: Path, number: int, words: str
) -> None:
    watched = watch(tmp_path)
    disk.error = number
    watched.suspect()
    found = watched.look()
    assert (found.state, found.writable) == (Keeping.PAUSE, False)
    assert words in found.words
    assert list(tmp_path.iterdir()) == []
    disk.error = 0
    assert watched.look().writable
    assert watched.look().words == ""


def test_a_quota_counts_as_mended_only_when_a_frame_would_fit(disk: Disk, tmp_path: Path) -> None:
    watched = watch(tmp_path)
    disk.error = errno.EDQUOT
    watched.suspect()
    watched.look()
    disk.error, disk.written = 0, 0
    watched.look()
    assert disk.written > 1_000_000


def test_a_disk_that_is_well_is_written_to_now_and_then_only(disk: Disk, tmp_path: Path) -> None:
    now = 0.0
    watched = watch(tmp_path, lambda: now)
    first = disk.written
    for seconds in (1.0, 2.0, 3.0, 4.0):
        now = seconds
        watched.look()
    assert disk.written == first
    now = 6.0
    watched.look()
    assert disk.written == 2 * first


def test_a_removed_data_root_is_not_made_again_and_a_folder_of_the_state_root_is(tmp_path: Path) -> None:
    data, journals = tmp_path / "data", tmp_path / "journal"
    for folder in (data, journals):
        folder.mkdir()
    watched = DiskWatch(
        [Watched("data root", data), Watched("journals", journals, remake=True)], LIMITS, "", lambda: 0.0
    )
    data.rmdir()
    journals.rmdir()
    found = watched.look()
    assert "data root" in found.words
    assert "is its disk not mounted" in found.words
    assert not found.writable
    assert not data.exists()
    assert journals.is_dir()
    data.mkdir()
    assert watched.look().writable


def test_a_file_in_place_of_a_folder_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert trouble_with(tmp_path / "data") == "it is not a folder"


def test_a_disk_that_does_not_answer_is_a_verdict_too(disk: Disk, tmp_path: Path) -> None:
    now = 0.0
    hung, freed = threading.Event(), threading.Event()

    def hang(folder: Path) -> SimpleNamespace:
        hung.set()
        assert freed.wait(20)
        return SimpleNamespace(free=10**12)

    watched = watch(tmp_path, lambda: now)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shutil, "disk_usage", hang)
        watched.start()
        assert hung.wait(20)
        assert watched.latest.writable
        now = 11.0
        assert "no answer for 11 s" in watched.latest.words
        assert (watched.latest.state, watched.latest.writable) == (Keeping.PAUSE, False)
        freed.set()
        watched.close()
    assert watched.latest.state is Keeping.GOOD


def test_the_worst_of_several_disks_counts(disk: Disk, tmp_path: Path) -> None:
    disk.free = 5.0
    found = DiskWatch([Watched("data root", tmp_path), Watched("journals", tmp_path / "gone")], LIMITS, "").latest
    assert found.state is Keeping.PAUSE
    assert found.words.startswith("journals")
    assert found.free == 5.0


def test_folders_on_one_disk_complain_once(disk: Disk, tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    disk.free = 0.5
    found = DiskWatch([Watched("data root", tmp_path), Watched("journals", tmp_path / "journal")], LIMITS, "").latest
    assert found.words.count("0.5 GB free") == 1


def test_a_site_that_does_not_tell_where_data_go_is_trouble(tmp_path: Path) -> None:
    def unknown() -> list[Watched]:
        raise EndstationError("no folder of this beamtime can be written")

    found = DiskWatch(unknown, LIMITS, "").latest
    assert (found.state, found.writable) == (Keeping.PAUSE, False)
    assert found.words == "no folder of this beamtime can be written"

"""Against a power failure: what is synced, when, and what happens when it cannot be."""

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from journal.journals import path_of, run_documents
from waiting import wait_until

from operando.errors import JournalError
from operando.journal import Journal, JournalFollower, is_owned, read_journal
from operando.journal.synced_runs import SYNC_S

Syncs = dict[Path, int]


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> Syncs:
    """File or folder → its length when it was last synced."""
    lengths: Syncs = {}
    really = {name: getattr(os, name) for name in ("fsync", "fdatasync")}

    def watched(name: str) -> Callable[[int], None]:
        def sync(descriptor: int) -> None:
            path, length = Path(os.readlink(f"/proc/self/fd/{descriptor}")), os.fstat(descriptor).st_size
            really[name](descriptor)
            lengths[path] = length

        return sync

    for name in really:
        monkeypatch.setattr(os, name, watched(name))
    return lengths


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    made = Journal(tmp_path / "journal")
    yield made
    made.close()


def test_a_new_journal_and_its_name_are_on_the_disk_before_the_plan_goes_on(
    tmp_path: Path, journal: Journal, synced: Syncs
) -> None:
    documents = run_documents(events=0)
    journal(*documents[0])
    path = path_of(tmp_path / "journal", documents)
    assert synced[path.with_name(f".{path.stem}.new")] == path.stat().st_size
    assert path.parent in synced


def test_what_is_written_is_on_the_disk_soon_and_nothing_is_synced_twice(
    tmp_path: Path, journal: Journal, synced: Syncs
) -> None:
    documents = run_documents(events=3)
    path = path_of(tmp_path / "journal", documents)
    journal(*documents[0])
    for document in documents[1:-1]:
        journal(*document)
        wait_until(lambda: synced.get(path) == path.stat().st_size)
    synced.clear()
    threading.Event().wait(3 * SYNC_S)
    assert synced == {}
    journal(*documents[-1])
    assert synced == {path: path.stat().st_size}


def test_no_thread_is_left_where_no_run_is_open(journal: Journal) -> None:
    def threads() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.name == "journal sync"]

    first, second = run_documents(events=0), run_documents(events=0)
    journal(*first[0])
    journal(*second[0])
    assert threads() == ["journal sync"]
    journal(*first[-1])
    assert threads() == ["journal sync"]
    journal(*second[-1])
    assert threads() == []


def test_a_forgotten_journal_closes_its_files(tmp_path: Path) -> None:
    documents = run_documents(events=0)
    Journal(tmp_path)(*documents[0])
    assert not is_owned(path_of(tmp_path, documents))
    assert "journal sync" not in [thread.name for thread in threading.enumerate()]


def refuse(number: int) -> Callable[[int], None]:
    def refused(_: int) -> None:
        raise OSError(number, os.strerror(number))

    return refused


@pytest.mark.parametrize("number", [errno.EIO, errno.EDQUOT, errno.ESTALE, errno.ENOSPC], ids=errno.errorcode.get)
def test_after_a_sync_that_failed_no_document_is_taken_until_all_are_on_the_disk(
    tmp_path: Path,
    journal: Journal,
    synced: Syncs,
    number: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    documents = run_documents(events=3)
    path = path_of(tmp_path / "journal", documents)
    journal(*documents[0])
    follower = JournalFollower(path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse(number))
        journal(*documents[1])
        journal(*documents[2])
        assert follower.poll() == documents[:3]
        wait_until(lambda: "did not reach the disk" in caplog.text)
        for _ in range(2):
            with pytest.raises(JournalError, match=f"did not reach the disk: {os.strerror(number)}") as refused:
                journal(*documents[3])
            assert isinstance(refused.value.__cause__, OSError)
    before = path.stat().st_ino
    wait_until(lambda: "made again with all of its" in caplog.text)
    assert path.stat().st_ino != before  # what the old file holds on the disk, nobody knows
    assert synced[path.with_name(f".{path.stem}.new")] == path.stat().st_size
    assert is_owned(path)
    for document in documents[3:]:
        journal(*document)
    assert follower.poll() == documents[3:]
    assert list(read_journal(path)) == documents
    assert not is_owned(path)
    assert list(path.parent.iterdir()) == [path]


def test_a_stop_document_that_is_not_on_the_disk_is_told_and_brought_there_later(
    tmp_path: Path, journal: Journal, synced: Syncs, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = run_documents(events=0)
    path = path_of(tmp_path / "journal", documents)
    journal(*documents[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse(errno.EIO))
        with pytest.raises(JournalError, match="did not reach the disk") as told:
            journal(*documents[-1])
        assert told.value.__cause__ is None  # it is written: nobody shall give it again
        assert is_owned(path)
    wait_until(lambda: not is_owned(path))
    assert list(read_journal(path)) == [documents[0], documents[-1]]
    assert synced[path.with_name(f".{path.stem}.new")] == path.stat().st_size


def test_what_a_session_takes_with_it_is_said(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    documents = run_documents(events=0)
    journal(*documents[0])
    journal(*documents[1])
    monkeypatch.setattr(os, "fdatasync", refuse(errno.EIO))
    journal.close()
    assert "and is lost with this process" in caplog.text


def test_a_start_that_cannot_be_synced_leaves_no_journal(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = run_documents(events=0)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse(errno.EIO))
        with pytest.raises(JournalError, match="cannot be made: Input/output error"):
            journal(*documents[0])
    assert list((tmp_path / "journal").iterdir()) == []
    for document in documents:
        journal(*document)
    assert list(read_journal(path_of(tmp_path / "journal", documents))) == documents


@pytest.mark.parametrize("whole_folder", [False, True])
def test_a_journal_that_is_removed_under_its_run_is_made_again(
    tmp_path: Path, journal: Journal, whole_folder: bool, caplog: pytest.LogCaptureFixture
) -> None:
    documents = run_documents(events=3)
    path = path_of(tmp_path / "journal", documents)
    for document in documents[:2]:
        journal(*document)
    if whole_folder:
        shutil.rmtree(path.parent)
    else:
        path.unlink()
    journal(*documents[2])
    wait_until(lambda: "made again with all of its" in caplog.text)
    assert "removed from its folder" in caplog.text
    assert is_owned(path)
    for document in documents[3:]:
        journal(*document)
    assert list(read_journal(path)) == documents


def test_a_stale_handle_is_given_up_for_a_fresh_one(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = run_documents(events=2)
    path = path_of(tmp_path / "journal", documents)
    for document in documents[:2]:
        journal(*document)
    inode = path.stat().st_ino

    def stale(*_: object) -> int:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", stale)
        with pytest.raises(JournalError, match="Stale file handle"):
            journal(*documents[2])
    wait_until(lambda: path.stat().st_ino != inode)
    for document in documents[2:]:
        journal(*document)
    assert list(read_journal(path)) == documents


def full(*_: object) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_document_that_the_disk_does_not_take_can_be_given_again(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = run_documents(events=1)
    path = path_of(tmp_path / "journal", documents)
    for document in documents:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            with pytest.raises(JournalError, match="No space left") as refused:
                journal(*document)
        assert isinstance(refused.value.__cause__, OSError)
        journal(*document)
        assert is_owned(path) == (document is not documents[-1])
    assert list(read_journal(path)) == documents


def test_a_stop_document_that_is_no_json_frees_the_run(tmp_path: Path, journal: Journal) -> None:
    documents = run_documents(events=0)
    journal(*documents[0])
    with pytest.raises(JournalError, match="cannot be written as JSON"):
        journal("stop", documents[-1][1] | {"reason": tmp_path})
    assert not is_owned(path_of(tmp_path / "journal", documents))


def test_a_part_of_a_line_that_could_not_be_taken_away_is_taken_away_later(
    tmp_path: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = run_documents(events=2)
    journal(*documents[0])
    write = os.write

    def nearly_full(descriptor: int, line: bytes) -> int:
        if len(line) < 60:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(descriptor, line[: len(line) // 2])

    def stale(descriptor: int, length: int) -> None:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", nearly_full)
        patch.setattr(os, "ftruncate", stale)
        with pytest.raises(JournalError, match="No space left"):
            journal(*documents[1])
    for document in documents[1:]:
        journal(*document)
    assert list(read_journal(path_of(tmp_path / "journal", documents))) == documents


def test_monitors_write_from_threads_of_their_own(tmp_path: Path, journal: Journal) -> None:
    documents = run_documents(events=400)
    for document in documents[:2]:
        journal(*document)
    events = documents[2:-1]
    threads = [
        threading.Thread(target=lambda part=part: [journal(*each) for each in events[part::4]]) for part in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    journal(*documents[-1])
    whole = list(read_journal(path_of(tmp_path / "journal", documents)))
    assert sorted(whole[2:-1], key=lambda each: each[1]["seq_num"]) == events

"""Documents that the journal's disk does not take wait in their order; none is acknowledged before it is written."""

import errno
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from operando.engine.keeper import Keeper
from operando.errors import JournalError
from operando.journal import Journal, read_journal


class Disk:
    """Lets the journal's writes fail with an error number."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.error = 0
        for name in ("write", "fdatasync"):
            monkeypatch.setattr(os, name, self._wrapped(getattr(os, name)))

    def _wrapped(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(descriptor: int, *arguments: Any) -> Any:
            if self.error and os.readlink(f"/proc/self/fd/{descriptor}").split(" ")[0].endswith((".jsonl", ".new")):
                raise OSError(self.error, os.strerror(self.error))
            return real(descriptor, *arguments)

        return call


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[Keeper]:
    journal = Journal(tmp_path / "journal")
    keeper = Keeper(journal, interval=0.02)
    yield keeper
    keeper.close()
    journal.close()


DESCRIPTOR = {"uid": "d", "run_start": "r", "name": "xrd", "data_keys": {}}


def event(number: int) -> dict[str, Any]:
    return {"uid": f"e{number}", "descriptor": "d", "seq_num": number, "data": {}}


def names(folder: Path) -> list[str]:
    return [doc["uid"] for _, doc in read_journal(folder / "journal" / "r.jsonl")]


ERRORS = [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ESTALE, errno.EIO]


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
def test_documents_wait_in_their_order_until_the_disk_is_mended(
    keeper: Keeper, disk: Disk, tmp_path: Path, number: int
) -> None:
    keeper("start", {"uid": "r", "time": 1.0})
    keeper("descriptor", DESCRIPTOR)
    keeper("event", event(1))
    assert keeper.obstacle() == ""
    disk.error = number
    for k in (2, 3, 4):
        keeper("event", event(k))
    assert keeper.obstacle().startswith("3 documents are not in the journal yet")
    assert os.strerror(number) in keeper.obstacle()
    threading.Event().wait(0.7)  # the journal's own thread meets the error, too
    assert names(tmp_path) == ["r", "d", "e1"]
    disk.error = 0
    wait_until(lambda: not keeper.obstacle())
    keeper("event", event(5))
    keeper("stop", {"uid": "s", "run_start": "r", "exit_status": "success"})
    assert keeper.obstacle() == ""
    assert names(tmp_path) == ["r", "d", "e1", "e2", "e3", "e4", "e5", "s"]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS], ids=errno.errorcode.get)
def test_a_run_may_begin_and_end_on_a_disk_that_takes_nothing(
    keeper: Keeper, disk: Disk, tmp_path: Path, number: int
) -> None:
    disk.error = number
    keeper("start", {"uid": "r", "time": 1.0})
    keeper("descriptor", DESCRIPTOR)
    keeper("stop", {"uid": "s", "run_start": "r", "exit_status": "abort"})
    assert keeper.obstacle().startswith("3 documents")
    disk.error = 0
    wait_until(lambda: not keeper.obstacle())
    assert names(tmp_path) == ["r", "d", "s"]


def test_what_is_no_json_ends_the_plan_at_once(keeper: Keeper) -> None:
    keeper("start", {"uid": "r", "time": 1.0})
    with pytest.raises(JournalError, match="JSON"):
        keeper("descriptor", {**DESCRIPTOR, "data_keys": {"a": object()}})
    assert keeper.obstacle() == ""


def test_a_document_that_waited_in_vain_ends_the_plan(keeper: Keeper, disk: Disk) -> None:
    keeper("start", {"uid": "r", "time": 1.0})
    disk.error = errno.ENOSPC
    keeper("descriptor", DESCRIPTOR)
    keeper("event", {**event(1), "data": {"a": object()}})
    disk.error = 0
    wait_until(lambda: not keeper.obstacle())
    with pytest.raises(JournalError, match=r"event document: waited for its disk, and in vain: .*JSON"):
        keeper("event", event(2))


def test_a_document_that_is_changed_later_is_written_as_it_was(keeper: Keeper, disk: Disk, tmp_path: Path) -> None:
    keeper("start", {"uid": "r", "time": 1.0})
    disk.error = errno.ENOSPC
    changing = {**DESCRIPTOR}
    keeper("descriptor", changing)
    changing["name"] = "changed"
    disk.error = 0
    wait_until(lambda: not keeper.obstacle())
    assert [doc.get("name") for _, doc in read_journal(tmp_path / "journal" / "r.jsonl")] == [None, "xrd"]


def test_a_session_that_ends_says_what_it_takes_with_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def full(name: str, doc: Mapping[str, Any]) -> None:
        raise JournalError("no") from OSError(errno.ENOSPC, "No space left on device")

    keeper = Keeper(full, interval=60.0)
    keeper("start", {"uid": "r"})
    with caplog.at_level(logging.ERROR):
        keeper.close()
    assert "this session ends with 1 documents" in caplog.text


def test_a_removed_folder_of_journals_is_made_again_with_the_open_run(keeper: Keeper, tmp_path: Path) -> None:
    keeper("start", {"uid": "r", "time": 1.0})
    keeper("descriptor", DESCRIPTOR)
    keeper("event", event(1))
    shutil.rmtree(tmp_path / "journal")
    keeper("event", event(2))
    threading.Event().wait(0.7)
    keeper("event", event(3))
    wait_until(lambda: not keeper.obstacle())
    keeper("stop", {"uid": "s", "run_start": "r", "exit_status": "success"})
    assert names(tmp_path) == ["r", "d", "e1", "e2", "e3", "s"]


@pytest.mark.parametrize("how", ["removed", "moved away"])
def test_a_journal_that_is_taken_away_while_nothing_happens_is_made_again_unasked(
    keeper: Keeper, tmp_path: Path, how: str
) -> None:
    """Else nothing more would happen: exposures wait for a recorder that waits for the journal."""
    keeper("start", {"uid": "r", "time": 1.0})
    keeper("descriptor", DESCRIPTOR)
    keeper("event", event(1))
    journal = tmp_path / "journal" / "r.jsonl"
    threading.Event().wait(0.7)
    if how == "removed":
        shutil.rmtree(journal.parent)
    else:
        journal.parent.rename(tmp_path / "away")
    (tmp_path / "journal").mkdir()
    wait_until(journal.exists)
    assert names(tmp_path) == ["r", "d", "e1"]
    keeper("stop", {"uid": "s", "run_start": "r", "exit_status": "success"})
    assert names(tmp_path) == ["r", "d", "e1", "s"]

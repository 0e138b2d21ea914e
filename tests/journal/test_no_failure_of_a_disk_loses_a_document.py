"""Whatever the disk refuses, and whenever: every document is in the journal once, in its order."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from journal.journals import path_of, run_documents

from operando.errors import JournalError
from operando.journal import is_owned, read_journal
from operando.journal.open_run import OpenRun

CALLS = ("write", "fdatasync", "fsync", "ftruncate", "rename", "pread")
ERRORS = st.sampled_from([0, 0, 0, errno.ENOSPC, errno.EIO, errno.ESTALE, -1])
"""-1: half of a line is written, and then there is no space."""


class Disk:
    """Refuses what it is told to, one system call after the other; afterwards it is mended."""

    def __init__(self) -> None:
        self.plan: Iterator[int] = iter(())
        self._full = False

    def refusing(self, call: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def called(first: Any, *rest: Any) -> Any:
            number = errno.ENOSPC if self._full else next(self.plan, 0)
            self._full = False
            if number == -1 and call == "write":
                self._full = True
                return real(first, rest[0][: len(rest[0]) // 2])
            if number > 0:
                raise OSError(number, os.strerror(number))
            return real(first, *rest)

        return called


@settings(max_examples=60, deadline=None)
@given(
    at_birth=st.lists(ERRORS, max_size=8),
    later=st.lists(ERRORS, min_size=8, max_size=40),
    syncs=st.lists(st.booleans(), min_size=7, max_size=7),
)
def test_every_document_is_in_the_journal_once(at_birth: list[int], later: list[int], syncs: list[bool]) -> None:
    documents = run_documents(events=5)
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        path = path_of(Path(name) / "journal", documents)
        disk = Disk()
        for call in CALLS:
            patch.setattr(os, call, disk.refusing(call, getattr(os, call)))
        disk.plan = iter(at_birth)
        run = begun(path, documents[0][1])
        disk.plan = iter(later)
        for (kind, doc), sync in zip(documents[1:], syncs, strict=True):
            while not taken(run, kind, doc):
                run.sync()
            if sync:
                run.sync()
            assert is_owned(path) or not path.exists()
        while run.failure:
            run.sync()
        assert list(read_journal(path)) == documents
        run.close()
        assert list(path.parent.iterdir()) == [path]


def begun(path: Path, start: dict[str, Any]) -> OpenRun:
    while True:
        try:
            return OpenRun(path, start)
        except JournalError as error:
            if not isinstance(error.__cause__, OSError) or path.exists():
                raise


def taken(run: OpenRun, name: str, doc: dict[str, Any]) -> bool:
    try:
        run.append(name, doc)
    except JournalError as error:
        if not isinstance(error.__cause__, OSError):
            raise
        return False
    return True

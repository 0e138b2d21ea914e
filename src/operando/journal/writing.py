"""Append documents to the journal of their run before the RunEngine goes on."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.line import encode
from operando.journal.ownership import take


@dataclass(slots=True)
class _OpenRun:
    """The file of a run that has no stop document yet."""

    path: Path
    descriptor: int
    length: int = 0

    def append(self, line: bytes) -> None:
        """Hand a whole line to the operating system, or leave the file as it was."""
        written = 0
        try:
            while written < len(line):
                written += os.write(self.descriptor, line[written:])
        except OSError as error:
            os.ftruncate(self.descriptor, self.length)
            raise JournalError(
                f"{self.path}: {len(line)} bytes cannot be appended: {error.strerror}; the plan ends here"
            ) from error
        self.length += written


class Journal:
    """Appends each document to ``<uid of its run>.jsonl``; subscribed to a RunEngine, it ends the plan when it cannot.

    A line is with the operating system when the call returns. The file is locked from its first line on and until its
    stop document, and carries its name only once it is locked and has its start document.

    Parameters
    ----------
    folder : Path
        On a local disk; made when missing.

    Raises
    ------
    JournalError
        The folder cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, _OpenRun] = {}
        self._run_of_parent: dict[str, str] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise JournalError(f"{folder}: the folder for journals cannot be made: {error.strerror}") from error

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Append one document.

        Raises
        ------
        JournalError
            It cannot be written, or belongs to no open run.
        """
        line = encode(name, doc)
        if name == "start":
            self._begin(str(doc["uid"]), line)
            return
        run = self._run_of(name, doc)
        self._open[run].append(line)
        if name == "stop":
            self._end(run)

    def close(self) -> None:
        """Give up every open run; without a stop document they count as abandoned."""
        for run in list(self._open):
            self._end(run)

    def _begin(self, run: str, line: bytes) -> None:
        path = self._folder / f"{run}.jsonl"
        newborn = self._folder / f".{run}.new"
        if path.exists():
            raise JournalError(f"{path}: there is a journal of this run already; a journal is never written again")
        try:
            descriptor = os.open(newborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise JournalError(f"{newborn}: the journal cannot be made: {error.strerror}") from error
        opened = _OpenRun(path, descriptor)
        try:
            if not take(descriptor):
                raise JournalError(f"{newborn}: another process has locked the journal of this run")
            opened.append(line)
            os.rename(newborn, path)
        except (JournalError, OSError):
            os.close(descriptor)
            newborn.unlink(missing_ok=True)
            raise
        self._open[run] = opened

    def _end(self, run: str) -> None:
        opened = self._open.pop(run)
        self._run_of_parent = {uid: of for uid, of in self._run_of_parent.items() if of != run}
        try:
            os.fsync(opened.descriptor)
        finally:
            os.close(opened.descriptor)

    def _run_of(self, name: str, doc: Mapping[str, Any]) -> str:
        """Uid of the open run that a document belongs to."""
        if "run_start" in doc:
            run = str(doc["run_start"])
        else:
            run = self._run_of_parent.get(str(doc.get("descriptor") or doc.get("resource")), "")
        if run not in self._open:
            raise JournalError(f"journal: a {name} document {doc.get('uid')} belongs to no open run")
        if name in ("descriptor", "resource"):
            self._run_of_parent[str(doc["uid"])] = run
        return run

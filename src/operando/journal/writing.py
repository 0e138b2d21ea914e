"""Append documents to the journal of their run before the RunEngine goes on."""

import os
import weakref
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.folder import sync_folder
from operando.journal.open_run import OpenRun
from operando.journal.ownership import take
from operando.journal.synced_runs import SyncedRuns


class Journal:
    """Appends each document to ``<uid of its run>.jsonl``; subscribed to a RunEngine, it ends the plan when it cannot.

    A line is with the operating system when the call returns, and on the disk at most 0.5 s later; where it does not
    get there, the next document of its run is refused. The file is locked from its first line on and until its stop
    document, and carries its name only once it is locked and has its start document on the disk.

    An array of more than 10⁴ numbers goes into an HDF5 file beside the journal, and is on the disk before the line that
    refers to it; so do arrays of more than 100 numbers from a document of more than 1 MB. A start document stays whole.

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
        self._open = SyncedRuns()
        self._run_of: dict[str, OpenRun] = {}
        """By the uids that documents of a run refer to: of its start document, its descriptors and resources."""
        weakref.finalize(self, self._open.close)  # also at the end of the process
        try:
            folder.mkdir(parents=True, exist_ok=True)
            sync_folder(folder.parent)
        except OSError as error:
            raise JournalError(f"{folder}: the folder for journals cannot be made: {error.strerror}") from error

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Append one document.

        Raises
        ------
        JournalError
            It cannot be written, an earlier one did not reach the disk, or it belongs to no open run.
        """
        if name == "start":
            self._begin(doc)
            return
        run = self._run_of.get(doc.get("run_start") or doc.get("descriptor") or doc.get("resource", ""))
        if run is None:
            raise JournalError(f"journal: a {name} document {doc.get('uid')} belongs to no open run")
        if name == "stop":
            self._forget(run)
            run.finish(name, doc)
            return
        run.append(name, doc)
        if name in ("descriptor", "resource"):
            self._run_of[doc["uid"]] = run

    def close(self) -> None:
        """Give up every open run; without a stop document they count as abandoned."""
        self._open.close()
        self._run_of.clear()

    def _begin(self, start: Mapping[str, Any]) -> None:
        run = str(start["uid"])
        path = self._folder / f"{run}.jsonl"
        newborn = self._folder / f".{run}.new"
        if path.exists():
            raise JournalError(f"{path}: there is a journal of this run already; a journal is never written again")
        try:
            descriptor = os.open(newborn, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        except OSError as error:
            raise JournalError(f"{newborn}: the journal cannot be made: {error.strerror}") from error
        opened = OpenRun(path, descriptor)
        try:
            if not take(descriptor):
                raise JournalError(f"{newborn}: another process has locked the journal of this run")
            opened.append("start", start)
            opened.sync()
            if opened.failure:
                raise JournalError(opened.failure)
            os.rename(newborn, path)
            sync_folder(self._folder)
        except (JournalError, OSError) as error:
            opened.close()
            for made in (newborn, path):
                with suppress(OSError):
                    made.unlink(missing_ok=True)
            raise JournalError(f"{path}: not begun: {error}") from error
        self._run_of[run] = opened
        self._open.add(opened)

    def _forget(self, run: OpenRun) -> None:
        self._run_of = {uid: of for uid, of in self._run_of.items() if of is not run}
        self._open.remove(run)

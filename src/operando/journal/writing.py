"""Append documents to the journal of their run before the RunEngine goes on."""

import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.folder import sync_folder
from operando.journal.open_run import OpenRun
from operando.journal.synced_runs import SyncedRuns


class Journal:
    """Appends each document to ``<uid of its run>.jsonl`` before it returns, and raises where it cannot.

    A line is with the operating system when the call returns, and on the disk at most 0.5 s later; where it does not
    get there, the next document of its run is refused until it is. The file is locked from its first line on and until
    its stop document, and carries its name only once it is locked and has its start document on the disk.

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
            It cannot be written: where the cause is an `OSError`, the same document may be given again. Or it belongs
            to no open run; or it is a stop document, was written, and something of its run is not on the disk.
        """
        if name == "start":
            uid = str(doc["uid"])
            run = OpenRun(self._folder / f"{uid}.jsonl", doc)
            self._run_of[uid] = run
            self._open.add(run)
            return
        found = self._run_of.get(doc.get("run_start") or doc.get("descriptor") or doc.get("resource", ""))
        if found is None:
            raise JournalError(f"journal: a {name} document {doc.get('uid')} belongs to no open run")
        if name == "stop":
            self._end(found, doc)
            return
        found.append(name, doc)
        if name in ("descriptor", "resource"):
            self._run_of[doc["uid"]] = found

    def close(self) -> None:
        """Give up every open run; without a stop document they count as abandoned."""
        self._open.close()
        self._run_of.clear()

    def _end(self, run: OpenRun, stop: Mapping[str, Any]) -> None:
        try:
            run.finish(stop)
        except JournalError as error:
            if not run.ended and isinstance(error.__cause__, OSError):
                raise  # it may be given again
            self._forget(run)
            if not run.ended:
                self._open.leave(run)
            raise
        self._forget(run)
        self._open.leave(run)

    def _forget(self, run: OpenRun) -> None:
        self._run_of = {uid: of for uid, of in self._run_of.items() if of is not run}

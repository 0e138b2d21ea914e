"""The file of a run that has no stop document yet."""

import logging
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.arrays import ArrayFiles

_logger = logging.getLogger(__name__)


class OpenRun:
    """Appends documents to a file that is locked; several threads may (a monitor's document comes from its own).

    A line is with the operating system when `append` returns, and outlives this process. `sync` brings it onto the
    disk, where it outlives the power. After a sync that failed nobody knows what of the last lines is on the disk
    (Rebello et al., USENIX ATC 2020), so no later one makes it good: the next document is refused.

    Parameters
    ----------
    path : Path
        The name it is known by.
    descriptor : int
        Open for appending; closed with this.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self.failure = ""
        """Why documents are refused."""
        self._arrays = ArrayFiles(path.parent, path.stem)
        self._descriptor = descriptor
        self._length = 0
        self._synced = 0
        self._ragged = False
        self._told = False
        self._appending = threading.Lock()
        self._syncing = threading.Lock()

    def append(self, name: str, doc: Mapping[str, Any]) -> None:
        """Hand the whole line of a document to the operating system, or leave the file as it was.

        Raises
        ------
        JournalError
            It cannot be written, or an earlier one did not reach the disk.
        """
        if self.failure:
            self._told = True
            raise JournalError(self.failure)
        self._write(self._arrays.line(name, doc))

    def sync(self) -> None:
        """Bring what was written onto the disk; what hinders it is in `failure`."""
        with self._syncing:
            length = self._length
            if self._descriptor < 0 or length == self._synced or self.failure:
                return
            try:
                os.fdatasync(self._descriptor)
                gone = os.fstat(self._descriptor).st_nlink == 0
            except OSError as error:
                self._fail(f"{length - self._synced} bytes did not reach the disk: {error.strerror}")
            else:
                if gone:
                    self._fail("removed from its folder while its run is open")
                self._synced = length

    def finish(self, name: str, doc: Mapping[str, Any]) -> None:
        """Append the stop document and close; written also after a failure, so that readers see the end of the run.

        Raises
        ------
        JournalError
            It cannot be written, or something did not reach the disk and no document was refused for it yet.
        """
        try:
            self._write(self._arrays.line(name, doc))
        finally:
            self.close()
        if self.failure and not self._told:
            raise JournalError(self.failure)

    def close(self) -> None:
        """Sync and close; the lock is free."""
        self.sync()
        with self._syncing:
            if self._descriptor >= 0:
                descriptor, self._descriptor = self._descriptor, -1
                os.close(descriptor)

    def _write(self, line: bytes) -> None:
        with self._appending:
            written = 0
            try:
                if self._ragged:
                    self._cut()
                written = os.write(self._descriptor, line)
                while written < len(line):
                    written += os.write(self._descriptor, line[written:])
            except OSError as error:
                self._ragged = written > 0 or self._ragged
                self._cut_if_possible()
                raise JournalError(
                    f"{self.path}: {len(line)} bytes cannot be appended: {error.strerror}; the plan ends here"
                ) from error
            self._length += written

    def _cut(self) -> None:
        """Take a part of a line away again."""
        os.ftruncate(self._descriptor, self._length)
        self._ragged = False

    def _cut_if_possible(self) -> None:
        try:
            if self._ragged:
                self._cut()
        except OSError as error:
            _logger.warning("%s: a part of a line stays for now: %s", self.path, error.strerror)

    def _fail(self, reason: str) -> None:
        self.failure = f"{self.path}: {reason}; the plan ends here"
        _logger.error("%s", self.failure)

"""The file of a run that has no stop document yet."""

import errno
import logging
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.arrays import ArrayFiles
from operando.journal.birth import give_birth
from operando.journal.folder import sync_folder

PIECE = 1_000_000
"""Bytes copied at a time."""
LOST = (errno.EIO, errno.ESTALE, errno.EBADF)
"""Errors after which an open file is worth nothing; a full disk and a quota leave it as it was."""
_logger = logging.getLogger(__name__)


class OpenRun:
    """Appends documents to a file that is locked; several threads may (a monitor's document comes from its own).

    A line is with the operating system when `append` returns, and outlives this process. `sync` brings it onto the
    disk, where it outlives the power. After a sync that failed nobody knows what of the last lines is on the disk, and
    another one that succeeds says nothing of them (Rebello et al., USENIX ATC 2020). So the lines since the last sync
    are kept in memory; after a failure no document is taken until a fresh file that holds them all has the name.

    Parameters
    ----------
    path : Path
        Where it is to be; nothing must be there.
    start : Mapping
        The start document; with it the file is on the disk.

    Raises
    ------
    JournalError
        It cannot be made; nothing is left of it.
    """

    def __init__(self, path: Path, start: Mapping[str, Any]) -> None:
        self.path = path
        self.failure: OSError | None = None
        """Why documents are refused."""
        self.ended = False
        """It has its stop document."""
        self._arrays = ArrayFiles(path.parent, path.stem)
        line = self._arrays.line("start", start)
        try:
            self._descriptor = _born(path, line)
        except OSError as error:
            raise JournalError(f"{path}: the journal cannot be made: {error.strerror}") from error
        self._length = self._synced = len(line)
        self._unsynced: list[bytes] = []
        self._ragged = False
        self._appending = threading.Lock()
        self._syncing = threading.Lock()

    def append(self, name: str, doc: Mapping[str, Any]) -> None:
        """Hand the whole line of a document to the operating system, or leave the file as it was.

        Raises
        ------
        JournalError
            It cannot be written. Where the cause is an `OSError`, it may be given again later.
        """
        with self._appending:
            if self.failure:
                raise self._refusal(name, self.failure)
            line = self._arrays.line(name, doc)
            try:
                self._write(line)
            except OSError as error:
                if error.errno in LOST:
                    self._fail(error)
                elif self._ragged:
                    self._cut_if_possible()
                raise self._refusal(name, error) from error
            self._unsynced.append(line)

    def finish(self, stop: Mapping[str, Any]) -> None:
        """Append the stop document and bring everything onto the disk.

        Raises
        ------
        JournalError
            The document cannot be written, as with `append`; or it is written, and something is not on the disk.
        """
        self.append("stop", stop)
        self.ended = True
        self.sync()
        if self.failure:
            raise JournalError(f"{self._trouble(self.failure)}; this is tried on while this process lives")

    def sync(self) -> None:
        """Bring what was written onto the disk; after a failure, try to put a fresh file in the place of this one."""
        with self._syncing:
            if self._descriptor < 0:
                return
            if self.failure:
                self._replace()
            elif self._unsynced or not self._in_place():  # nothing more may come before it is there again
                self._sync()

    def close(self) -> None:
        """Sync and close; the lock is free."""
        self.sync()
        if self.failure:
            _logger.error("%s, and is lost with this process", self._trouble(self.failure))
        with self._syncing:
            if self._descriptor >= 0:
                descriptor, self._descriptor = self._descriptor, -1
                os.close(descriptor)

    def _write(self, line: bytes) -> None:
        if self._ragged:
            self._cut()
        written = os.write(self._descriptor, line)
        while written < len(line):
            self._ragged = True
            written += os.write(self._descriptor, line[written:])
        self._ragged = False
        self._length += written

    def _cut(self) -> None:
        """Take a part of a line away again."""
        os.ftruncate(self._descriptor, self._length)
        self._ragged = False

    def _cut_if_possible(self) -> None:
        try:
            self._cut()
        except OSError as error:
            _logger.warning("%s: a part of a line stays for now: %s", self.path, error.strerror)

    def _sync(self) -> None:
        with self._appending:
            length, lines, self._unsynced = self._length, self._unsynced, []
        try:
            os.fdatasync(self._descriptor)
            if not self._in_place():
                raise FileNotFoundError(errno.ENOENT, "removed from its folder while its run is open")
        except OSError as error:
            with self._appending:
                self._unsynced = lines + self._unsynced
                self._fail(error)
        else:
            self._synced = length

    def _in_place(self) -> bool:
        """Whether the name still leads to the open file; a stale handle does not tell, it is met when it is written."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def _replace(self) -> None:
        with self._appending:
            try:
                descriptor = give_birth(self.path, self._content(), replacing=True)
            except OSError as error:
                self.failure = error
                return
            with suppress(OSError):
                os.close(self._descriptor)
            self._length = self._synced = os.fstat(descriptor).st_size
            self._descriptor, self._unsynced, self._ragged = descriptor, [], False
            try:
                sync_folder(self.path.parent)
            except OSError as error:
                self.failure = error
                return
            self.failure = None
        _logger.warning("%s: made again with all of its %d bytes", self.path, self._length)

    def _content(self) -> Iterator[bytes]:
        """Yield what was on the disk at the last sync, and the lines since."""
        source = self._readable()
        try:
            for start in range(0, self._synced, PIECE):
                wanted = min(PIECE, self._synced - start)
                piece = os.pread(source, wanted, start)
                if len(piece) < wanted:
                    raise OSError(errno.EIO, f"{self._synced} bytes were on the disk and cannot be read again")
                yield piece
        finally:
            os.close(source)
        yield from self._unsynced

    def _readable(self) -> int:
        """Return a descriptor of the file; also of one that was removed, and of one that became stale and came back."""
        try:
            os.pread(self._descriptor, 1, 0)
            return os.dup(self._descriptor)
        except OSError:
            return os.open(self.path, os.O_RDONLY)

    def _fail(self, error: OSError) -> None:
        self.failure = error
        _logger.error("%s", self._trouble(error))

    def _trouble(self, error: OSError) -> str:
        size = sum(map(len, self._unsynced))
        return f"{self.path}: {size} bytes did not reach the disk: {error.strerror}; they are kept in memory"

    def _refusal(self, name: str, error: OSError) -> JournalError:
        text = self._trouble(error) if self.failure else f"{self.path}: not appended: {error.strerror}"
        refusal = JournalError(f"{text}; the {name} document is not taken")
        refusal.__cause__ = error
        return refusal


def _born(path: Path, line: bytes) -> int:
    """Make a journal with its name on the disk, or nothing."""
    descriptor = give_birth(path, [line])
    try:
        sync_folder(path.parent)
    except OSError:
        os.close(descriptor)
        with suppress(OSError):
            path.unlink()
        raise
    return descriptor

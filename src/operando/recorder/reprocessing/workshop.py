"""A folder beside a file of record in which its successor is made, and which nobody else works in."""

import fcntl
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from operando.errors import RecordError
from operando.recorder.synchronisation import sync_folder

LOCK = "lock"


class Workshop:
    """A hidden folder beside ``target``; whatever happens, ``target`` is the old file or the whole new one.

    What a killed program left in it is cleared away.

    Parameters
    ----------
    target : Path
        The file that is to be replaced, or made.

    Raises
    ------
    RecordError
        Another program works on the same file, or the folder cannot be written.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.folder = target.with_name(f".{target.name}.reprocessing")
        self.copy = self.folder / target.name

    def __enter__(self) -> "Workshop":
        try:
            self._lock = self._locked()
            for place in self.folder.iterdir():
                if place.name != LOCK:
                    _remove(place)
        except OSError as error:
            words = "nothing was changed; --to names another folder for the result"
            raise RecordError(f"{self.folder}: cannot be made: {error}; {words}") from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)

    def take_copy(self, original: Path) -> Path:
        """Copy a file here, with its permissions, and return the copy."""
        shutil.copy(original, self.copy)
        return self.copy

    def publish(self) -> None:
        """Let the copy take the place of the target, once it is on the disk."""
        descriptor = os.open(self.copy, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.replace(self.copy, self.target)
        sync_folder(self.target.parent)

    def _locked(self) -> int:
        """Return a descriptor of the lock; it may have been removed between its making and its locking."""
        while True:
            self.folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                descriptor = os.open(self.folder / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
                if self._is_ours(descriptor):
                    return descriptor
                os.close(descriptor)

    def _is_ours(self, descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise RecordError(f"{self.target}: another program reprocesses it just now; nothing was changed") from None
        with suppress(FileNotFoundError):
            return os.fstat(descriptor).st_ino == os.stat(self.folder / LOCK).st_ino
        return False


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink()

"""A disk in the way of one file of record: how long the recorder leaves it alone, and a file that was taken away."""

import errno
import os
from pathlib import Path

from operando.errors import RecordError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
"""s between two attempts."""
CHECK = 1.0
"""s between two looks at whether a file is still where it was made."""
GIVEN_UP = 60.0
"""s after which a journal that somebody removed is not waited for."""


class Hindrance:
    """What stands in the way of a run; a fresh one does not.

    Parameters
    ----------
    pause : float
        s, of the last attempt.
    until : float
        s, on the recorder's clock: the next attempt.
    since : float or None
        The first attempt that failed; None where none did.
    """

    def __init__(self, pause: float = 0.0, until: float = 0.0, since: float | None = None) -> None:
        self._pause = pause
        self._until = until
        self._since = since
        self._checked = 0.0
        self._identity: tuple[int, int] | None = None

    def stands(self, now: float) -> bool:
        """Whether the run is left alone for now."""
        return now < self._until

    def lasts(self, now: float) -> bool:
        """Whether it has lasted for so long that something that was removed will not come back."""
        return self._since is not None and now - self._since > GIVEN_UP

    def again(self, now: float) -> "Hindrance":
        """Return what follows a further attempt that failed."""
        pause = min(max(2 * self._pause, FIRST_PAUSE), LONGEST_PAUSE)
        return Hindrance(pause, now + pause, now if self._since is None else self._since)

    def removed(self, path: Path, now: float) -> bool:
        """Whether the open file of record is no longer what its name leads to; HDF5 would not notice."""
        if self._identity is not None and now - self._checked < CHECK:
            return False
        self._checked = now
        try:
            found = os.stat(path)
        except FileNotFoundError:
            return True
        identity = found.st_dev, found.st_ino
        self._identity = self._identity or identity
        return identity != self._identity


def gone(path: Path) -> RecordError:
    """Return the error that something has been taken away, as the operating system would say it."""
    error = RecordError(f"{path}: was removed, or its disk is not mounted; the run stays in its journal")
    error.__cause__ = FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path))
    return error

"""A journal comes into its folder whole: locked, and on the disk."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from operando.errors import JournalError
from operando.journal.ownership import take


def give_birth(path: Path, content: Iterable[bytes], replacing: bool = False) -> int:
    """Make a journal and return its open, locked descriptor; it has its name once its content is on the disk.

    That the name is on the disk, too, is left to the caller (`sync_folder`), who holds the lock by then.

    Parameters
    ----------
    content : iterable of bytes
        What it begins with.
    replacing : bool
        A journal of that name is replaced; otherwise it must not be there.

    Raises
    ------
    OSError
        It cannot be made; what was there is there.
    JournalError
        There is one, or another process makes it.
    """
    newborn = path.with_name(f".{path.stem}.new")
    if path.exists() and not replacing:
        raise JournalError(f"{path}: there is a journal of this run already; a journal is never written again")
    path.parent.mkdir(exist_ok=True)
    descriptor = os.open(newborn, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        if not take(descriptor):
            raise JournalError(f"{newborn}: another process has locked the journal of this run")
        try:
            _fill(descriptor, content)
            os.rename(newborn, path)
        except OSError:
            with suppress(OSError):
                newborn.unlink()
            raise
    except (OSError, JournalError):
        os.close(descriptor)
        raise
    return descriptor


def _fill(descriptor: int, content: Iterable[bytes]) -> None:
    os.ftruncate(descriptor, 0)
    for piece in content:
        written = 0
        while written < len(piece):
            written += os.write(descriptor, piece[written:])
    os.fdatasync(descriptor)

"""Who owns a journal: the process whose RunEngine holds its lock.

The lock is flock(2): the kernel drops it with the process, however that ends. It binds on local disks only.
"""

import fcntl
import os
from pathlib import Path

from operando.errors import JournalError


def take(descriptor: int) -> bool:
    """Lock an open file for this process alone; False where another process has it."""
    return _lock(descriptor, fcntl.LOCK_EX)


def is_owned(path: Path) -> bool:
    """Whether the process that writes this journal still lives and its run is open.

    A journal that nobody owns and that has no stop document was abandoned.

    Raises
    ------
    JournalError
        There is no such journal.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise JournalError(f"{path}: the journal cannot be opened: {error.strerror}") from error
    try:
        # A shared lock, so that two readers who ask at once do not take each other for the owner.
        return not _lock(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

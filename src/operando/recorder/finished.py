"""Whether a file of record is at rest: written to its end, and closed."""

from pathlib import Path

import h5py

from operando.recorder.nexus import is_complete


def is_finished(path: Path) -> bool:
    """Return whether a file of record was written to its end and no program writes it any more.

    Its end is visible, to those who do not ask for a lock, before the recorder closes it.
    """
    if not is_complete(path):
        return False
    try:
        h5py.File(path, "r", locking=True).close()
    except OSError:  # BlockingIOError, among others: the recorder holds its lock
        return False
    return True

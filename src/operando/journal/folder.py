"""The folder of journals: what lies in it, how much, and what may go."""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operando.journal.ownership import is_owned

DAY_S = 86400.0
_logger = logging.getLogger(__name__)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a folder of journals holds.

    Parameters
    ----------
    runs : int
        Journals.
    size : int
        Bytes of the journals and of what lies beside them.
    """

    runs: int
    size: int


def usage(folder: Path) -> Usage:
    """Count journals and bytes; nothing where there is no such folder."""
    runs = size = 0
    try:
        for entry in os.scandir(folder):
            size += entry.stat().st_size
            runs += entry.name.endswith(".jsonl")
    except FileNotFoundError:  # the folder, or a file that was just removed
        pass
    return Usage(runs, size)


def remove_recorded(folder: Path, before: float, is_recorded: Callable[[Path], bool]) -> list[Path]:
    """Remove old journals, with what lies beside them, and return which.

    A run that is open, and one of which there is no complete file of record, stay however old they are.

    Parameters
    ----------
    before : float
        POSIX s; a journal that was written to later stays.
    is_recorded : callable
        Whether the file of record of a journal is complete.
    """
    removed = []
    for path in sorted(folder.glob("*.jsonl")):
        if path.stat().st_mtime >= before or is_owned(path) or not is_recorded(path):
            continue
        for beside in folder.glob(f"{path.stem}.*"):
            if beside != path:
                beside.unlink()
        path.unlink()  # last, so that what a kill leaves is found again
        _logger.info("%s: removed; its file of record is complete, and it is older than it is kept", path)
        removed.append(path)
    return removed

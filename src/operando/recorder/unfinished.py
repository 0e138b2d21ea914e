"""Files of record on the disk: made, found unfinished and opened again, or set aside."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py

from operando.errors import RecordDamaged, RecordError
from operando.recorder.synchronisation import sync_folder

_logger = logging.getLogger(__name__)


def open_unfinished(path: Path, booted_ns: int | None = None) -> h5py.File | None:
    """Open a file that a recorder left; None where there is none that can be continued.

    What cannot be continued is set aside: a file that does not open, and one last written before the host booted. A
    power cut keeps some of the last blocks and loses others, and HDF5 has no journal to tell which.

    Raises
    ------
    RecordError
        A viewer holds it open, another recorder is writing it, or it may not be written.
    """
    booted_ns = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME) if booted_ns is None else booted_ns
    try:
        if path.stat().st_mtime_ns < booted_ns:
            set_aside(path, "last written before this host booted")
            return None
        return h5py.File(path, "r+", locking=True)
    except FileNotFoundError:
        return None
    except BlockingIOError as error:
        raise RecordError(
            f"{path}: a viewer holds it open, or another recorder is writing it; nothing was changed"
        ) from error
    except OSError as error:
        if error.errno is not None:  # the operating system's refusal, not HDF5's
            raise RecordError(f"{path}: cannot be written: {error}; the run stays in its journal") from error
        set_aside(path, f"does not open: {error}")
        return None


def create(path: Path) -> h5py.File:
    """Create a file that gets its name from `publish`: one that is killed before has left nothing that does not open.

    Raises
    ------
    RecordError
        It cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        newborn(path).unlink(missing_ok=True)
        return h5py.File(newborn(path), "x", locking=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}; the run stays in its journal") from error


def publish(path: Path) -> None:
    """Give a created file its name, once its structure was flushed.

    Raises
    ------
    RecordError
        That is not possible.
    """
    try:
        newborn(path).rename(path)
        sync_folder(path.parent)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}; the run stays in its journal") from error


def newborn(path: Path) -> Path:
    """Return the name of a file that has no structure yet."""
    return path.with_name(f".{path.name}.new")


def set_aside(path: Path, reason: str, next_step: str = "written anew from the journal") -> Path:
    """Give a damaged file another name, never one that is taken; return it.

    Parameters
    ----------
    path : Path
        The file.
    reason, next_step : str
        What is wrong with it, and what happens now; for the log.
    """
    number = 1
    aside = path.with_name(f"{path.name}.damaged")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    path.rename(aside)
    _logger.warning("%s: %s; kept as %s and %s", path, reason, aside.name, next_step)
    return aside


@contextmanager
def judging(path: Path) -> Iterator[None]:
    """Turn what HDF5 says about a file's content into `RecordDamaged`."""
    try:
        yield
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, IndexError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise RecordDamaged(f"{path}: cannot be read: {error}") from error


def skeleton(path: Path) -> h5py.File:
    """Return a file in memory, for the structure that an unfinished one should have."""
    return h5py.File(f"{path}: in memory", "w", driver="core", backing_store=False)

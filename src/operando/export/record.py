"""What exports read out of a file of record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.recorder.environment_logs import environment_logs
from operando.recorder.instants import NS, from_posix
from operando.recorder.tree import entries, text_attribute, text_of
from operando.vocabulary import Quality, of_channel


@dataclass(frozen=True, slots=True)
class Log:
    """The samples of a quantity that can be trusted.

    Parameters
    ----------
    time : NDArray[float64]
        s from the start of the run, ascending.
    value : NDArray[float64]
        In the unit of the quantity.
    """

    time: NDArray[np.float64]
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.time)


@contextmanager
def opened(path: Path) -> Iterator[h5py.File]:
    """Open a file of record for reading.

    Raises
    ------
    RecordError
        It does not open, is no NeXus file, or what is wanted of it cannot be read.
    """
    try:
        file = h5py.File(path, "r")
    except BlockingIOError as error:
        words = f"{path}: is being written; export it when its run has ended; nothing is exported"
        raise RecordError(words) from error
    except OSError as error:
        raise RecordError(f"{path}: does not open: {error}; nothing is exported") from error
    with file:
        if not entries(file):
            raise RecordError(f"{path}: no NXentry in it; a file of record is wanted; nothing is exported")
        try:
            yield file
        except (OSError, KeyError, RuntimeError) as error:  # h5py's words for what is damaged, or not there
            words = f"{path}: cannot be read as a file of record: {error}; operando validate says what it lacks"
            raise RecordError(words) from error


def logs(file: h5py.File) -> dict[str, Log]:
    """Return the environment log, quantity by quantity; one without good samples is left out."""
    found = {quantity: _trusted(group) for quantity, group in environment_logs(file)}
    return {quantity: log for quantity, log in found.items() if len(log)}


def start_ns(file: h5py.File) -> int:
    """Return UTC ns since the epoch of the start of the run: the zero of every time in the file."""
    for _, group in environment_logs(file):
        start = text_attribute(group["time"], "start")
        if start:
            return nanoseconds(start)
    raise RecordError(f"{file.filename}: no environment log says when the run started; nothing is exported")


def nanoseconds(moment: str) -> int:
    """Return UTC ns since the epoch of an ISO 8601 instant, to the µs.

    Examples
    --------
    >>> nanoseconds("1970-01-01T00:00:01.000001+00:00")
    1000001000
    """
    return from_posix(datetime.fromisoformat(moment).timestamp())


def start_document(file: h5py.File) -> dict[str, Any]:
    """Return the start document of the run; empty in a file that was made without one."""
    for entry in entries(file):
        data = entry.get("start_document/data")
        if isinstance(data, h5py.Dataset):
            return dict(json.loads(text_of(data)))
    return {}


def cell_programme(file: h5py.File, channel: str = "") -> h5py.Group | None:
    """Return what became of the cell programme of a cell; None where none ran."""
    name = of_channel("cell_programme", channel)
    return next((entry[name] for entry in entries(file) if isinstance(entry.get(name), h5py.Group)), None)


def seconds_to_ns(start: int, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return UTC ns since the epoch of times of a file."""
    return start + np.rint(seconds * NS).astype(np.int64)


def _trusted(group: h5py.Group) -> Log:
    time, value = np.asarray(group["time"][()], np.float64), np.asarray(group["value"][()], np.float64)
    good = np.isfinite(value)
    if "quality" in group:
        good &= group["quality"][()] == Quality.GOOD
    return Log(time[good], value[good])

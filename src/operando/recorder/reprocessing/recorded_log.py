"""The environment log out of a file of record: every sample of the run, where the log itself stayed at the beamline."""

from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.history import EnvironmentHistory, KeptProgramme, RealisedStep, Samples, Spectrum
from operando.recorder.environment_logs import environment_logs
from operando.recorder.instants import NS
from operando.vocabulary import Quality, Reading

BLOCK = 65_536
"""Samples read at a time."""
FOREVER_NS = 2**62


@dataclass(slots=True)
class _Column:
    """A log of the file, with the time of every `BLOCK`-th sample, and the part of it that was read last."""

    log: h5py.Group
    begins_ns: NDArray[np.int64]
    first: int = -1
    last: int = -1
    read: Samples | None = None


class RecordedLog(EnvironmentHistory):
    """The logs of a file, asked as the environment log is; cell programmes are not looked for in it.

    Parameters
    ----------
    file : h5py.File
        Open as long as this is used.
    start_ns : int
        UTC, ns since the epoch: the zero of its times.
    """

    def __init__(self, file: h5py.File, start_ns: int) -> None:
        self._start_ns = start_ns
        self._columns = {
            quantity: _Column(log, self._ns(log["time"][::BLOCK]))
            for quantity, log in environment_logs(file)
            if isinstance(log.get("time"), h5py.Dataset) and len(log["time"])
        }

    def __len__(self) -> int:
        return len(self._columns)

    def quantities(self) -> list[str]:
        """Return the quantities of which there is a sample."""
        return list(self._columns)

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        """Return what was measured of a quantity from ``start_ns`` to ``end_ns``, both included."""
        column = self._columns.get(quantity)
        if column is None:
            return _slice(_NOTHING, 0, 0)
        first = max(int(np.searchsorted(column.begins_ns, start_ns, side="left")) - 1, 0)
        last = max(int(np.searchsorted(column.begins_ns, end_ns, side="right")), first + 1)
        if column.read is None or not column.first <= first <= last <= column.last:
            column.first, column.last, column.read = first, last, self._read(column.log, first, last)
        low = int(np.searchsorted(column.read.time_ns, start_ns, side="left"))
        return _slice(column.read, low, int(np.searchsorted(column.read.time_ns, end_ns, side="right")))

    def first_ns(self, quantity: str) -> int | None:
        """Return the time of the oldest sample of a quantity, UTC ns since the epoch; None where there is none."""
        column = self._columns.get(quantity)
        return None if column is None else int(column.begins_ns[0])

    def last(self, quantity: str, before_ns: int | None = None) -> Reading | None:
        """Return the newest sample of a quantity, or the newest at or before ``before_ns``, or None."""
        column, limit = self._columns.get(quantity), FOREVER_NS if before_ns is None else before_ns
        if column is None or column.begins_ns[0] > limit:
            return None
        block = int(np.searchsorted(column.begins_ns, limit, side="right")) - 1
        found = self.samples(quantity, int(column.begins_ns[block]), limit)
        return Reading(float(found.value[-1]), int(found.time_ns[-1]), Quality(int(found.quality[-1])))

    def steps(self, start_ns: int, end_ns: int, cell: str = "") -> list[RealisedStep]:
        """Return nothing: what became of a cell programme is in the file already."""
        return []

    def spectra(self, start_ns: int, end_ns: int, cell: str = "") -> list[Spectrum]:
        """Return nothing, as of `steps`."""
        return []

    def programme(self, before_ns: int, cell: str = "", hash: str = "%") -> KeptProgramme | None:
        """Return None: as far as samples lie apart, the configured programme holds."""
        return None

    def programmes(self, start_ns: int, end_ns: int, cell: str = "") -> list[KeptProgramme]:
        """Return nothing, as of `programme`."""
        return []

    def committed_ns(self) -> int:
        """Return a time after every run: nothing more will be written."""
        return FOREVER_NS

    def close(self) -> None:
        """Forget what was read; the file stays open."""
        self._columns.clear()

    def _read(self, log: h5py.Group, first: int, last: int) -> Samples:
        part = slice(first * BLOCK, last * BLOCK)
        time_ns = self._ns(log["time"][part])
        quality = log["quality"][part] if "quality" in log else np.zeros(len(time_ns))
        return Samples(time_ns, np.asarray(log["value"][part], np.float64), np.asarray(quality, np.int8))

    def _ns(self, seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return UTC ns; s as float64 hold ns exactly in runs of up to a hundred days."""
        return self._start_ns + np.rint(np.asarray(seconds, np.float64) * NS).astype(np.int64)


def _slice(samples: Samples, low: int, high: int) -> Samples:
    return Samples(samples.time_ns[low:high], samples.value[low:high], samples.quality[low:high])


_NOTHING = Samples(np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int8))

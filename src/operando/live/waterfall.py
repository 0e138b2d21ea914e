"""Patterns of a whole run one above the other, as many as a screen has lines."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from operando.live.decimation import decimated

ROWS, BINS = 200, 500
"""At most, of a waterfall."""
AT_ONCE = 25
"""Patterns fetched for one look, at most: what is missing comes with the next ones."""

Fetch = Callable[[Sequence[int]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""Rows of the record, ascending → their times in s, and their patterns."""


class Waterfall:
    """Every first, every second, every fourth … pattern of a run: what it shows depends on the record alone.

    Rows that were dropped while there was no time for a display come later, and those of an earlier recorder, too.
    """

    def __init__(self) -> None:
        self.stride = 1
        """Frames from one row to the next."""
        self._time: list[float] = []
        self._rows: list[NDArray[np.float64]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def grow(self, length: int, fetch: Fetch) -> bool:
        """Take rows of a record in; return whether anything changed.

        Parameters
        ----------
        length : int
            Rows that the record has.
        fetch : callable
            Gives some of them.
        """
        while -(-length // self.stride) > ROWS:
            self.stride *= 2
            self._time, self._rows = self._time[::2], self._rows[::2]
        wanted = range(len(self._rows) * self.stride, length, self.stride)[:AT_ONCE]
        if not wanted:
            return False
        times, patterns = fetch(wanted)
        self._time += [float(each) for each in times]
        self._rows += list(decimated(patterns, BINS))
        return True

    @property
    def time(self) -> NDArray[np.float64]:
        """S since the start of the run, of each row."""
        return np.array(self._time)

    @property
    def intensity(self) -> NDArray[np.float64]:
        """Rows × bins; not a number in the row of a frame without a pattern."""
        return np.array(self._rows).reshape(len(self._rows), -1)

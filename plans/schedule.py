"""When the next frame is due: an absolute schedule, on which a late frame delays no other."""

import math


class Schedule:
    """Moments ``start``, ``start + interval`` and so on.

    Parameters
    ----------
    start : float
        s, the first moment.
    interval : float
        s between two moments.
    """

    def __init__(self, start: float, interval: float) -> None:
        self._start = start
        self._interval = interval
        self._slot = 0

    def following(self, now: float) -> float:
        """Return the moment after the one returned last; of several that passed already, the newest.

        Examples
        --------
        >>> schedule = Schedule(100.0, 10.0)
        >>> [schedule.following(now) for now in (103.0, 112.0, 121.0, 158.0, 159.0)]
        [110.0, 120.0, 130.0, 150.0, 160.0]
        """
        passed = math.floor((now - self._start) / self._interval)
        self._slot = max(self._slot + 1, passed)
        return self._start + self._slot * self._interval

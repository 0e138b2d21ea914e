"""When a display may be made: seldom enough for the eye, and never at the cost of the record."""

import math
from collections.abc import Callable

PERIOD_S = 0.2
"""s between two looks, at the least: five a second."""
BUSY_S = 2.0
"""s between two looks while frames wait for their rows."""
SHARE = 0.05
"""Of the time that looks may take together."""


class Pace:
    """Decides when the next look is made.

    Parameters
    ----------
    clock : callable
        s, monotonic.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = -math.inf
        self._cost = 0.0

    def due(self, busy: bool) -> bool:
        """Return whether a look may be made now.

        Parameters
        ----------
        busy : bool
            There is other work to do at this moment.
        """
        apart = max(BUSY_S if busy else PERIOD_S, self._cost / SHARE)
        return self._clock() - self._began >= apart

    def begin(self) -> None:
        """Take note that a look begins."""
        self._began = self._clock()

    def end(self) -> None:
        """Take note that it is made: what it cost says when the next one is allowed."""
        self._cost = self._clock() - self._began

"""The stretch of the environment log that the frames of a moment need, kept in memory."""

from typing import Protocol

import numpy as np

from operando.history import EnvironmentHistory, Samples
from operando.recorder.instants import NS
from operando.recorder.patience import CommittedTime

BEHIND_NS, AHEAD_NS = 60 * NS, 60 * NS
"""ns before and behind what is asked for that are read with it: frames ask in their order, each for much the same."""


class Sampled(Protocol):
    """Something that knows what was measured."""

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        """Return what was measured of a quantity between two instants, both included."""


class Window:
    """What was measured, read from the disk once a minute and not once a frame.

    What the log has committed stays as it is, so a stretch up to there is the same whenever it is read.

    Parameters
    ----------
    history : EnvironmentHistory
        The environment log.
    committed : CommittedTime
        How far it is complete.
    """

    def __init__(self, history: EnvironmentHistory, committed: CommittedTime) -> None:
        self._history = history
        self._committed = committed
        self._known: dict[str, tuple[int, int, Samples]] = {}

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        """Return what was measured of a quantity between two instants (UTC, ns since the epoch), both included."""
        if end_ns > self._committed.ns:
            return self._history.samples(quantity, start_ns, end_ns)
        first_ns, last_ns, known = self._known.get(quantity, (0, -1, None))
        if known is None or start_ns < first_ns or end_ns > last_ns:
            first_ns, last_ns = start_ns - BEHIND_NS, min(end_ns + AHEAD_NS, self._committed.ns)
            known = self._history.samples(quantity, first_ns, last_ns)
            self._known[quantity] = first_ns, last_ns, known
        begin = int(np.searchsorted(known.time_ns, start_ns, "left"))
        end = int(np.searchsorted(known.time_ns, end_ns, "right"))
        return Samples(known.time_ns[begin:end], known.value[begin:end], known.quality[begin:end])

"""How long a recorder waits for what it was promised: by monotonic clocks, and deciding nothing but "missing"."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from operando.history import EnvironmentHistory

Clock = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Patience:
    """Waiting times, s.

    Parameters
    ----------
    frame : float
        For an announced frame to become readable.
    log : float
        For the committed time of the environment log to move on.
    """

    frame: float
    log: float


LIVE = Patience(frame=10.0, log=30.0)
"""Long enough for a killed environment service to be started again."""
REPLAY = Patience(frame=1.0, log=3.0)
"""Nobody is expected to come back."""


class CommittedTime:
    """The time up to which the environment log is complete, and whether it still moves.

    Parameters
    ----------
    history : EnvironmentHistory
        The environment log.
    patience : float
        s without progress after which nothing more is expected.
    clock : callable
        s, monotonic.
    kept : callable
        Whether somebody has readings in memory that a disk does not take just now; then nothing is given up.
    """

    def __init__(
        self,
        history: EnvironmentHistory,
        patience: float,
        clock: Clock = time.monotonic,
        kept: Callable[[], bool] = lambda: False,
    ) -> None:
        self._history = history
        self._kept = kept
        self._patience = patience
        self._clock = clock
        self._moved = clock()
        self.ns = 0

    def poll(self) -> bool:
        """Look again; return whether it moved."""
        found = self._history.committed_ns()
        if found <= self.ns:
            return False
        self.ns, self._moved = found, self._clock()
        return True

    @property
    def stalled(self) -> bool:
        """Whether it has not moved for longer than the patience."""
        return self._clock() - self._moved > self._patience and not self._kept()

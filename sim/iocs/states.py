"""The true states of the cell, as they arrive from the process that computes them."""

import threading
from collections import deque
from collections.abc import Sequence
from statistics import fmean

from operando.sim.cell.state import TrueState

KEPT = 3000
"""States; 60 s of one every 20 ms."""


class StateHistory:
    """The last minute of true states; one thread appends, others look back."""

    def __init__(self) -> None:
        self._states: deque[TrueState] = deque(maxlen=KEPT)
        self._arrived = threading.Condition()

    def append(self, state: TrueState) -> None:
        """Take the newest state."""
        with self._arrived:
            self._states.append(state)
            self._arrived.notify_all()

    def __bool__(self) -> bool:
        return bool(self._states)

    def during(self, start_ns: int, end_ns: int, timeout: float = 1.0) -> list[TrueState]:
        """Return the states inside a window, or the last one before its end when none fell inside.

        Parameters
        ----------
        start_ns, end_ns : int
            UTC, ns since the epoch.
        timeout : float
            s, to wait for a state that proves that the window is complete.

        Returns
        -------
        list of TrueState
            Empty only when no state has arrived before the end of the window.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: self._states and self._states[-1].time_ns >= end_ns, timeout)
            known = [state for state in self._states if state.time_ns <= end_ns]
        return [state for state in known if state.time_ns >= start_ns] or known[-1:]


def mean(states: Sequence[TrueState], quantity: str) -> float | None:
    """Return the mean of one field of the states, None without any."""
    return fmean(getattr(state, quantity) for state in states) if states else None

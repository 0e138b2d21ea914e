"""Steps at a fixed rate: absolute deadlines on the monotonic clock, overruns counted."""

import os
import time
from collections.abc import Callable
from threading import Event

from operando.environment.lateness import Lateness

PRIORITY = 50
"""Of SCHED_FIFO, 1 to 99: above every normal thread, below the kernel's own (sched(7))."""


class Schedule:
    """Deadlines that do not drift with the length of the steps.

    Parameters
    ----------
    period : float
        s.
    monotonic : callable
        s.
    wait : callable
        Takes seconds, returns True where the schedule shall end.
    """

    def __init__(
        self, period: float, wait: Callable[[float], bool], monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._period = period
        self._wait = wait
        self._monotonic = monotonic
        self.overruns = 0
        """Deadlines that passed while a step still ran; those steps were left out."""
        self.lateness = Lateness()
        """Of the beginning of each step after its deadline; the deadlines left out are in `overruns`."""

    def run(self, step: Callable[[float], None]) -> None:
        """Call ``step`` with the seconds since the last call, at every deadline, until the wait says to end."""
        deadline = last = self._monotonic()
        elapsed = self._period
        while True:
            step(elapsed)
            deadline += self._period
            missed = int((self._monotonic() - deadline) / self._period)
            if missed > 0:
                self.overruns += missed
                deadline += missed * self._period
            if self._wait(max(deadline - self._monotonic(), 0.0)):
                return
            now = self._monotonic()
            self.lateness.add(now - deadline)
            elapsed, last = now - last, now


def until(stop: Event, bell: Event | None = None) -> Callable[[float], bool]:
    """Return a wait that ends with ``stop``, and is cut short by a bell, if there is one."""
    if bell is None:
        return stop.wait

    def wait(seconds: float) -> bool:
        bell.wait(seconds)
        bell.clear()
        return stop.is_set()

    return wait


def ask_for_realtime() -> tuple[bool, str]:
    """Ask the system for real-time priority for the calling thread; return whether it was granted, and in words."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except (OSError, AttributeError) as error:
        return False, f"no real-time priority ({error}): steps may come some ms late on a busy host"
    return True, f"real-time priority granted: SCHED_FIFO {PRIORITY}"

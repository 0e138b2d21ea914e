"""Waits at a cell: for a reading, a step, an event of its programme."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

from ophyd import EpicsSignalRO

from operando.devices.cell_tests import OVER, CellTest, test_of
from operando.devices.errand import Errand
from operando.errors import MoveFailed
from operando.vocabulary import Awaited, ProgrammeState

if TYPE_CHECKING:
    from operando.devices.potentiostat import Potentiostat

BELIEVED = 1.0
"""s that a programme must be over: its last samples may still be on their way through the records."""
IDLE_TIME = 15.0
"""s; a restarted environment service may say ``idle`` until it has found the running script again."""
KEPT = 16
"""Waits that are remembered, so that a resumed plan finds its own."""


class CellWatch:
    """What a plan sets to something that it waits for; the status is done when that has come.

    Only samples that come after it was asked are looked at, and each of them: one that was there before may be of
    another programme. A wait goes on while the plan is paused: asked for the same object again, it is the same status.

    Parameters
    ----------
    cell : Potentiostat
        Whose cell.
    """

    parent = None

    def __init__(self, cell: "Potentiostat") -> None:
        self.name = cell.name
        self._cell = cell
        self._waits: OrderedDict[Awaited, Errand] = OrderedDict()

    def set(self, awaited: Awaited, timeout: float | None = None) -> Errand:
        """Wait.

        Parameters
        ----------
        awaited : Crossing, StepBegun or Next
            For what.
        timeout : float, optional
            s; else until the programme is over.

        Raises
        ------
        RequestRefused
            It cannot come: the programme has no such step, or the cell no such reading.
        """
        if awaited not in self._waits:
            test = test_of(self._cell, awaited)
            signals = [*test.signals, self._cell.state]
            self._waits[awaited] = Errand(self, lambda errand: self._wait(errand, test, timeout), signals)
            while len(self._waits) > KEPT:
                self._waits.popitem(last=False)
        return self._waits[awaited]

    def _wait(self, errand: Errand, test: CellTest, timeout: float | None) -> None:
        met = Event()

        def look(**_: Any) -> None:
            if not met.is_set() and test.met():
                met.set()

        with _subscribed(test.signals, look):
            look()
            self._follow(errand, met, test, timeout)

    def _follow(self, errand: Errand, met: Event, test: CellTest, timeout: float | None) -> None:
        begin = alive = time.monotonic()
        while not met.is_set():
            now, state = time.monotonic(), self._cell.state.value
            waited = f"{self.name}: waited for {test.words}"
            if timeout is not None and now - begin > timeout:
                raise MoveFailed(f"{waited}, not within {timeout:g} s: {test.seen()}; the cell programme is {state}")
            if not self._cell.connected or state in (ProgrammeState.RUNNING, ProgrammeState.PAUSED):
                alive = now
            elif now - alive > (BELIEVED if state in OVER else IDLE_TIME):
                raise MoveFailed(f"{waited}, in vain: {test.seen()}, and the cell programme is {state}")
            errand.report(name=f"waits for {test.words}", current=None, unit="", time_elapsed=now - begin)
            errand.pause()


@contextmanager
def _subscribed(signals: Sequence[EpicsSignalRO], look: Callable[..., None]) -> Iterator[None]:
    for signal in signals:
        signal.subscribe(look, run=False)
    try:
        yield
    finally:
        for signal in signals:
            signal.clear_sub(look)

"""Whether what a plan waits for at a cell has come, judged at each change of a record."""

import json
import logging
import math
from typing import TYPE_CHECKING, Any, Protocol

from ophyd import EpicsSignalRO
from ophyd.utils.epics_pvs import AlarmSeverity

from operando.errors import RequestRefused
from operando.vocabulary import (
    Awaited,
    CellEvent,
    CellProgramme,
    Crossing,
    Impedance,
    Next,
    Passed,
    ProgrammeState,
    StepBegun,
)

if TYPE_CHECKING:
    from operando.devices.potentiostat import Potentiostat

_logger = logging.getLogger(__name__)

OVER = (ProgrammeState.FINISHED, ProgrammeState.STOPPED, ProgrammeState.FAULT)
"""States in which nothing more happens to a cell by its programme."""


class CellTest(Protocol):
    """One thing that is waited for."""

    signals: tuple[EpicsSignalRO, ...]
    """At whose changes it is judged."""
    words: str
    """What it is."""

    def met(self) -> bool:
        """Whether it has come."""

    def seen(self) -> str:
        """Return what was seen last, in words."""


def test_of(cell: "Potentiostat", awaited: Awaited) -> CellTest:
    """Return the test for what is waited for.

    Raises
    ------
    RequestRefused
        It cannot come.
    """
    if isinstance(awaited, Crossing):
        return ReadingCrosses(cell, awaited)
    if isinstance(awaited, Passed):
        return ChargePasses(cell, awaited)
    if isinstance(awaited, StepBegun):
        return StepRuns(cell, awaited)
    if awaited.event in (CellEvent.CYCLE_BEGUN, CellEvent.HALF_CYCLE_BEGUN):
        return NumberRises(cell, awaited)
    if awaited.event is CellEvent.PROGRAMME_ENDED:
        return ProgrammeOver(cell, awaited)
    return StepEnds(cell, awaited)


class ReadingCrosses:
    """A reading of a sample that is new has reached a value."""

    def __init__(self, cell: "Potentiostat", awaited: Crossing) -> None:
        if awaited.quantity not in cell.readings:
            raise RequestRefused(
                f"{cell.name}: {awaited.quantity!r} is no reading of a cell; allowed: {', '.join(cell.readings)}"
            )
        if not math.isfinite(awaited.value):
            raise RequestRefused(f"{cell.name}: {awaited.quantity} {awaited.value:g} is no value to wait for")
        self._signal, self._awaited = cell.readings[awaited.quantity], awaited
        self._before = self._signal.timestamp
        self.signals = (self._signal,)
        self._unit = self._signal.metadata.get("units") or ""
        side = "at most" if awaited.below else "at least"
        self.words = f"{awaited.quantity} of {side} {awaited.value:g} {self._unit}".rstrip()

    def met(self) -> bool:
        """Whether the new value is there and beyond."""
        if self._signal.timestamp == self._before or self._signal.alarm_severity == AlarmSeverity.INVALID:
            return False
        value = float(self._signal.value)
        return value <= self._awaited.value if self._awaited.below else value >= self._awaited.value

    def seen(self) -> str:
        """Return the last reading."""
        return f"it is {float(self._signal.value):.6g} {self._unit}".rstrip()


class ChargePasses:
    """The charge has changed since the first new sample."""

    def __init__(self, cell: "Potentiostat", awaited: Passed) -> None:
        if not math.isfinite(awaited.increment) or awaited.increment == 0.0:
            raise RequestRefused(f"{cell.name}: {awaited.increment:g} A h is no charge to wait for")
        self._signal, self._increment = cell.charge, awaited.increment
        self._before = cell.charge.timestamp
        self._first: float | None = None
        self.signals = (cell.charge,)
        self.words = f"{awaited.increment:+g} A h"

    def met(self) -> bool:
        """Whether so much has passed."""
        if self._signal.timestamp == self._before or self._signal.alarm_severity == AlarmSeverity.INVALID:
            return False
        charge = float(self._signal.value)
        if self._first is None:
            self._first = charge
        passed = charge - self._first
        return passed >= self._increment if self._increment > 0 else passed <= self._increment

    def seen(self) -> str:
        """Return what has passed."""
        return "no sample came" if self._first is None else f"{float(self._signal.value) - self._first:+.6g} A h passed"


class StepRuns:
    """A new sample is of a step, by its number or its name."""

    def __init__(self, cell: "Potentiostat", awaited: StepBegun) -> None:
        self._cell, self._awaited = cell, awaited
        self.signals = (cell.cycle, cell.step, cell.run)
        self._before = cell.step.timestamp
        self._numbers = _numbers(cell, awaited.step)
        cycle = f" in cycle {awaited.cycle}" if awaited.cycle is not None else ""
        self.words = f"step {awaited.step!r}{cycle}"

    def met(self) -> bool:
        """Whether cycle, step and run, each a record of its own, are of one new sample and the step is right."""
        stamps = {signal.timestamp for signal in self.signals}
        if len(stamps) > 1 or self._before in stamps:
            return False
        cycle = self._awaited.cycle
        return int(self._cell.step.value) in self._numbers and cycle in (None, int(self._cell.cycle.value))

    def seen(self) -> str:
        """Return where the programme is."""
        return f"it is in step {self._cell.step.value} of cycle {self._cell.cycle.value}"


class NumberRises:
    """The number of the cycle or of the half-cycle has risen; where it falls, another programme has begun."""

    def __init__(self, cell: "Potentiostat", awaited: Next) -> None:
        self._signal = cell.cycle if awaited.event is CellEvent.CYCLE_BEGUN else cell.half_cycle
        self.signals = (self._signal,)
        self.words = awaited.event.value
        self._last = int(self._signal.value)

    def met(self) -> bool:
        """Whether it is higher than it was."""
        value = int(self._signal.value)
        last, self._last = self._last, value
        return value > last

    def seen(self) -> str:
        """Return the number."""
        return f"it is number {self._last}"


class ProgrammeOver:
    """The programme has ended, however."""

    def __init__(self, cell: "Potentiostat", awaited: Next) -> None:
        self._state = cell.state
        self.signals = (cell.state,)
        self.words = awaited.event.value

    def met(self) -> bool:
        """Whether it has."""
        return self._state.value in OVER

    def seen(self) -> str:
        """Return how it is."""
        return f"it is {self._state.value}"


class StepEnds:
    """A step has ended; or a spectrum, also one that a limit ended: only an interrupted one is measured anew."""

    def __init__(self, cell: "Potentiostat", awaited: Next) -> None:
        self._cell, self._event = cell, awaited.event
        self.signals = (cell.last_end,)
        self.words = awaited.event.value
        self._before = str(cell.last_end.value)

    def met(self) -> bool:
        """Whether it has."""
        if str(self._cell.last_end.value) == self._before:
            return False
        if self._event is not CellEvent.SPECTRUM_MEASURED:
            return True
        end = last_end(self._cell)
        programme = self._cell.compiled()
        numbers = [step.number for step in programme.steps if isinstance(step, Impedance)] if programme else []
        if end.get("step") not in numbers or end.get("interrupted", False):
            return False
        if end.get("how") != "complete":
            _logger.warning("%s: the spectrum has ended before its last point: %s", self._cell.name, end.get("how"))
        return True

    def seen(self) -> str:
        """Return what ended last."""
        end = last_end(self._cell)
        return f"step {end['step']} was the last to end: {end['how']}" if end else "no step has ended"


def last_end(cell: "Potentiostat") -> dict[str, Any]:
    """Return how the last step ended, as the environment service says; empty before the first."""
    try:
        found = json.loads(str(cell.last_end.value))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _numbers(cell: "Potentiostat", step: int | str) -> set[int]:
    programme: CellProgramme | None = cell.compiled()
    if programme is None:
        raise RequestRefused(f"{cell.name}: step {step!r} asked; the environment service tells no programme yet")
    found = {each.number for each in programme.steps if step in (each.number, each.name)}
    if not found:
        steps = ", ".join(f"{each.number} {each.name!r}" for each in programme.steps)
        raise RequestRefused(f"{cell.name}: step {step!r} asked; the programme {programme.name!r} has {steps}")
    return found

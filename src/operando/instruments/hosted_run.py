"""A cell programme that the host runs, step by step, on an instrument that only sources and measures.

What must not depend on the host is not in here: the instrument is told a voltage that it does not leave and a current
that it does not exceed.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from operando.instruments.cell_output import Said, Sample, StepEnd
from operando.instruments.hosted_drive import REST, Drive, drive_of
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    End,
    Limit,
    Loop,
    Position,
    Step,
)

LOOK_INTERVAL = 0.25
"""s between two looks at the cell; a sample is due more often where its interval is shorter."""
NEAR = 0.005
"""V between what is measured and the voltage that is sourced, once that is reached."""
SECONDS_PER_HOUR = 3600.0
FULL, LOST = 0.9, 0.01
"""Of the current of a step: less than the one is not that current any more, less than the other is none."""


@dataclass(frozen=True, slots=True)
class Look:
    """One reading.

    Parameters
    ----------
    voltage, current : float
        V and A, charging positive.
    elapsed : float
        s since the programme started, on the instrument's clock.
    limited : bool
        The current limit holds it back: the voltage is not reached.
    status : int
        Status bits as of `Sample`.
    time_ns, arrival_ns, uncertainty_ns : int
        As of `Sample`.
    """

    voltage: float
    current: float
    elapsed: float
    limited: bool
    status: int
    time_ns: int
    arrival_ns: int
    uncertainty_ns: int


class HostedRun:
    """Where a programme stands, what it says, and when its steps end; knows no instrument and no clock.

    Parameters
    ----------
    programme : CellProgramme
        What runs.
    at : Position
        As of `operando.instruments.roles.Potentiostat.start`.
    begun : int
        How many of its steps have begun before.
    counts : bool
        Each step is a run of its own; a rest for a pause is none.
    uncertain : bool
        Not all that passed before was counted.
    """

    def __init__(
        self, programme: CellProgramme, at: Position, begun: int = 0, counts: bool = True, uncertain: bool = False
    ) -> None:
        self._safety = programme.safety
        self._ahead = islice(_unrolled(programme.parts, at.cycle), begun, None)
        self._following = next(self._ahead, None)
        self.counts = counts
        """Whether each step is a run of its own."""
        self.ordinal = begun
        """Of the step that runs, among all that the programme begins."""
        self.first_cycle = at.cycle
        self.run = at.run + begun if counts else at.run
        self.total = at.passed
        """A h that was counted in the steps before."""
        self.uncertain = uncertain
        """More may have passed in them; what is told of them is not a number."""
        self.step: Step | None = None
        """The step that runs."""
        self.cycle = at.cycle
        self.end: End | None = None
        """By which the step has ended, where it did."""
        self.over = False
        """The step has ended: it is time for the next."""
        self.safety = ""
        """Which safety limit was exceeded: the programme is over."""
        self.charge = 0.0
        """A h that was counted in the step."""
        self._begun = 0.0
        self._last: Look | None = None
        self._due = 0.0
        self._beyond_since: float | None = None
        self._drive = REST
        self._was_found = self._unseen = False

    @property
    def upcoming(self) -> Drive | None:
        """What is to be driven next; None at the end."""
        return None if self._following is None or self.safety else drive_of(self._following[0], self._safety)

    def next_step(self) -> None:
        """Go on to the step that is upcoming."""
        self._drive, self._was_found, self._unseen = self.upcoming or REST, False, False
        self.step, self.cycle = self._following or (None, self.cycle)
        self._following = next(self._ahead, None)
        self.ordinal += 1
        self.run += self.counts
        self.charge, self._last = 0.0, None
        self.end, self.over, self._beyond_since = None, False, None

    def begun(self, elapsed: float) -> None:
        """Take notice that the step began at a time (s) on the instrument's clock."""
        self._begun, self._due = elapsed, elapsed

    def found(self, elapsed: float) -> None:
        """Take notice that the step began at a time, and has run since without a host: its charge is not known.

        Limits are kept by what is counted from here on.
        """
        self.begun(elapsed)
        self._was_found, self._unseen = True, self._drive.voltage is not None

    @property
    def next_look(self) -> float:
        """When the cell is to be looked at next, s on the instrument's clock."""
        if self.step is None:
            return math.inf
        last = self._last.elapsed if self._last else self._begun
        return min(last + LOOK_INTERVAL, self._due, self._begun + self.step.longest)

    def told(self) -> None:
        """End the step that runs."""
        self.over, self.end = True, None

    def take(self, look: Look) -> list[Said]:
        """Account for a reading; say a sample where one is due, and whether the step is over."""
        step = self.step
        if step is None:
            return []
        self._count(look)
        self._last = look
        if not self.over:
            self.safety = self._unsafe(look)
            self.end = next((end for end in step.ends if self._met(end, look)), None)
            self.over = bool(self.safety) or self.end is not None
        if self._faded(look) or (not self.over and look.elapsed < self._due - 1e-6):
            return []
        while self._due <= look.elapsed + 1e-6:
            self._due += step.sample_interval
        return [
            Sample(
                voltage=look.voltage, current=look.current, elapsed=look.elapsed, cycle=self.cycle, step=step.number,
                status=look.status, time_ns=look.time_ns, arrival_ns=look.arrival_ns, run=self.run,
                step_charge=self._told_charge, uncertainty_ns=look.uncertainty_ns, charge_before=self._told_before,
            )
        ]  # fmt: skip

    def ended(self, elapsed: float, time_ns: int, uncertainty_ns: int) -> StepEnd:
        """Return the end of the step, at a time on the instrument's clock until which its current has flowed."""
        if self._last is not None and self._drive != REST:
            self.charge += self._last.current * (elapsed - self._last.elapsed) / SECONDS_PER_HOUR
        number = self.step.number if self.step else 0
        said = StepEnd(
            cycle=self.cycle, step=number, run=self.run, end=None if self.safety else self.end, elapsed=elapsed,
            time_ns=time_ns, safety=self.safety, uncertainty_ns=uncertainty_ns,
            step_charge=self._told_charge, charge_before=self._told_before,
        )  # fmt: skip
        self.total += self.charge
        self.uncertain = self.uncertain or self._unseen
        return said

    @property
    def _told_charge(self) -> float:
        return math.nan if self._unseen else self.charge

    @property
    def _told_before(self) -> float:
        return math.nan if self.uncertain else self.total

    def _count(self, look: Look) -> None:
        """Count charge: by the trapezium, and before the first look by what flows there."""
        last = self._last
        if last is None and self._unseen and isinstance(self.step, ConstantCurrent) and look.limited:
            self._unseen = False  # it was so all the time
        if self._drive == REST or (last is None and self._unseen):
            return  # through an open circuit nothing passes, whatever was heard
        if last is None:
            self.charge += look.current * (look.elapsed - self._begun) / SECONDS_PER_HOUR
        else:
            mean = (look.current + last.current) / 2
            self.charge += mean * (look.elapsed - last.elapsed) / SECONDS_PER_HOUR

    def _faded(self, look: Look) -> bool:
        """Whether the current has begun to fade at the limit before anybody looked: that is not of the step any more.

        Where none at all is left, a lead may be off, and the sample is told; unless nobody has looked for long.
        """
        step, limit = self.step, self._drive.voltage
        if not isinstance(step, ConstantCurrent) or limit is None or not self._arrived(look, limit):
            return False
        share = abs(look.current / step.current)
        return share < FULL and (share > LOST or self._was_found)

    def _met(self, end: End, look: Look) -> bool:
        measured = {
            Limit.TIME: look.elapsed - self._begun,
            Limit.VOLTAGE: look.voltage,
            Limit.CURRENT: abs(look.current),
            Limit.CHARGE: abs(self.charge),
        }.get(end.limit, math.nan)
        if end.limit is Limit.TIME:
            measured += 1e-6
        elif end.limit is Limit.VOLTAGE and self._arrived(look, end.value):
            return True
        return measured <= end.value if end.below else measured >= end.value

    def _arrived(self, look: Look, voltage: float) -> bool:
        """Whether the instrument holds this voltage instead of its current."""
        current = isinstance(self.step, ConstantCurrent)
        return current and not look.limited and abs(look.voltage - voltage) < NEAR

    def _unsafe(self, look: Look) -> str:
        found = self._beyond(look)
        if not found:
            self._beyond_since = None
            return ""
        if self._beyond_since is None:
            self._beyond_since = look.elapsed
        return found if look.elapsed - self._beyond_since >= self._safety.delay else ""

    def _beyond(self, look: Look) -> str:
        safety = self._safety
        own = [end.value for end in self.step.ends if end.limit is Limit.VOLTAGE] if self.step else []

        def held(limit: float) -> bool:  # the instrument does not go beyond it
            return limit not in own and self._arrived(look, limit)

        found = ""
        if (upper := safety.upper_voltage) is not None and (look.voltage > upper or held(upper)):
            found = "upper voltage"
        elif (lower := safety.lower_voltage) is not None and (look.voltage < lower or held(lower)):
            found = "lower voltage"
        elif safety.current is not None and abs(look.current) > safety.current:
            found = "current"
        elif safety.charge is not None and abs(self.total + self.charge) > safety.charge:
            found = "charge"
        return f"{found} beyond its safety limit" if found else ""


def _unrolled(parts: Iterable[Step | Loop], cycle: int) -> Iterator[tuple[Step, int]]:
    """Yield each step that is begun, with its cycle."""
    counter = [cycle]
    yield from _passes(parts, counter)


def _passes(parts: Iterable[Step | Loop], counter: list[int]) -> Iterator[tuple[Step, int]]:
    for part in parts:
        if not isinstance(part, Loop):
            yield part, counter[0]
            continue
        for _ in range(part.passes):
            yield from _passes(part.parts, counter)
            counter[0] += part.cycles

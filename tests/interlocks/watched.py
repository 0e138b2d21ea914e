"""Rows of an interlock table fed with courses of readings, in virtual time."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from operando.control.conditions import Condition
from operando.control.interlock import Actions, Interlock, InterlockState, step
from operando.vocabulary import Quality, Reading, Severity, unit_of

PERIOD = 0.05  # s
START_NS = 1_790_000_000_000_000_000
Course = Callable[[float], float | None]
"""Value at a time (s); not a number: an INVALID reading; None: no new reading."""


def row(
    condition: Condition,
    quantity: str = "stack_pressure",
    for_s: float = 0.0,
    severity: Severity = Severity.TRIP,
    actions: Actions = Actions(),  # noqa: B008 - frozen
    name: str = "watched",
    for_samples: int = 1,
) -> Interlock:
    return Interlock(name, quantity, unit_of(quantity), condition, for_s, severity, actions, for_samples)


@dataclass
class Watched:
    """A table and its state, stepped at 20 Hz."""

    table: tuple[Interlock, ...]
    state: InterlockState = field(default_factory=InterlockState)
    readings: dict[str, Reading] = field(default_factory=dict)
    seconds: float = 0.0

    def run(self, seconds: float, courses: Mapping[str, Course]) -> "Watched":
        """Let time pass; each course starts at 0."""
        for index in range(round(seconds / PERIOD)):
            now_ns = START_NS + round((self.seconds + index * PERIOD) * 1e9)
            for quantity, course in courses.items():
                if (value := course(index * PERIOD)) is not None:
                    quality = Quality.INVALID if math.isnan(value) else Quality.GOOD
                    self.readings[quantity] = Reading(value, now_ns, quality)
            self.state = step(self.state, self.table, self.readings, PERIOD)
        self.seconds += seconds
        return self

    @property
    def tripped(self) -> list[str]:
        return [trip.name for trip in self.state.trips]


def trip_time(watched: Interlock, courses: Mapping[str, Course], seconds: float) -> float | None:
    """Return after how many seconds a row trips on courses, or None."""
    bench = Watched((watched,))
    for _ in range(round(seconds / PERIOD)):
        begin = bench.seconds
        bench.run(PERIOD, {name: _later(course, begin) for name, course in courses.items()})
        if bench.state.trips:
            return begin
    return None


def _later(course: Course, begin: float) -> Course:
    return lambda seconds: course(begin + seconds)

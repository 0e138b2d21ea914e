"""The black box: the minute before and the minute after a trip, everything at full rate, in one file."""

import json
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Event
from typing import Any

from operando.control.interlock import Trip
from operando.environment.memory import replace_durably
from operando.records import Value
from operando.vocabulary import Reading, unit_of

SPAN = 60.0
"""s before a trip, and after it."""
LOOK_INTERVAL = 0.2
"""s between two looks at whether there is something to write."""
RETRY = 5.0
"""s after which a disk that did not take a box is tried again."""
_logger = logging.getLogger(__name__)


@dataclass
class Case:
    """A trip, and those that followed it while its box was open."""

    file: Path
    at: float
    trips: list[Trip] = field(default_factory=list)
    written: int = 0
    """Trips on the disk, with the minute before: what a service that dies now leaves behind."""


class BlackBox:
    """Remembers the last minutes in memory; writes in a thread of its own.

    Parameters
    ----------
    folder : Path
        ``ROOT/blackbox``.
    monotonic : callable
        s; samples are kept by their arrival, whatever is done to the clock.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        folder: Path,
        monotonic: Callable[[], float] = time.monotonic,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._now_ns = now_ns
        self._samples: deque[tuple[float, str, Reading]] = deque()
        self._events: deque[tuple[float, int, str, Value]] = deque()
        self._case: Case | None = None
        self._failing = False
        self._not_before = 0.0

    def take(self, name: str, reading: Reading) -> None:
        """Remember a reading or a fact; never blocks, from any thread."""
        self._samples.append((self._monotonic(), name, reading))

    def shown(self, record: str, value: Value, time_ns: int) -> None:
        """Remember a change of a record that is no reading, or a line of the log; never blocks, from any thread."""
        self._events.append((self._monotonic(), time_ns, record, value))

    def trip(self, trip: Trip) -> None:
        """Open a box, or add to the open one; never blocks, belongs to the thread that judges."""
        case = self._case
        if case is None:
            case = Case(self._folder / f"{_stamp(self._now_ns())}-{trip.name}.json", self._monotonic())
        case.trips.append(trip)
        self._case = case

    def serve(self, stop: Event) -> None:
        """Write what is due until told to stop, and what there is then."""
        while not stop.wait(LOOK_INTERVAL):
            self.look()
        if self._case:
            self._write(self._case)

    def look(self) -> None:
        """Write the minute before at once, all of it when it is complete, and forget what is too old."""
        case, now = self._case, self._monotonic()
        for old in (self._samples, self._events):
            while old and old[0][0] < now - 2 * SPAN - 1.0:
                old.popleft()
        if case is None or now < self._not_before:
            return
        if now >= case.at + SPAN:
            if self._write(case):
                self._case = None
        elif case.written < (found := len(case.trips)) and self._write(case):
            case.written = found

    def _write(self, case: Case) -> bool:
        try:
            replace_durably(case.file, self._text(case))
        except OSError as error:
            if not self._failing:
                _logger.error("%s: cannot be written: %s; kept in memory and tried again", case.file, error)
            self._failing = True
            self._not_before = self._monotonic() + RETRY
            return False
        self._failing = False
        return True

    def _text(self, case: Case) -> str:
        """Return the JSON; each quantity is encoded for itself, so that no other thread waits for long."""
        first, last = case.at - SPAN, case.at + SPAN
        columns: dict[str, list[Reading]] = {}
        for arrived, name, reading in tuple(self._samples):
            if first <= arrived <= last:
                columns.setdefault(name, []).append(reading)
        head = {
            "trips": [_trip(trip) for trip in tuple(case.trips)],
            "seconds_before": SPAN,
            "seconds_after": min(self._monotonic() - case.at, SPAN),
            "complete": self._monotonic() >= last,
            "events": [
                {"time_ns": time_ns, "record": record, "value": _plain(value)}
                for arrived, time_ns, record, value in tuple(self._events)
                if first <= arrived <= last
            ],
        }
        samples = ",\n".join(f"{json.dumps(name)}: {json.dumps(_column(name, columns[name]))}" for name in columns)
        return f'{json.dumps(head)[:-1]},\n"samples": {{\n{samples}\n}}}}\n'


def _trip(trip: Trip) -> dict[str, Any]:
    return {"name": trip.name, "words": trip.words, "time_ns": trip.time_ns}


def _column(name: str, readings: list[Reading]) -> dict[str, Any]:
    return {
        "unit": _unit(name),
        "time_ns": [reading.time_ns for reading in readings],
        "value": [_plain(reading.value) for reading in readings],
        "quality": [int(reading.quality) for reading in readings],
    }


def _unit(name: str) -> str:
    try:
        return unit_of(name)
    except KeyError:
        return ""


def _plain(value: Value) -> Value | None:
    """Return what JSON can say; it knows neither infinity nor what is no number."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _stamp(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, UTC)
    return f"{moment:%Y%m%dT%H%M%S}.{time_ns // 1_000_000 % 1000:03d}Z"

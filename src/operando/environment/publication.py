"""From the threads that measure to the log and the records: the same numbers under the same time stamps."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Protocol

from operando.environment.axis import Axis
from operando.history import EnvironmentLog
from operando.records import Value
from operando.vocabulary import Quality, Reading, quantity_of

HEARTBEAT_INTERVAL = 0.25
"""s; clients call the service dead when the heartbeat is 2 s old."""
_logger = logging.getLogger(__name__)


class Server(Protocol):
    """What publishes records: `operando.records.RecordServer`."""

    def publish(self, name: str, value: Value, time_ns: int | None, quality: Quality) -> None:
        """Serve a value."""


class Watcher(Protocol):
    """Who sees everything at full rate: the interlocks. Called by the threads that measure; never blocks."""

    def take(self, name: str, reading: Reading) -> None:
        """See a logged quantity, or a fact of `operando.vocabulary.FACTS`."""

    def take_sample(self, readings: Mapping[str, Reading]) -> None:
        """See all that came with one sample of a cell; none is left out, and they come in order."""

    def shown(self, record: str, value: Value, time_ns: int) -> None:
        """See a record that changes and is no reading, or a line of the log under the name ``log``."""


@dataclass(frozen=True, slots=True)
class _Notice:
    record: str
    value: Value
    time_ns: int
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    level: int


class Publication:
    """A queue towards the records, and the environment log's memory.

    Parameters
    ----------
    log : EnvironmentLog
        Appending to it touches memory only.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(self, log: EnvironmentLog, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._log = log
        self._now_ns = now_ns
        self._notices: SimpleQueue[_Notice | _Line | None] = SimpleQueue()
        self._shown: dict[str, Value] = {}
        self._watcher: Watcher | None = None

    def watch(self, watcher: Watcher) -> None:
        """Let somebody see everything; to be called before any thread measures."""
        self._watcher = watcher

    def reading(self, quantity: str, reading: Reading) -> None:
        """Log a reading and serve it; never blocks, from any thread."""
        self.fact(quantity, reading)
        self._serve(quantity, reading)

    def sample(self, readings: Mapping[str, Reading]) -> None:
        """Log and serve all that came with one sample of a cell; never blocks, from any thread.

        Parameters
        ----------
        readings : mapping of str to Reading
            By the name of the quantity; what is a fact is shown to the watcher alone. They are of one moment, and the
            watcher judges them together.
        """
        if self._watcher:
            self._watcher.take_sample(readings)
        for name, reading in readings.items():
            self._serve(name, reading)

    def fact(self, name: str, reading: Reading) -> None:
        """Let the watcher see something that is neither logged nor served; never blocks, from any thread."""
        if self._watcher:
            self._watcher.take(name, reading)

    def show(self, record: str, value: Value) -> None:
        """Serve something that is no reading, where it differs from what is served; never blocks, from any thread."""
        if self._shown.get(record) != value:
            self._shown[record] = value
            now_ns = self._now_ns()
            self._notices.put(_Notice(record, value, now_ns))
            if self._watcher:
                self._watcher.shown(record, value, now_ns)

    def note(self, text: str, level: int = logging.WARNING) -> None:
        """Write a line to the service's log; never blocks, from any thread."""
        self._notices.put(_Line(text, level))
        if self._watcher:
            self._watcher.shown("log", text, self._now_ns())

    def axis(self, quantity: str, drive: str, subsystem: str, axis: Axis) -> None:
        """Log and serve one look at a regulated quantity.

        Parameters
        ----------
        quantity, drive : str
            Names in the log: ``stack_pressure`` and ``piezo_drive``.
        subsystem : str
            Of the records: ``PRESSURE``.
        axis : Axis
            What to tell.
        """
        self.reading(quantity, axis.readback)
        self.reading(f"{quantity}_setpoint", axis.demanded)
        self.reading(f"{quantity}_target", axis.asked)
        self.reading(f"{quantity}_settled", Reading(float(axis.settled), axis.readback.time_ns))
        self.reading(drive, axis.drive)
        for name, holds in axis.facts.items():
            self.fact(name, Reading(float(holds), axis.drive.time_ns))
        self.show(f"{subsystem}:SETTLED_ID", axis.settled_id)
        self.show(f"{subsystem}:STATE", axis.state.value)
        self.show(f"{subsystem}:MODE", axis.mode.value)
        self.show(f"{subsystem}:TOLERANCE", axis.tolerance)
        self.show(f"{subsystem}:SETTLE_TIME", axis.settle_time)
        self.show(f"{subsystem}:RAMP_RATE", axis.ramp_rate)

    def serve(self, server: Server) -> None:
        """Pass everything on to the records, with a heartbeat between, until `close`; belongs to one thread."""
        start = beat = time.monotonic()
        while True:
            if (now := time.monotonic()) >= beat:
                server.publish("ENVIRONMENT:HEARTBEAT", now - start, self._now_ns(), Quality.GOOD)
                beat = now + HEARTBEAT_INTERVAL
            try:
                notice = self._notices.get(timeout=max(beat - time.monotonic(), 0.0))
            except Empty:
                continue
            if notice is None:
                return
            if isinstance(notice, _Line):
                _logger.log(notice.level, "%s", notice.text)
            else:
                server.publish(notice.record, notice.value, notice.time_ns, notice.quality)

    def _serve(self, name: str, reading: Reading) -> None:
        if quantity := quantity_of(name):
            self._log.append(name, reading)
            self._notices.put(_Notice(quantity.record, reading.value, reading.time_ns, reading.quality))

    def close(self) -> None:
        """End `serve` once everything before this was passed on."""
        self._notices.put(None)

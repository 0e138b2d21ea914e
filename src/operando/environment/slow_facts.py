"""What interlocks watch that no instrument measures: disk, log, and the heartbeats of the other processes."""

import math
import time
from collections.abc import Callable
from threading import Event

from operando.disk import DiskWatch
from operando.environment.heartbeats import KINDS, Heartbeats
from operando.vocabulary import Reading

INTERVAL = 1.0
"""s between two looks."""


class SlowFacts:
    """Looks once a second; `serve` belongs to one thread, which regulates nothing.

    Parameters
    ----------
    disk : DiskWatch
        Of the folder that the environment log is written into; it looks by itself, for a look may hang.
    unwritten : callable
        s since that log was last on its disk.
    heartbeats : Heartbeats
        When each process was last heard.
    tell : callable
        Takes the name of a fact and its reading.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        disk: DiskWatch,
        unwritten: Callable[[], float],
        heartbeats: Heartbeats,
        tell: Callable[[str, Reading], None],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._disk = disk
        self._unwritten = unwritten
        self._heartbeats = heartbeats
        self._tell = tell
        self._now_ns = now_ns

    def serve(self, stop: Event) -> None:
        """Look until told to stop."""
        while not stop.wait(INTERVAL):
            self.look()

    def look(self) -> None:
        """Look once."""
        for kind in KINDS:
            age = self._heartbeats.age(kind)
            self._tell(f"heartbeat_{kind.lower()}", Reading(age or 0.0, self._now_ns()))
        self._tell("log_unwritten", Reading(self._unwritten(), self._now_ns()))
        free = self._disk.latest.free
        if math.isfinite(free):
            self._tell("disk_free", Reading(free, self._now_ns()))

"""What interlocks watch that no instrument measures: free disk, and the heartbeats of the other processes."""

import logging
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event

from operando.environment.heartbeats import KINDS, Heartbeats
from operando.vocabulary import Reading

INTERVAL = 1.0
"""s between two looks."""
GIGABYTE = 1e9
_logger = logging.getLogger(__name__)


class SlowFacts:
    """Looks once a second; `serve` belongs to one thread, which regulates nothing.

    Parameters
    ----------
    root : Path
        State root: log and journals are on its disk.
    heartbeats : Heartbeats
        When each process was last heard.
    tell : callable
        Takes the name of a fact and its reading.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        root: Path,
        heartbeats: Heartbeats,
        tell: Callable[[str, Reading], None],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._root = root
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
        try:
            free = shutil.disk_usage(self._root).free / GIGABYTE
        except OSError:
            _logger.exception("%s: free disk cannot be asked for", self._root)
        else:
            self._tell("disk_free", Reading(free, self._now_ns()))

"""The environment log under way to its disk: written at once, or kept in memory until the disk takes it."""

import logging
import math
import sqlite3
import time
from collections.abc import Callable

from operando.disk import DiskWatch
from operando.history import EnvironmentLog
from operando.records import RecordSpec, Value
from operando.vocabulary import Keeping

COMMIT_INTERVAL = 0.4
"""s; a commit is visible to readers, and half a second of guard lies behind it."""
LONGEST_INTERVAL = 5.0
"""s between two attempts on a disk that takes nothing."""
NS = 1_000_000_000


def log_records() -> tuple[RecordSpec, ...]:
    """Return the records that tell about disk and log."""
    return (
        RecordSpec("ENVIRONMENT:DISK_FREE", "float", "GB", 1, "free space for the environment log"),
        RecordSpec("ENVIRONMENT:LOG_STATE", "text", description="good, warning or pause"),
        RecordSpec("ENVIRONMENT:LOG_REASON", "text", description="why, and what to do"),
        RecordSpec("ENVIRONMENT:LOG_WAITING", "integer", description="readings that are in memory alone"),
        RecordSpec("ENVIRONMENT:LOG_LOST", "integer", description="readings that nothing could keep"),
    )


class LogKeeping:
    """Commits the log and tells how that goes; belongs to one thread, which regulates nothing.

    Parameters
    ----------
    log : EnvironmentLog
        Keeps in memory what its disk does not take, within a limit.
    watch : DiskWatch
        Of its folder; it looks by itself.
    show : callable
        Takes the name of a record and its value; only queues.
    note : callable
        Takes a line for the service's log, and its level.
    """

    def __init__(
        self,
        log: EnvironmentLog,
        watch: DiskWatch,
        show: Callable[[str, Value], None],
        note: Callable[[str, int], None],
        now_ns: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._log = log
        self._watch = watch
        self._show = show
        self._note = note
        self._now_ns = now_ns
        self._monotonic = monotonic
        self._written = monotonic()
        self._interval = COMMIT_INTERVAL
        self._trouble = ""

    def commit(self) -> float:
        """Commit; return the seconds until that is due again."""
        try:
            self._log.commit(self._now_ns())
        except (sqlite3.Error, OSError) as error:
            self._missed(error)
        else:
            self._done()
        self._publish()
        return self._interval

    def unwritten(self) -> float:
        """Return the seconds since the log was last on its disk; from any thread, for a commit may hang."""
        return self._monotonic() - self._written

    def close(self) -> None:
        """Commit for the last time: nothing is measured any more."""
        try:
            self._log.close(self._now_ns())
        except (sqlite3.Error, OSError) as error:
            self._note(
                f"environment log: {self._log.waiting} readings are lost with this service: {error}", logging.ERROR
            )

    def _missed(self, error: Exception) -> None:
        self._watch.suspect()
        self._interval = min(2 * self._interval, LONGEST_INTERVAL)
        if not self._trouble:
            self._note(f"environment log: not written: {error}; kept in memory and tried again", logging.ERROR)
        self._trouble = f"environment log: not written: {error}"

    def _done(self) -> None:
        self._written, self._interval = self._monotonic(), COMMIT_INTERVAL
        if self._trouble:
            lost = f"; {self._log.lost} readings were lost so far" if self._log.lost else "; nothing was lost"
            self._note(f"environment log: written again{lost}", logging.WARNING)
        self._trouble = ""

    def _publish(self) -> None:
        disk = self._watch.latest
        if math.isfinite(disk.free):
            self._show("ENVIRONMENT:DISK_FREE", disk.free)
        self._show("ENVIRONMENT:LOG_STATE", (Keeping.PAUSE if self._trouble else disk.state).value)
        self._show("ENVIRONMENT:LOG_REASON", "; ".join(words for words in (self._trouble, disk.words) if words))
        self._show("ENVIRONMENT:LOG_WAITING", self._log.waiting if self._trouble else 0)
        self._show("ENVIRONMENT:LOG_LOST", self._log.lost)

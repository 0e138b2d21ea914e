"""The recorder's own records: its health, the account of its frames, and the lattice of the newest."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict

from operando.disk import DiskWatch
from operando.live import Look
from operando.recorder.account import Account
from operando.recorder.executors import state_of
from operando.recorder.health import Health
from operando.recorder.instants import NS
from operando.recorder.recording import Recording
from operando.recorder.runs import Runs
from operando.records import RecordServer, RecordSpec
from operando.vocabulary import Quality

SPECS = (
    RecordSpec("RECORDER:HEARTBEAT", "float", "s", 2, "seconds since the recorder started"),
    RecordSpec("RECORDER:LAG", "float", "s", 2, "age of the oldest frame without a row"),
    RecordSpec("RECORDER:DISK_FREE", "float", "GB", 1, "free space where the data go"),
    RecordSpec("RECORDER:STATE", "text", description="good, warning, or pause: exposures wait"),
    RecordSpec("RECORDER:REASON", "text", description="why, and what to do"),
    RecordSpec("RECORDER:FAILED", "integer", "", 0, "runs that no file could be made of"),
    RecordSpec("RECORDER:BESIDE", "integer", "", 0, "runs that lack a file of their site"),
    RecordSpec("RECORDER:FRAMES", "integer", "", 0, "frames recorded in the latest run"),
    RecordSpec("RECORDER:FRAMES_ANNOUNCED", "integer", "", 0, "frames that the documents promise"),
    RecordSpec("RECORDER:FRAMES_WRITTEN", "integer", "", 0, "in their file, on their way to a pattern"),
    RecordSpec("RECORDER:FRAMES_INTEGRATED", "integer", "", 0, "with a pattern"),
    RecordSpec("RECORDER:FRAMES_LATE", "integer", "", 0, "not in their file yet, and waited for"),
    RecordSpec("RECORDER:FRAMES_FAILED", "integer", "", 0, "given up; the file of record says why"),
    RecordSpec("RECORDER:FRAMES_MISSING", "integer", "", 0, "counted by the detector, never announced"),
    RecordSpec("RECORDER:REDUCTION", "text", description="where frames become patterns", length=512),
    RecordSpec("LIVE:LATTICE_A", "float", "Å", 5, "lattice parameter a of the last frame"),
    RecordSpec("LIVE:LATTICE_C", "float", "Å", 5, "lattice parameter c of the last frame"),
)
PERIOD_S = 0.25
"""s between two heartbeats; twice as often as a second asks for."""


class LiveResults:
    """Publishes health and latest results.

    Parameters
    ----------
    server : RecordServer
        With `SPECS`.
    health : Health
        What it is made of.
    watch : DiskWatch
        Of the disks that data go to.
    show : callable
        Takes a look at the recorder's health.
    """

    def __init__(
        self, server: RecordServer, health: Health, watch: DiskWatch, show: Callable[[Look], None] = lambda look: None
    ) -> None:
        self._show = show
        self._server = server
        self._health = health
        self._watch = watch
        self._started = time.monotonic()
        self._published = -math.inf
        self._latest: tuple[str, int] | None = None
        self._account: tuple[str, Account] | None = None

    def publish_if_due(self, runs: Runs) -> None:
        """Publish, unless that was done a moment ago."""
        now = time.monotonic()
        if now - self._published < PERIOD_S:
            return
        self._published = now
        self._server.publish("RECORDER:HEARTBEAT", now - self._started)
        behind = max((lag(recording) for recording in runs.active), default=0.0)
        state, reason = self._health.judge(behind, runs.waiting, runs.held)
        self._server.publish("RECORDER:LAG", behind)
        self._server.publish("RECORDER:REASON", reason)
        self._server.publish("RECORDER:STATE", state.value)
        free = self._watch.latest.free
        self._server.publish("RECORDER:DISK_FREE", free, None, Quality.GOOD if free == free else Quality.INVALID)
        self._server.publish("RECORDER:FAILED", len(runs.failed))
        self._server.publish("RECORDER:BESIDE", len(runs.beside.failed))
        where = state_of(runs.executor)
        self._server.publish("RECORDER:REDUCTION", where)
        account = self._publish_account(runs.latest) if runs.latest else Account()
        if runs.latest:
            self._publish_results(runs.latest)
        facts = {"state": state.value, "reason": reason, "lag": behind, "disk_free": free, "reduction": where}
        self._show(Look("health", {**facts, "frames": account.announced, **asdict(account)}))

    def _publish_account(self, recording: Recording) -> Account:
        account = recording.account
        if (recording.run.uid, account) != self._account:
            self._account = recording.run.uid, account
            for name, count in asdict(account).items():
                self._server.publish(f"RECORDER:FRAMES_{name.upper()}", count)
        return account

    def _publish_results(self, recording: Recording) -> None:
        found = (recording.run.uid, recording.length)
        if found == self._latest:
            return
        self._latest = found
        self._server.publish("RECORDER:FRAMES", recording.length)
        row = recording.latest
        if "lattice_a" not in row:
            return
        a = float(row["lattice_a"])
        c = float(row.get("lattice_c", a))
        quality = Quality.GOOD if row["lattice_trusted"] else Quality.SUSPECT
        time_ns = recording.run.start_ns + round(row["time"] * NS) if math.isfinite(row["time"]) else None
        self._server.publish("LIVE:LATTICE_A", a, time_ns, quality)
        self._server.publish("LIVE:LATTICE_C", c, time_ns, quality)


def lag(recording: Recording) -> float:
    """Return the age of the oldest frame that has no row, s; 0 when none waits."""
    since_ns = recording.waiting_since_ns
    return 0.0 if since_ns is None else max(0.0, (time.time_ns() - since_ns) / NS)

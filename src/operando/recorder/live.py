"""The recorder's own records: its health, and the latest results."""

import math
import time

from operando.disk import DiskWatch
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
    """

    def __init__(self, server: RecordServer, health: Health, watch: DiskWatch) -> None:
        self._server = server
        self._health = health
        self._watch = watch
        self._started = time.monotonic()
        self._published = -math.inf
        self._latest: tuple[str, int] | None = None

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
        if runs.latest:
            self._publish_results(runs.latest)

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

"""The recorder's own records: its health, and the latest results."""

import math
import shutil
import time
from pathlib import Path

from operando.recorder.instants import NS
from operando.recorder.recording import Recording
from operando.recorder.runs import Runs
from operando.records import RecordServer, RecordSpec
from operando.vocabulary import Quality

SPECS = (
    RecordSpec("RECORDER:HEARTBEAT", "float", "s", 2, "seconds since the recorder started"),
    RecordSpec("RECORDER:LAG", "float", "s", 2, "age of the oldest frame without a row"),
    RecordSpec("RECORDER:DISK_FREE", "float", "GB", 1, "free space where the data go"),
    RecordSpec("RECORDER:FAILED", "integer", "", 0, "runs that no file could be made of"),
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
    data_root : Path
        Whose disk is watched.
    """

    def __init__(self, server: RecordServer, data_root: Path) -> None:
        self._server = server
        self._data_root = data_root
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
        self._server.publish("RECORDER:LAG", max((lag(recording) for recording in runs.active), default=0.0))
        self._server.publish("RECORDER:DISK_FREE", free_gigabytes(self._data_root))
        self._server.publish("RECORDER:FAILED", len(runs.failed))
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


def free_gigabytes(folder: Path) -> float:
    """Return the free space, 10⁹ bytes, on the disk of a folder that may still have to be made."""
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free / 1e9

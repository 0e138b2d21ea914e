"""One run on its way from documents to the file of record."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.columns import JOINED, environment_fields
from operando.recorder.documents import Announced, Documents, End
from operando.recorder.frames import Frame, FrameFiles
from operando.recorder.instants import NS, since
from operando.recorder.join import MISSING, Exposure, Statistics, over_exposure
from operando.recorder.kept import KeptRows
from operando.recorder.nexus import RecordFile, Row
from operando.recorder.patience import Clock, CommittedTime
from operando.recorder.profiles import record_path
from operando.recorder.raw_sync import RawSync
from operando.recorder.reduction import Reduction
from operando.recorder.run import Run, Stream
from operando.recorder.stood import Pace, stood

PROMISED = 1000
"""Frames whose documents are read ahead of them; bounds the memory, too."""
AHEAD = 16
"""Frames reduced while they wait for the environment log; bounds the memory."""
LEAST_REACH_S = 2.0
"""s within which a neighbouring sample may help an exposure that holds fewer than three."""
MOST_REACH_S = 30.0
"""s: a row waits so long for a neighbour, and a cell programme may rest for hours with a sample a minute."""
ABANDONED = End("abandoned", "the RunEngine process ended without a stop document")


@dataclass(frozen=True, slots=True)
class _Reduced:
    """A frame that waits for its environment."""

    row: Row
    reason: str
    exposure: Exposure | None


class Recording:
    """Turns the documents of one run, in their order, into its file of record.

    `accept` takes documents and never waits; each `step` does one piece of work. What ends up in the file depends on
    documents, frames and log alone.

    Parameters
    ----------
    run : Run
        From the start document.
    data_root : Path
        Where files of record go.
    history : EnvironmentHistory
        The environment log.
    committed : CommittedTime
        How far it is complete.
    frame_patience : float
        s, how long a promised frame is waited for.
    clock : callable
        s, monotonic.
    elsewhere : bool
        Below ``data_root``, whatever the start document says.

    Raises
    ------
    RecordError
        The file cannot be made.
    """

    def __init__(
        self,
        run: Run,
        data_root: Path,
        history: EnvironmentHistory,
        committed: CommittedTime,
        frame_patience: float,
        clock: Clock = time.monotonic,
        elsewhere: bool = False,
    ) -> None:
        self.run = run
        self.path = record_path(data_root, run, elsewhere)
        self.finished = False
        self.latest: Row = {}
        """The last row that was added."""
        self._history = history
        self._pace = Pace(run, history)
        self._committed = committed
        self._frame_patience = frame_patience
        self._clock = clock
        self._documents = Documents(run.start_ns)
        self._frames = FrameFiles()
        self._unreadable_since: float | None = None
        self._reductions: dict[tuple[int, int], Reduction] = {}
        self._reduced: deque[_Reduced] = deque()
        self._raw_sync = RawSync(clock)
        self._file = RecordFile(self.path, run, clock)

    @property
    def length(self) -> int:
        """Frames that have a row."""
        return self._file.length

    @property
    def waiting_since_ns(self) -> int | None:
        """UTC, ns since the epoch: the end of the oldest exposure that has no row yet; None when none waits."""
        if self._reduced:
            exposure = self._reduced[0].exposure
            return exposure.end_ns if exposure else self._documents.latest_ns
        if announced := self._documents.next:
            return self._documents.event_ns(announced.sequence) or self._documents.latest_ns
        return None

    @property
    def hungry(self) -> bool:
        """Whether more documents are wanted now."""
        return self._documents.waiting < PROMISED

    def accept(self, name: str, document: Mapping[str, Any]) -> None:
        """Take the next document.

        Raises
        ------
        RecordError
            It lacks something that it must have.
        """
        try:
            self._documents.accept(name, document)
        except (KeyError, TypeError, ValueError) as error:
            raise RecordError(
                f"run {self.run.uid}: {name} document {document.get('uid')} without {error}; it stays in its journal"
            ) from error

    def abandon(self) -> None:
        """End a run whose RunEngine is gone without a stop document."""
        self._documents.end = self._documents.end or ABANDONED

    def step(self) -> bool:
        """Do one piece of work; return whether there was one.

        Raises
        ------
        RecordError, AnalysisError
            The run cannot be recorded.
        """
        worked = self._reduce_next()
        worked |= self._write_next()
        # Never beyond what the documents prove to belong to the run: it may have ended a moment ago.
        committed_ns = min(self._committed.ns, self._documents.latest_ns)
        worked |= self._file.extend_log(self._history, committed_ns)
        self._file.flush_if_due()
        self._raw_sync.sync_if_due()
        if self._documents.end and not self._documents.waiting and not self._reduced:
            worked |= self._finish(self._documents.end)
        return worked

    def drop(self) -> None:
        """Close the file of record without what was added since its last flush."""
        self._file.drop()

    def close(self) -> None:
        """Leave the file as it is; an unfinished one is continued from the journal."""
        self._frames.close()
        self._raw_sync.close()
        self._file.close()

    def set_aside(self, reason: str) -> None:
        """Leave a file that cannot be continued under another name."""
        self._frames.close()
        self._raw_sync.close()
        self._file.set_aside(reason)

    def _reduce_next(self) -> bool:
        """Read and reduce the next frame, when it can be read or is given up."""
        announced = self._documents.next
        if announced is None or len(self._reduced) >= AHEAD:
            return False
        reduction = self._reduction(announced.stream)  # begins the entry of the patterns, or finds it
        if self._file.kept and self._file.kept.remaining:
            self._pass_over(self._file.kept)
            return True
        frame = self._frames.read(announced.store, announced.index)
        if frame.image is None:
            if not self._given_up():
                return False
            frame = self._frames.read(announced.store, announced.index, abandoned=True)
        if frame.image is not None:
            self._raw_sync.saw(announced.store.path)
        self._reduced.append(self._reduce(announced, frame, reduction))
        self._documents.done()
        return True

    def _pass_over(self, kept: KeptRows) -> None:
        """Take note of the frames that have a row in a file that is continued."""
        while kept.remaining and (announced := self._documents.next):
            row = kept.take(self._file.link_raw(announced.store), announced.index)
            if isfinite(row.exposure_end):
                self._documents.see(self.run.start_ns + round(row.exposure_end * NS))
            if isfinite(row.a):
                self._reduction(announced.stream).go_on(row.a, row.c)
            self._raw_sync.saw(announced.store.path)  # the recorder that read it may not have come to it
            self._documents.done()

    def _given_up(self) -> bool:
        """Return whether a missing frame was waited for long enough; missing ones right behind it share that wait."""
        if self._unreadable_since is None:
            self._unreadable_since = self._clock()
        return self._clock() - self._unreadable_since > self._frame_patience

    def _reduce(self, announced: Announced, frame: Frame, reduction: Reduction) -> _Reduced:
        exposure = _exposure(frame, announced.stream)
        row: Row = {
            "frame_number": frame.number,
            "raw_file": self._file.link_raw(announced.store),
            "raw_index": announced.index,
            **self._times(announced, exposure),
        }
        if frame.image is None:
            return _Reduced(row, frame.reason, exposure)
        self._unreadable_since = None
        fields, reason = reduction.reduce(frame.image)
        return _Reduced({**row, **fields}, reason, exposure)

    def _reduction(self, stream: Stream) -> Reduction:
        """Return what reduces frames of a shape; the first one begins the entry of the patterns."""
        if stream.shape not in self._reductions:
            reduction = Reduction(self.run, stream)
            if not self._reductions:
                self._file.begin_patterns(reduction.integrator)
            self._reductions[stream.shape] = reduction
        return self._reductions[stream.shape]

    def _times(self, announced: Announced, exposure: Exposure | None) -> Row:
        """Return when a frame was taken; where the frame does not say, about when, by its event."""
        if exposure is None:
            event_ns = self._documents.event_ns(announced.sequence)
            half = (announced.stream.acquire_time or 0.0) / 2
            return {"time": since(self.run.start_ns, event_ns) - half}
        self._documents.see(exposure.end_ns)
        return {
            "time": since(self.run.start_ns, exposure.middle_ns),
            "exposure_start": since(self.run.start_ns, exposure.start_ns),
            "exposure_end": since(self.run.start_ns, exposure.end_ns),
            "exposure_uncertainty": self.run.setting("detector", "timestamp_uncertainty_s"),
        }

    def _write_next(self) -> bool:
        """Join the oldest reduced frame with the log, when it is complete there, and add its row."""
        if not self._reduced:
            return False
        waiting = self._reduced[0]
        joined = self._join(waiting.exposure)
        if joined is None:
            return False
        self._reduced.popleft()
        self.latest = dict(waiting.row)
        for quantity, statistics in joined.items():
            self.latest |= environment_fields(quantity, statistics)
        if waiting.exposure and self._committed.ns >= waiting.exposure.end_ns:
            self.latest |= stood(self._history, waiting.exposure, self._pace.reach_ns(waiting.exposure))
        self._file.append(self.latest, waiting.reason)
        return True

    def _join(self, exposure: Exposure | None) -> dict[str, Statistics] | None:
        """Return every quantity over an exposure; None while the log is still waited for."""
        final = self._committed.stalled
        if exposure is None or (self._committed.ns < exposure.end_ns and final):
            return dict.fromkeys(JOINED, MISSING)
        if self._committed.ns < exposure.end_ns:
            return None
        joined = {}
        for quantity in JOINED:
            found = over_exposure(
                self._history, quantity, exposure, self._reach_ns(quantity, exposure), self._committed.ns, final
            )
            if found is None:
                return None
            joined[quantity] = found
        return joined

    def _reach_ns(self, quantity: str, exposure: Exposure) -> int:
        """Return how far a neighbouring sample may be away, ns: three sampling intervals of its instrument."""
        if quantity == "stack_pressure":
            interval = None
        elif quantity in ("temperature", "stack_pressure_uncertainty"):
            interval = self.run.setting("heater", "poll_interval_s")
        else:
            interval = self._pace.longest(exposure)
        return int(min(max(LEAST_REACH_S, 3 * float(interval or 0)), MOST_REACH_S) * NS)

    def _finish(self, end: End) -> bool:
        end_ns = self._documents.latest_ns
        if self._committed.ns < end_ns and not self._committed.stalled:
            return False
        known_ns = min(end_ns, self._committed.ns)
        if self._file.extend_log(self._history, known_ns, whole=True):
            return True
        self._file.write_cell_programmes(self._history, known_ns)
        self._file.end(end_ns, end.reason, end.message, self._documents.announced)
        self._frames.close()
        self._raw_sync.close()
        self.finished = True
        return True


def _exposure(frame: Frame, stream: Stream) -> Exposure | None:
    """Return when photons were counted; None where detector or descriptor do not say."""
    if frame.end_ns is None or stream.acquire_time is None:
        return None
    return Exposure(frame.end_ns - round(stream.acquire_time * NS), frame.end_ns)

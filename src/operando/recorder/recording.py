"""One run on its way from documents to the file of record."""

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

from operando.analysis import Integrator
from operando.analysis.geometry import pixels
from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.account import Account
from operando.recorder.conditions import Conditions
from operando.recorder.documents import Announced, Documents, End
from operando.recorder.flight import Flight, most_ahead
from operando.recorder.inline import Inline
from operando.recorder.instants import NS, since
from operando.recorder.join import Exposure
from operando.recorder.kept import KeptRows
from operando.recorder.missing import Counter
from operando.recorder.nexus import RecordFile, Row
from operando.recorder.patience import Clock, CommittedTime
from operando.recorder.patterns import Patterns
from operando.recorder.profiles import record_path
from operando.recorder.raw_sync import RawSync
from operando.recorder.reduction import Reduction
from operando.recorder.run import Run, Stream
from operando.recorder.stage import Product, close_files

PROMISED = 1000
"""Frames whose documents are read ahead of them; bounds the memory, too."""
PIECES = 64
"""Frames taken back or rows written in one step: a journal and a heartbeat wait for it."""
_logger = logging.getLogger(__name__)
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
    executor : Executor, optional
        Where frames are read and integrated; by default here and now.
    arrived : threading.Event, optional
        Set whenever a frame comes back from there.

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
        executor: Executor | None = None,
        arrived: threading.Event | None = None,
    ) -> None:
        self.run = run
        self.path = record_path(data_root, run, elsewhere)
        self.finished = False
        self.latest: Row = {}
        """The last row that was added."""
        self.latest_reason = ""
        """Why it lacks something."""
        self._history = history
        self._conditions = Conditions(run, history, committed)
        self._committed = committed
        self._documents = Documents(run.start_ns)
        self._flight = Flight(executor or Inline(), frame_patience, clock, arrived)
        self._counter = Counter()
        self._most_ahead = most_ahead(run.recipe)
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
        if announced := self._flight.oldest or self._documents.next:
            return self._documents.event_ns(announced.sequence) or self._documents.latest_ns
        return None

    @property
    def patterns(self) -> Patterns | None:
        """Those in its file, and their axes; None before the first frame."""
        return self._file.patterns

    @property
    def integrator(self) -> Integrator | None:
        """What makes the patterns; None before the first frame."""
        return next((each.integrator for each in self._reductions.values()), None)

    @property
    def account(self) -> Account:
        """Where its frames are."""
        announced, late = self._documents.announced, self._flight.late
        written = max(0, announced - self.length - late)  # a file that is continued may be ahead of its journal
        failed = self._file.failed
        return Account(announced, written, self.length - failed, late, failed, self._counter.missing)

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
        worked = self._send()
        for _ in range(PIECES):
            if not (self._take() | self._write_next()):
                break
            worked = True
        # Never beyond what the documents prove to belong to the run: it may have ended a moment ago.
        committed_ns = min(self._committed.ns, self._documents.latest_ns)
        extended = self._file.extend_log(self._history, committed_ns)
        self._file.flush_if_due()
        self._raw_sync.sync_if_due()
        if self._documents.end and not (self._documents.waiting or self._ahead or extended):
            worked |= self._finish(self._documents.end)
        return worked or extended

    def drop(self) -> None:
        """Close the file of record without what was added since its last flush."""
        self._flight.cancel()
        self._file.drop()

    def close(self) -> None:
        """Leave the file as it is; an unfinished one is continued from the journal."""
        self._let_go()
        self._file.close()

    def set_aside(self, reason: str) -> None:
        """Leave a file that cannot be continued under another name."""
        self._let_go()
        self._file.set_aside(reason)

    def _let_go(self) -> None:
        """Leave the frames alone."""
        self._flight.cancel()
        close_files()
        self._raw_sync.close()

    @property
    def _ahead(self) -> int:
        """Frames that are taken from the documents and have no row."""
        return len(self._flight) + len(self._reduced)

    def _send(self) -> bool:
        """Hand frames to the workers, as many as memory has room for; return whether there was one."""
        sent = False
        while (announced := self._documents.next) and self._ahead < self._most_ahead:
            reduction = self._reduction(announced.stream)  # begins the entry of the patterns, or finds it
            if self._file.kept and self._file.kept.remaining:
                self._pass_over(self._file.kept)
            else:
                self._flight.send(announced, reduction.task(announced))
                self._documents.take()
            sent = True
        return sent

    def _take(self) -> bool:
        """Take back the next frame and reduce it, when its workers are done with it or it is given up."""
        taken = self._flight.take()
        if taken is None:
            return False
        announced, product = taken
        if product.read:
            self._raw_sync.saw(announced.store.path)
        self._reduced.append(self._reduce(announced, product, self._reduction(announced.stream)))
        self._documents.done(announced)
        return True

    def _pass_over(self, kept: KeptRows) -> None:
        """Take note of the frames that have a row in a file that is continued."""
        while kept.remaining and (announced := self._documents.next):
            row = kept.take(self._file.link_raw(announced.store), announced.index)
            if isfinite(row.exposure_end):
                self._documents.see(self.run.start_ns + round(row.exposure_end * NS))
            self._counter.see(row.number)
            if isfinite(row.a):
                self._reduction(announced.stream).go_on(row.a, row.c)
            if row.lit is not None and self._file.patterns:
                self._reduction(announced.stream).appraisal.go_on(row.lit, self._file.patterns)
            self._raw_sync.saw(announced.store.path)  # the recorder that read it may not have come to it
            self._documents.take()
            self._documents.done(announced)

    def _reduce(self, announced: Announced, product: Product, reduction: Reduction) -> _Reduced:
        exposure = _exposure(product, announced.stream)
        row: Row = {
            "frame_number": product.number,
            "raw_file": self._file.link_raw(announced.store),
            "raw_index": announced.index,
            **self._times(announced, exposure),
        }
        return _Reduced({**row, **reduction.reduce(product, announced.stream.acquire_time)}, product.reason, exposure)

    def _reduction(self, stream: Stream) -> Reduction:
        """Return what reduces frames of a shape; the first one begins the entry of the patterns, the only one."""
        if stream.shape not in self._reductions:
            first = next(iter(self._reductions), None)
            reduction = Reduction(self.run, stream, _beside(first, stream.shape))
            if first is None:
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
        joined = self._conditions.during(waiting.exposure)
        if joined is None:
            return False
        self._reduced.popleft()
        self.latest = waiting.row | joined
        self.latest_reason = waiting.reason
        self._file.append(self.latest, waiting.reason)
        if missing := self._counter.see(self.latest["frame_number"]):
            words = "run %s: %d frames are missing before the detector's number %d"
            _logger.warning(words, self.run.uid[:8], missing, self.latest["frame_number"])
        return True

    def _finish(self, end: End) -> bool:
        end_ns = self._documents.latest_ns
        if self._committed.ns < end_ns and not self._committed.stalled:
            return False
        known_ns = min(end_ns, self._committed.ns)
        if self._file.extend_log(self._history, known_ns, whole=True):
            return True
        self._file.write_cell_programmes(self._history, known_ns)
        self._file.end(end_ns, end.reason, end.message, self._documents.announced, list(self._documents.missing))
        self._let_go()
        self.finished = True
        return True


def _beside(first: tuple[int, int] | None, shape: tuple[int, int]) -> str:
    """Return why frames of a shape are not integrated beside those that a run began with; empty for the first."""
    if first is None:
        return ""
    return f"frames of {pixels(shape)}, but the patterns of the run have the axes of {pixels(first)}; not integrated"


def _exposure(frame: Product, stream: Stream) -> Exposure | None:
    """Return when photons were counted; None where detector or descriptor do not say."""
    if frame.end_ns is None or stream.acquire_time is None:
        return None
    return Exposure(frame.end_ns - round(stream.acquire_time * NS), frame.end_ns)

"""A file of record rebuilt from its journal, its frames and the environment log, and what of the run is lost.

The work is the recorder's own, so that the file is the one that an undisturbed recorder would have written. Journal,
frames and log are read and never changed.
"""

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from operando.errors import OperandoError, RecordDamaged, RecordError
from operando.history import EnvironmentHistory
from operando.journal import Damage, is_owned, read_journal
from operando.recorder.instants import iso8601
from operando.recorder.losses import Kind, Loss, end_of, host_loss, log_gaps, lost_frames
from operando.recorder.nexus import is_complete
from operando.recorder.patience import REPLAY, CommittedTime
from operando.recorder.profiles import record_path
from operando.recorder.promises import Promises
from operando.recorder.recording import ABANDONED, Recording
from operando.recorder.run import Run

IDLE_S = 0.05
"""s between two looks at frames and log when there is nothing to do."""
Document = tuple[str, Mapping[str, Any]]


class State(StrEnum):
    """What became of a journal."""

    REBUILT = "rebuilt"
    COMPLETE = "complete already"
    OPEN = "still open"
    FAILED = "not rebuilt"


@dataclass(slots=True)
class Recovery:
    """What one journal came to.

    Parameters
    ----------
    journal : Path
        The journal.
    state : State
        What became of it.
    file : Path or None
        Its file of record.
    frames : int
        Rows in it, with and without a pattern.
    end_reason : str
        How the run ended; ``abandoned`` without a stop document.
    last_ns : int or None
        UTC, ns since the epoch: the last whole document; nothing is known of any that came later.
    losses : list of Loss
        What could not be recovered, and why.
    """

    journal: Path
    state: State = State.FAILED
    file: Path | None = None
    frames: int = 0
    end_reason: str = ""
    last_ns: int | None = None
    losses: list[Loss] = field(default_factory=list)

    def facts(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "journal": str(self.journal),
            "state": self.state.value,
            "file": str(self.file) if self.file else None,
            "frames": self.frames,
            "end_reason": self.end_reason,
            "last_document": None if self.last_ns is None else iso8601(self.last_ns),
            "lost": [loss.facts() for loss in self.losses],
        }

    def lines(self) -> Iterator[str]:
        """Yield it in words, a line each."""
        made = f": {self.file}, {self.frames} frames, {self.end_reason}" if self.end_reason else ""
        until = f", last document of {iso8601(self.last_ns)}" if self.last_ns is not None else ""
        yield f"{self.journal.name}: {self.state}{made}{until}"
        for loss in self.losses:
            word = "" if loss.kind is Kind.RECORD else "lost: "  # a run without a file is in its journal still
            yield f"{self.journal.name}: {word}{loss}"


def recover(
    journal: Path, data_root: Path, history: EnvironmentHistory, now_ns: Callable[[], int] = time.time_ns
) -> Recovery:
    """Write the file of record of a journal, unless it is complete already, and say what is lost.

    Parameters
    ----------
    journal : Path
        Of one run; one that a RunEngine process still writes is left to the recorder.
    data_root : Path
        Where files of record go, in the layout of the run's site.
    history : EnvironmentHistory
        The environment log.
    now_ns : callable
        UTC, ns since the epoch; a log that ends a moment before may still go on.
    """
    found = Recovery(journal)
    try:
        if is_owned(journal):
            found.state = State.OPEN
            raise RecordError("its RunEngine process still writes it; the recorder makes its file of record")
        run = _start(_Reading(journal))
        found.file = record_path(data_root, run, elsewhere=True)
        complete = is_complete(found.file)
        reading = _Reading(journal) if complete else _rebuild(run, journal, data_root, history)
        reading.exhaust()
        found.last_ns, found.losses = reading.promises.last_ns, reading.losses
        _assess(found, run, history, now_ns())
        found.state = State.COMPLETE if complete else State.REBUILT
    except (OperandoError, OSError, RuntimeError, sqlite3.Error) as error:  # HDF5 and SQLite have words of their own
        found.losses.append(Loss(Kind.RECORD, str(error)))
    return found


class _Reading:
    """One pass over the whole documents of a journal, which notes what is not there."""

    def __init__(self, journal: Path) -> None:
        self.promises = Promises()
        self._damages: list[Loss] = []
        self._documents = read_journal(journal, self._damaged)

    @property
    def losses(self) -> list[Loss]:
        """What is missing."""
        return self._damages + self.promises.losses

    def __iter__(self) -> Iterator[Document]:
        for name, document in self._documents:
            try:
                self.promises.see(name, document)
            except (KeyError, TypeError, ValueError) as error:
                self.note(f"{name} document {document.get('uid')} without {error}")
            if self._damages and self._damages[-1].before_ns is None and "time" in document:
                self._damages[-1] = replace(self._damages[-1], before_ns=self.promises.last_ns)
            yield name, document

    def note(self, what: str) -> None:
        """Note what cannot be used."""
        self._damages.append(Loss(Kind.JOURNAL, what, self.promises.last_ns))

    def exhaust(self) -> None:
        """Read to the end."""
        for _ in self:
            pass

    def _damaged(self, damage: Damage) -> None:
        lines = f"line {damage.first_line}"
        if damage.last_line > damage.first_line:
            lines = f"lines {damage.first_line} to {damage.last_line}"
        self.note(f"{'torn end, ' if damage.at_end else ''}{lines}, {damage.length} bytes: {damage.reason}")


def _start(reading: _Reading) -> Run:
    name, document = next(iter(reading), ("", {}))
    if name != "start":
        raise RecordError("no whole start document, which says what all others mean: nothing can be rebuilt of it")
    return Run.from_start(document)


def _rebuild(run: Run, journal: Path, data_root: Path, history: EnvironmentHistory) -> _Reading:
    """Let the recorder's stages work until the file is complete; one that cannot be continued is set aside."""
    while True:
        reading = _Reading(journal)
        committed = CommittedTime(history, REPLAY.log)
        recording = Recording(run, data_root, history, committed, REPLAY.frame, elsewhere=True)
        try:
            _record(recording, reading, committed)
        except RecordDamaged as error:
            recording.set_aside(str(error))
            continue
        finally:
            recording.close()
        return reading


def _record(recording: Recording, reading: _Reading, committed: CommittedTime) -> None:
    documents, pause = iter(reading), threading.Event()
    next(documents)  # the start document
    while not recording.finished:
        while recording.hungry and (item := next(documents, None)):
            try:
                recording.accept(*item)
            except RecordError as error:
                reading.note(str(error))
        if recording.hungry:
            recording.abandon()
        committed.poll()
        if not recording.step():
            pause.wait(IDLE_S)


def _assess(found: Recovery, run: Run, history: EnvironmentHistory, now_ns: int) -> None:
    """Say how the run ended, and what its file lacks."""
    if found.file is None or found.last_ns is None:
        return
    found.end_reason, duration_ns, found.frames = end_of(found.file)
    if found.end_reason == ABANDONED.reason:
        found.losses += host_loss(history, found.last_ns, now_ns)
    found.losses += lost_frames(found.file, run.start_ns)
    found.losses += log_gaps(history, run.start_ns, run.start_ns + duration_ns)

"""The runs of a journal folder: found, recorded side by side, closed when they end or are abandoned."""

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from operando.disk import disk_errno, in_short
from operando.errors import OperandoError, RecordDamaged, RecordError
from operando.history import EnvironmentHistory
from operando.journal import JournalFollower, is_owned
from operando.recorder.beside import Beside
from operando.recorder.hindrance import Hindrance, gone
from operando.recorder.nexus import is_complete, path_of
from operando.recorder.patience import LIVE, REPLAY, Clock, CommittedTime
from operando.recorder.recorded import Recorded
from operando.recorder.recording import Recording
from operando.recorder.run import Run
from operando.recorder.torn_end import keep_torn_end

PIECE = 262_144
"""Bytes of a journal read at a time; one of weeks is never in memory whole."""

_logger = logging.getLogger(__name__)


class _OpenRun:
    """A journal and what is made of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = JournalFollower(path)
        self.recording: Recording | None = None
        self.read_to_end = False
        """Whether the last look at the journal found nothing new."""
        self.hindrance = Hindrance()


class Runs:
    """Every run of a folder of journals.

    Parameters
    ----------
    journals : Path
        Folder of ``<uid>.jsonl``.
    data_root : Path
        Where files of record go.
    history : EnvironmentHistory
        The environment log.
    once : bool
        Nobody writes any more: waiting is short, and a run that a RunEngine still owns is left unfinished.
    clock : callable
        s, monotonic.
    log_is_kept : callable
        Whether the writer of the environment log lives, so that what is not on the disk yet will be.
    """

    def __init__(
        self,
        journals: Path,
        data_root: Path,
        history: EnvironmentHistory,
        once: bool = False,
        clock: Clock = time.monotonic,
        log_is_kept: Callable[[], bool] = lambda: False,
    ) -> None:
        self._journals = journals
        self._data_root = data_root
        self._history = history
        self._once = once
        self._clock = clock
        self._patience = REPLAY if once else LIVE
        self._committed = CommittedTime(history, self._patience.log, clock, log_is_kept)
        self._open: dict[Path, _OpenRun] = {}
        self._seen: set[Path] = set()
        self.finished: list[Path] = []
        """Files of record completed here."""
        self.latest: Recording | None = None
        """The recording that was last worked on, perhaps complete by now."""
        self.failed: dict[Path, str] = {}
        """Journal → why no file of record is made of it."""
        self.waiting: dict[Path, str] = {}
        """Journal → why a disk does not let its file of record be written just now."""
        self.spoilt = ""
        """Why HDF5 may not be used in this process any more: a disk stopped it in the middle of a write."""
        self._wrecks: list[Recording] = []
        self._recorded = Recorded(journals.parent / "run" / "recorded.jsonl")
        self.beside = Beside(journals.parent / "run" / "beside", is_complete, clock)
        """What the site wants beside the files of record."""

    def discover(self) -> None:
        """Look for new journals, the oldest first."""
        fresh = [path for path in self._journals.glob("*.jsonl") if path not in self._seen]
        self._seen.update(fresh)
        unknown = [path for path in fresh if not self._recorded.holds(path)]
        for path in sorted(unknown, key=lambda each: (each.stat().st_mtime_ns, each.name)):
            self._open[path] = _OpenRun(path)

    def look_at_the_clock(self) -> None:
        """Let time that stands still while nothing is done be seen to stand still."""
        self._clock()

    def step(self) -> bool:
        """Do a piece of work in each open run; return whether there was any."""
        worked = self._look_at_log() | self.beside.step()
        for run in list(self._open.values()):
            if self.spoilt or run.hindrance.stands(self._clock()):
                continue
            try:
                worked |= self._step(run)
            except RecordDamaged as error:
                self._begin_again(run, error)
                worked = True
            except (OperandoError, OSError, RuntimeError, sqlite3.Error) as error:
                # One run that cannot be recorded does not stop the others.
                self._hold(run, error) if self._may_wait(run, error) else self._fail(run, error)
            else:
                if self.waiting.pop(run.path, None):
                    run.hindrance = Hindrance()
        return worked

    @property
    def active(self) -> Iterator[Recording]:
        """The recordings that have begun and are not complete."""
        return (run.recording for run in self._open.values() if run.recording)

    @property
    def exhausted(self) -> bool:
        """Whether every journal that was found has been dealt with."""
        return not self._open and not self.beside.due

    def close(self) -> None:
        """Close every file; what is unfinished is made again from its journal next time."""
        for path in list(self._open):
            self._leave(path)

    def _look_at_log(self) -> bool:
        try:
            return self._committed.poll()
        except (sqlite3.Error, OSError) as error:  # its disk is away; what is needed from it is waited for
            _logger.debug("environment log: %s", error)
            return False

    def drop(self) -> None:
        """Close every file as far as that is possible, and write nothing more: this process is about to end."""
        left = [run.recording for run in self._open.values() if run.recording]
        for recording in (*self._wrecks, *left):
            try:
                recording.drop()
            except (OSError, RuntimeError) as error:
                _logger.warning("%s: does not close: %s", recording.path, in_short(error))

    def _step(self, run: _OpenRun) -> bool:
        if run.recording and run.hindrance.removed(run.recording.path, self._clock()):
            raise gone(run.recording.path)
        owned = is_owned(run.path)  # before the last look at the journal: a stop document may come in between
        worked = self._follow(run)
        if run.path not in self._open:
            return worked
        if run.recording is None:
            if not owned:
                raise RecordError("a journal without a whole start document")
            return worked
        if not owned and run.read_to_end:
            run.recording.abandon()
        if run.recording.step():
            worked, self.latest = True, run.recording
        if run.recording.finished:
            _logger.info("%s: complete with %d frames", run.recording.path, run.recording.length)
            self.finished.append(run.recording.path)
            self._recorded.note(run.path, run.recording.path)
            self.beside.complete(run.recording.run)
            self._leave(run.path)
        elif self._once and owned and not worked and run.recording.waiting_since_ns is None:
            _logger.warning("%s: its run is still open; its file of record stays unfinished", run.path)
            self._leave(run.path)
        return worked

    def _follow(self, run: _OpenRun) -> bool:
        """Read on in a journal; of one that is new, the start document alone: it may be a finished run's."""
        if run.recording is not None and not run.recording.hungry:
            return False
        documents = run.journal.poll(PIECE if run.recording else 1)
        run.read_to_end = not documents
        for name, document in documents:
            if run.recording is not None:
                run.recording.accept(name, document)
            else:
                self._begin(run, name, document)
        return bool(documents)

    def _begin(self, run: _OpenRun, name: str, document: dict[str, object]) -> None:
        """Start recording, unless the file of record is complete already."""
        if name != "start":
            raise RecordError(f"a journal that begins with a {name} document")
        described = Run.from_start(document)
        if is_complete(path_of(self._data_root, described)):
            self._recorded.note(run.path, path_of(self._data_root, described))
            self._leave(run.path)
            return
        if not self._once and not self._data_root.is_dir():
            raise gone(self._data_root)
        self.beside.promise(described, path_of(self._data_root, described))
        run.recording = Recording(
            described, self._data_root, self._history, self._committed, self._patience.frame, self._clock
        )

    def _begin_again(self, run: _OpenRun, error: RecordDamaged) -> None:
        """Set aside a file that turned out not to be what its journal says, and make it anew."""
        if run.recording:
            run.recording.set_aside(str(error))
        self._open[run.path] = _OpenRun(run.path)

    def _may_wait(self, run: _OpenRun, error: Exception) -> bool:
        """Whether a disk is in the way that somebody may mend."""
        if self._once or (not isinstance(error, sqlite3.Error) and disk_errno(error) is None):
            return False
        journal_is_gone = self._journals.is_dir() and not run.path.exists()
        return not (journal_is_gone and run.hindrance.lasts(self._clock()))

    def _hold(self, run: _OpenRun, error: Exception) -> None:
        """Leave a run alone for a while, longer each time, and go on with it then."""
        if run.path not in self.waiting:
            _logger.error("%s: its file of record waits: %s", run.path, in_short(error))
        self.waiting[run.path] = in_short(error)
        self._open[run.path] = fresh = _OpenRun(run.path)
        fresh.hindrance = run.hindrance.again(self._clock())
        if run.recording is None:
            return
        if not isinstance(error, OSError | RuntimeError):  # not in the middle of writing the file
            try:
                run.recording.close()
                return
            except (OSError, RuntimeError) as further:
                error = further
        self._wrecks.append(run.recording)
        self.spoilt = f"{run.recording.path}: {in_short(error)}"

    def _fail(self, run: _OpenRun, error: Exception) -> None:
        _logger.error("%s: no file of record is made of it: %s", run.path, error)
        self.failed[run.path] = str(error)
        self._leave(run.path)

    def _leave(self, path: Path) -> None:
        left = self._open.pop(path)
        keep_torn_end(left.journal)
        if left.recording:
            left.recording.close()

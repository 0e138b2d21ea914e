"""The runs of a journal folder: found, recorded side by side, closed when they end or are abandoned."""

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
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

ERRORS = (OperandoError, OSError, RuntimeError, sqlite3.Error)
"""What keeps one run from being recorded; HDF5 and SQLite have words of their own."""
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
    executor : Executor, optional
        Where frames are read and integrated; by default here and now.
    """

    def __init__(
        self,
        journals: Path,
        data_root: Path,
        history: EnvironmentHistory,
        once: bool = False,
        clock: Clock = time.monotonic,
        log_is_kept: Callable[[], bool] = lambda: False,
        executor: Executor | None = None,
    ) -> None:
        self.executor = executor
        """Where frames are read and integrated; None is here."""
        self._arrived = threading.Event()
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
        """The youngest recording that goes on; when none does, the last one that was worked on."""
        self.failed: dict[Path, str] = {}
        """Journal → why no file of record is made of it."""
        self.waiting: dict[Path, str] = {}
        """Journal → why a disk does not let its file of record be written just now."""
        self.held: dict[Path, str] = {}
        """Journal → who has its file of record open; nothing is wrong with any disk."""
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
            except ERRORS as error:  # one run that cannot be recorded does not stop the others
                self._give_way(run, error)
            else:
                if self.waiting.pop(run.path, None) or self.held.pop(run.path, None):
                    run.hindrance = Hindrance()
        return worked

    def rest(self, seconds: float) -> None:
        """Wait for a frame that comes back from its workers, s at most."""
        self._arrived.wait(seconds)
        self._arrived.clear()

    @property
    def active(self) -> Iterator[Recording]:
        """The recordings that have begun and are not complete."""
        return (run.recording for run in self._open.values() if run.recording)

    @property
    def exhausted(self) -> bool:
        """Whether every journal that was found has been dealt with."""
        return not self._open and not self.beside.due

    @property
    def left(self) -> list[Path]:
        """The journals that have not been dealt with."""
        return list(self._open)

    def close(self) -> None:
        """Close every file; what is unfinished is made again from its journal next time."""
        for path in self.left:
            self._leave(path)
        if self.spoilt:
            self.drop()

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
            _drop(recording)

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
            worked = True
            if not self._goes_on_later_than(run.recording):
                self.latest = run.recording
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

    def _goes_on_later_than(self, recording: Recording) -> bool:
        """Whether what is shown began after a recording that catches up beside it."""
        return any(each is self.latest and each.run.start_ns > recording.run.start_ns for each in self.active)

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
            described,
            self._data_root,
            self._history,
            self._committed,
            self._patience.frame,
            self._clock,
            executor=self.executor,
            arrived=self._arrived,
        )

    def _begin_again(self, run: _OpenRun, error: RecordDamaged) -> None:
        """Set aside a file that turned out not to be what its journal says, and make it anew."""
        try:
            if run.recording:
                run.recording.set_aside(str(error))
        except ERRORS as further:
            self._give_way(run, further)
        else:
            self._open[run.path] = _OpenRun(run.path)

    def _give_way(self, run: _OpenRun, error: Exception) -> None:
        self._hold(run, error) if self._may_wait(run, error) else self._fail(run, error)

    def _may_wait(self, run: _OpenRun, error: Exception) -> bool:
        """Whether something is in the way that somebody may mend: a disk, or a viewer that is left open."""
        if self._once:
            return False
        if not (isinstance(error, sqlite3.Error) or _is_held(error) or disk_errno(error) is not None):
            return False
        journal_is_gone = self._journals.is_dir() and not run.path.exists()
        return not (journal_is_gone and run.hindrance.lasts(self._clock()))

    def _hold(self, run: _OpenRun, error: Exception) -> None:
        """Leave a run alone for a while, longer each time, and go on with it then."""
        obstacles, others = (self.held, self.waiting) if _is_held(error) else (self.waiting, self.held)
        if run.path not in obstacles:
            _logger.error("%s: its file of record waits: %s", run.path, in_short(error))
        obstacles[run.path] = in_short(error)
        others.pop(run.path, None)
        self._open[run.path] = fresh = _OpenRun(run.path)
        fresh.hindrance = run.hindrance.again(self._clock())
        self._close(run, error)

    def _fail(self, run: _OpenRun, error: Exception) -> None:
        _logger.error("%s: no file of record is made of it: %s", run.path, in_short(error))
        self.failed[run.path] = in_short(error)
        self.waiting.pop(run.path, None)
        self.held.pop(run.path, None)
        self._leave(run.path, error)

    def _leave(self, path: Path, error: Exception | None = None) -> None:
        left = self._open.pop(path)
        keep_torn_end(left.journal)
        self._close(left, error)

    def _close(self, run: _OpenRun, error: Exception | None) -> None:
        """Close what is open of a run, for an error or for none; nothing that it meets ends the recorder."""
        number = disk_errno(error)
        if isinstance(error, OSError | RuntimeError) and number is not None:  # in the middle of writing the file
            self._wreck(run, error)
        elif run.recording:
            try:
                run.recording.close()
            except (OSError, RuntimeError) as refusal:
                if number is not None or disk_errno(refusal) is not None:
                    self._wreck(run, refusal)
                else:
                    _drop(run.recording)

    def _wreck(self, run: _OpenRun, error: Exception) -> None:
        self.spoilt = f"{run.path}: {in_short(error)}"
        if run.recording:
            self._wrecks.append(run.recording)


def _is_held(error: Exception) -> bool:
    """Whether another program has the file open."""
    return isinstance(error.__cause__, BlockingIOError)


def _drop(recording: Recording) -> None:
    try:
        recording.drop()
    except (OSError, RuntimeError) as error:
        _logger.warning("%s: does not close: %s", recording.path, in_short(error))

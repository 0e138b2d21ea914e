"""Bring every run of a folder of journals to one sink: in order, at least once, whatever becomes of the sink."""

import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from operando.errors import JournalError, TargetAway
from operando.journal import is_owned
from operando.sinks.health import Health
from operando.sinks.position import Positions
from operando.sinks.sink import Sink
from operando.sinks.tail import Line, Tail, ends_with_stop

DISCOVER_S = 1.0
"""s between two looks for new journals, and between two writes of the positions."""
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
"""s before a target that failed is tried again: the first time, and at most; each pause is twice the one before."""
LONGEST_PUT_OFF_S = 600.0
"""s, at most, before a run is looked at again whose files made trouble: it is read anew from its start then."""
ATTEMPTS = 3
"""How often one run may be refused before it is left out."""

Clock = Callable[[], float]
_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Run:
    """A run that is not delivered whole."""

    tail: Tail
    owned: bool = True
    """A RunEngine writes it, as of the last look."""
    begun: bool = False
    refusals: int = 0
    put_off: float = PAUSE_S
    """s before it is looked at again, once its files make trouble."""
    not_before: float = float("-inf")
    """s, of the clock."""


class Delivery:
    """Feeds one sink.

    Parameters
    ----------
    name : str
        Of the sink, for messages.
    connect : callable
        Makes the sink; called again after each failure.
    journals : Path
        Folder of ``<uid>.jsonl``.
    positions : Positions
        What was delivered before.
    live_only : bool
        Runs that had ended before this sink was first fed are of no interest to its target.
    stop : Event
        Once it is set, a step ends with the document it is at.
    clock : callable
        s, monotonic.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Sink],
        journals: Path,
        positions: Positions,
        live_only: bool = False,
        stop: threading.Event | None = None,
        clock: Clock = time.monotonic,
    ) -> None:
        self.name = name
        self.health = Health(refused=len(positions.refused))
        self._connect = connect
        self._journals = journals
        self._positions = positions
        self._live_only = live_only and positions.fresh
        self._stop = stop or threading.Event()
        self._clock = clock
        self._sink: Sink | None = None
        self._runs: dict[str, _Run] = {}
        self._looked = self._retry_at = float("-inf")
        self._pause = PAUSE_S

    def step(self) -> bool:
        """Deliver a piece of one run; return whether there was one."""
        now = self._clock()
        uid = ""
        try:
            if now - self._looked >= DISCOVER_S:
                self._looked = now
                self._discover()
                self._positions.save()
            if now < self._retry_at:
                return False
            if self._sink is None:
                self.health.state = "connecting"
                with self._calling():
                    self._sink = self._connect()
            for uid in self._in_turn(now):
                if self._deliver(self._sink, uid, self._runs[uid]):
                    self.health.state = "delivering"
                    return True
            waiting = all(run.not_before <= now for run in self._runs.values())
            self.health.state, self.health.behind = "waiting" if waiting else "retrying", self._behind()
        except (TargetAway, ConnectionError) as error:
            self._fail(error)
        except OSError as error:
            if uid in self._runs:
                self._put_off(uid, error)
            else:
                self._fail(error)
        except Exception as error:  # noqa: BLE001 - the boundary to code that is not ours: any target, any fault
            self._fail(error)
            self._count_refusal(uid, error)
        return False

    def busy_for(self) -> float:
        """Return for how long a call of the target has not returned, s; 0 where there is none."""
        since = self.health.busy_since
        return 0.0 if since is None else max(0.0, self._clock() - since)

    def close(self) -> None:
        """Write down what was delivered and let go of the target."""
        self._positions.save()
        self._let_go()

    def _discover(self) -> None:
        found = {path.stem: path for path in self._journals.glob("*.jsonl")}
        fresh = [uid for uid in found if uid not in self._runs and not self._positions.is_done(uid)]
        for uid in sorted(fresh, key=lambda each: _born(found[each])):
            self._runs[uid] = _Run(Tail(found[uid]))
        for uid in self._runs.keys() - found.keys():
            _logger.error("%s: the journal of run %s is gone before it was delivered whole", self.name, uid)
            self._positions.forget(uid)
            del self._runs[uid]
        for run in self._runs.values():
            run.owned = run.owned and _owned(run.tail.path)
        if self._live_only:
            self._live_only = False
            ended = [uid for uid, run in self._runs.items() if not run.owned]
            self._positions.finish(*ended)
            for uid in ended:
                del self._runs[uid]
        self.health.behind = self._behind()

    def _behind(self) -> int:
        return sum(run.tail.behind() for run in self._runs.values())

    def _in_turn(self, now: float) -> list[str]:
        """Return the runs to look at: those under way, then one that has ended, the oldest or the one begun."""
        due = [uid for uid, run in self._runs.items() if run.not_before <= now]
        under_way = [uid for uid in due if self._runs[uid].owned]
        ended = [uid for uid in due if not self._runs[uid].owned]
        begun = [uid for uid in ended if self._runs[uid].begun]
        return under_way + (begun or ended)[:1]

    def _deliver(self, sink: Sink, uid: str, run: _Run) -> bool:
        if not run.begun and not self._begin(sink, uid, run):
            self._done(uid)
            return True
        ended = not _owned(run.tail.path)  # before the last look: a stop document may come in between
        lines = run.tail.read()
        for line in lines:
            if self._stop.is_set():
                return True
            self._send(sink, uid, run, line)
        if lines:
            self._pause = PAUSE_S
        elif ended:
            with self._calling():
                sink.end(uid)
            self._done(uid)
        return bool(lines) or ended

    def _begin(self, sink: Sink, uid: str, run: _Run) -> bool:
        """Announce a run; False where the target has it already."""
        with self._calling():
            wanted = sink.begin(uid, ends_with_stop(run.tail.path))
        run.tail.offset = self._positions.offset(uid) if sink.resumes else 0
        run.begun = wanted
        return wanted

    def _send(self, sink: Sink, uid: str, run: _Run, line: Line) -> None:
        if line.name:
            with self._calling():
                sink.send(uid, line.name, line.document)
            self.health.documents += 1
        else:
            self.health.damaged += 1
        run.tail.offset = line.end
        if sink.resumes:
            self._positions.advance(uid, line.end)

    def _done(self, uid: str) -> None:
        del self._runs[uid]
        self._positions.finish(uid)
        self.health.runs += 1
        self._pause = PAUSE_S

    @contextmanager
    def _calling(self) -> Iterator[None]:
        """Say how long a call of the target takes, to whoever watches."""
        self.health.busy_since = self._clock()
        try:
            yield
        finally:
            self.health.busy_since = None

    def _fail(self, error: Exception) -> None:
        """Let go of a target that failed; the next one is told of the runs under way anew."""
        self.health.state, self.health.error = "retrying", str(error) or type(error).__name__
        self.health.failures += 1
        _logger.warning("%s: %s; tried again in %.0f s, and nothing waits for it", self.name, error, self._pause)
        self._retry_at = self._clock() + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE_S)
        for run in self._runs.values():
            run.begun = False
        self._let_go()

    def _put_off(self, uid: str, error: OSError) -> None:
        """Turn to the other runs where a journal cannot be read, or what is made of a run cannot be written."""
        run = self._runs[uid]
        self.health.error = str(error)
        self.health.failures += 1
        _logger.warning("%s: run %s: %s; tried again in %.0f s, the others go on", self.name, uid, error, run.put_off)
        run.begun, run.not_before = False, self._clock() + run.put_off
        run.put_off = min(2 * run.put_off, LONGEST_PUT_OFF_S)

    def _count_refusal(self, uid: str, error: Exception) -> None:
        """Leave out a run that the target has refused often enough, so that the others get their turn."""
        _logger.debug("%s: refused", self.name, exc_info=error)
        if uid not in self._runs:
            return
        self._runs[uid].refusals += 1
        if self._runs[uid].refusals >= ATTEMPTS:
            _logger.error("%s: run %s is left out, it was refused %d times: %s", self.name, uid, ATTEMPTS, error)
            self._positions.refuse(uid, self.health.error)
            self.health.refused += 1
            del self._runs[uid]

    def _let_go(self) -> None:
        if self._sink is not None:
            self._sink.close()
            self._sink = None


def _owned(path: Path) -> bool:
    try:
        return is_owned(path)
    except (JournalError, OSError):
        # One that was taken away has no owner; one that cannot be opened now must not count as ended.
        return os.path.lexists(path)


def _born(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0

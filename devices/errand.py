"""A status that is fulfilled by a short procedure in a thread of its own."""

import atexit
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ophyd.ophydobj import OphydObject
from ophyd.status import Status

from operando.errors import OperandoError

_logger = logging.getLogger(__name__)

CHECK_INTERVAL = 0.1
"""s; a procedure looks again this often even when no record changes, so that silence is noticed."""


class Errand(Status):
    """A status that says what became of a procedure.

    Parameters
    ----------
    obj : OphydObject
        Whose errand it is.
    procedure : callable
        Runs in the errand's thread and is given the errand; returning is success, an exception is failure.
    signals : sequence of OphydObject
        A change of one of these lets a waiting procedure look again at once.
    """

    def __init__(
        self, obj: OphydObject, procedure: Callable[["Errand"], None], signals: Sequence[OphydObject] = ()
    ) -> None:
        super().__init__(obj=obj)
        self._procedure = procedure
        self._signals = signals
        self._wake = threading.Event()
        self._ended_by: OperandoError | None = None
        self._progress_watchers: list[Callable[..., None]] = []
        self._thread = threading.Thread(target=self._run, name=f"{obj.name} errand", daemon=True)
        _under_way.add(self)
        self._thread.start()

    def watch(self, watcher: Callable[..., None]) -> None:
        """Call ``watcher`` on progress.

        Its keywords are ``name, current, initial, target, unit, precision, fraction, time_elapsed``; ``fraction`` is
        what remains, 1 to 0, as in ophyd's own statuses.
        """
        self._progress_watchers.append(watcher)

    def report(self, **progress: Any) -> None:
        """Tell the watchers how far the errand is."""
        for watcher in list(self._progress_watchers):
            try:
                watcher(**progress)
            except Exception:
                # A foreign callback: a broken progress bar must not fail a move.
                _logger.exception("%s: a progress watcher failed and is left out from now on", self.obj.name)
                self._progress_watchers.remove(watcher)

    def end(self, error: OperandoError) -> None:
        """Let the errand fail with ``error``, from any thread; nothing happens when it is done already."""
        self._ended_by = error
        self._wake.set()

    def pause(self, at_most: float = CHECK_INTERVAL) -> None:
        """Wait for a change of a signal, at most ``at_most`` s.

        Raises
        ------
        OperandoError
            The errand was ended from outside.
        """
        self._wake.wait(at_most)
        self._wake.clear()
        self.check()

    def check(self) -> None:
        """Wait for nothing; to be called right before anything is set in motion.

        Raises
        ------
        OperandoError
            The errand was ended from outside.
        """
        if self._ended_by is not None:
            raise self._ended_by

    def wait_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Whether ``condition`` came true within ``timeout`` seconds.

        Raises
        ------
        OperandoError
            The errand was ended from outside.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            left = deadline - time.monotonic()
            if left <= 0.0:
                return False
            self.pause(min(CHECK_INTERVAL, left))
        return True

    def look(self) -> None:
        """Let a waiting procedure look again at once."""
        self._wake.set()

    def _run(self) -> None:
        for signal in self._signals:
            signal.subscribe(self._poke, run=False)
        try:
            self._procedure(self)
        except OperandoError as error:
            self.set_exception(error)
        except Exception as error:
            # The outermost frame of this thread: whatever happened belongs to whoever waits for the status.
            _logger.exception("%s: an errand failed", self.obj.name)
            self.set_exception(error)
        else:
            self.set_finished()
        finally:
            _under_way.discard(self)
            for signal in self._signals:
                signal.clear_sub(self._poke)

    def _poke(self, **_: Any) -> None:
        self._wake.set()

    def __str__(self) -> str:
        """Say what failed: the RunEngine writes this text into the stop document as the reason."""
        failure = self._exception if self.done else None
        return str(failure) if failure is not None else f"{self.obj.name}: {'done' if self.done else 'under way'}"

    __repr__ = __str__

    def abandon(self) -> None:
        """Let the errand fail because this program ends, and see its thread out."""
        self.give_up(OperandoError(f"{self.obj.name}: this program ends; nothing was changed by that"))

    def give_up(self, error: OperandoError) -> None:
        """Let the errand fail with ``error``, and see its thread out."""
        self.end(error)
        self._thread.join(timeout=1.0)


_under_way: set[Errand] = set()


@atexit.register
def _end_all() -> None:
    """End what is under way before pyepics, which was loaded earlier and so ends later, takes its context away."""
    for errand in _under_way.copy():
        errand.abandon()

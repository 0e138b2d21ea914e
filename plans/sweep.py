"""A motor that moves while frames are taken, and goes on to its target after a pause."""

import threading
from collections.abc import Callable
from typing import Any

from operando.errors import MoveHeld


class Arrival:
    """bluesky's protocol of a status: done on arrival, or when there is none any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[Any], None]] = []
        self._failure: BaseException | None = None
        self.done = False

    @property
    def success(self) -> bool:
        """Whether the motor is there."""
        return self.done and self._failure is None

    def exception(self, timeout: float | None = 0.0) -> BaseException | None:
        """Return why it will never be there, or None."""
        return self._failure

    def add_callback(self, callback: Callable[[Any], None]) -> None:
        """Call when done, or at once."""
        with self._lock:
            if not self.done:
                self._callbacks.append(callback)
                return
        callback(self)

    def __str__(self) -> str:
        """Say what failed: the RunEngine writes this text into the stop document as the reason."""
        return str(self._failure) if self._failure else f"sweep: {'done' if self.done else 'under way'}"

    def finish(self, failure: BaseException | None) -> None:
        """Be done."""
        with self._lock:
            self._failure, self.done = failure, True
            callbacks = self._callbacks[:]
        for callback in callbacks:
            callback(self)


class Sweep:
    """Stands for a motor in a plan.

    The RunEngine stops whatever moves when it pauses, and a stopped move has failed. A plan that goes back to its last
    checkpoint asks for the move again; one that takes frames all the while has no way back.

    Parameters
    ----------
    motor : Movable
        Its moves fail with `MoveHeld` where the RunEngine has stopped them.
    """

    parent = None

    def __init__(self, motor: Any) -> None:
        self.name = motor.name
        self._motor = motor
        self._lock = threading.Lock()
        self._target = 0.0
        self._arrival = Arrival()
        self._paused = self._held = False

    def set(self, target: float) -> Arrival:
        """Move there; done on arrival, whatever comes between."""
        self._target, self._arrival = target, Arrival()
        self._go()
        return self._arrival

    def stop(self, *, success: bool = False) -> None:
        """Stop where it is; with ``success``, as the RunEngine does at a pause, until `resume`."""
        self._paused = self._paused or success
        self._motor.stop(success=success)

    def pause(self) -> None:
        """Nothing: the motor was told to stop by then."""

    def resume(self) -> None:
        """Go on to the target, at once or as soon as the motor stands."""
        with self._lock:
            held, self._held, self._paused = self._held, False, False
        if held:
            self._go()

    def _go(self) -> None:
        self._motor.set(self._target).add_callback(self._ended)

    def _ended(self, move: Any) -> None:
        failure = move.exception()
        if not isinstance(failure, MoveHeld):
            self._arrival.finish(failure)
            return
        with self._lock:
            paused = self._held = self._paused
        if not paused:  # resumed before the motor stood
            self._go()

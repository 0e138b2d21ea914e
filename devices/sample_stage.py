"""The xyz motors that carry the cell."""

from collections.abc import Callable
from typing import Any

from ophyd import Device, EpicsMotor, FormattedComponent
from ophyd.status import Status, StatusBase

from operando.errors import MoveFailed, MoveHeld


class Arrival(Status):
    """The status of a motor's move, checked: a motor that stopped elsewhere has not arrived.

    ophyd's own status ends in success as soon as the motor is done moving, also after a stop on the way
    (https://github.com/bluesky/ophyd/issues/734).
    """

    def __init__(self, axis: "Axis", target: float, move: StatusBase) -> None:
        super().__init__(obj=axis)
        self._target = target
        self._move = move
        self.held = False
        move.add_callback(self._check)

    def watch(self, watcher: Callable[..., None]) -> None:
        """Pass the motor's progress on."""
        self._move.watch(watcher)

    def _check(self, move: StatusBase) -> None:
        axis = self.obj
        readback = float(axis.user_readback.get(use_monitor=False))
        if move.success and abs(readback - self._target) <= axis.tolerance:
            self.set_finished()
            return
        unit = axis.motor_egu.get()
        kind = MoveHeld if self.held else MoveFailed
        self.set_exception(
            kind(
                f"{axis.name}: {self._target:g} {unit} asked, ended at {readback:g} {unit}, "
                f"tolerance {axis.tolerance:g} {unit}: stopped or blocked on the way; it stays there"
            )
        )

    def __str__(self) -> str:
        """Say what failed: the RunEngine writes this text into the stop document as the reason."""
        failure = self._exception if self.done else None
        return str(failure) if failure is not None else f"{self.obj.name}: {'done' if self.done else 'under way'}"

    __repr__ = __str__


class Axis(EpicsMotor):
    """A motor record whose moves fail when they end away from their target.

    Parameters
    ----------
    tolerance : float
        mm between target and readback at arrival.
    """

    def __init__(self, prefix: str = "", *, name: str, tolerance: float = 0.002, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        self.tolerance = tolerance
        self._arrival: Arrival | None = None

    def move(self, position: float, wait: bool = True, **kwargs: Any) -> Arrival:
        """Move to ``position`` in mm; the status fails when the motor ends elsewhere."""
        arrival = self._arrival = Arrival(self, float(position), super().move(position, wait=False, **kwargs))
        if wait:
            arrival.wait()
        return arrival

    def _done_moving(self, success: bool = True, timestamp: Any = None, value: Any = None, **_: Any) -> None:
        """Tell those who wait; ophyd forgets them afterwards, and with them whoever has asked for a move meanwhile."""
        waiting = list(self._callbacks[self._SUB_REQ_DONE])
        if success:
            self._run_subs(sub_type=self.SUB_DONE, timestamp=timestamp, value=value)
        self._run_subs(sub_type=self._SUB_REQ_DONE, success=success, timestamp=timestamp)
        for each in waiting:
            self._callbacks[self._SUB_REQ_DONE].pop(each, None)
            self._unwrapped_callbacks[self._SUB_REQ_DONE].pop(each, None)

    def stop(self, *, success: bool = False) -> None:
        """Stop where it is; a move under way fails."""
        if self._arrival is not None:
            self._arrival.held = success
        super().stop(success=success)


class SampleStage(Device):
    """Three motors, mm.

    Parameters
    ----------
    x, y, z : str
        Names of their motor records.
    """

    x = FormattedComponent(Axis, "{self._records[0]}", kind="hinted")
    y = FormattedComponent(Axis, "{self._records[1]}", kind="hinted")
    z = FormattedComponent(Axis, "{self._records[2]}", kind="hinted")

    def __init__(self, *, x: str, y: str, z: str, name: str, **kwargs: Any) -> None:
        self._records = (x, y, z)
        super().__init__("", name=name, **kwargs)

"""A regulated quantity: asked for by request, done when settled, frozen by stop."""

import logging
import time
from contextlib import suppress
from typing import Any, ClassVar

from ophyd import Component, Device, EpicsSignal, EpicsSignalRO, FormattedComponent
from ophyd.utils import DisconnectedError, ReadOnlyError

from operando.devices.errand import Errand
from operando.devices.heartbeat import Heartbeat
from operando.devices.mailbox import Mailbox
from operando.devices.setting import CHANGE_TIME, Setting
from operando.devices.travel import Sight, Travel
from operando.errors import MoveFailed, MoveHeld

_logger = logging.getLogger(__name__)

RESTART_TIME = 30.0
"""s that the environment service may be away: killed, it is started again and found again within some 10 s."""
REPLY_TIME = 5.0
"""s within which the environment service answers a request; it does so within one turn of its loop, 50 ms."""


class RegulatedQuantity(Device):
    """What `StackPressure` and `Heater` have in common.

    Readings carry the names of `operando.vocabulary.QUANTITIES`, so that documents, environment log and file of record
    speak of the same things by the same names.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its colon: ``SIM:``.
    patience : float
        s without progress towards the target after which a move fails.
    """

    quantity: ClassVar[str]
    """Its name in the table of quantities."""
    drive_name: ClassVar[str]
    """Name of what the actuator is told."""
    subsystem: ClassVar[str]
    """Its records' common stem."""

    readback = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:READBACK", kind="hinted", auto_monitor=True
    )
    setpoint = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:SETPOINT", kind="normal", auto_monitor=True
    )
    target = FormattedComponent(EpicsSignalRO, "{self.prefix}{self.subsystem}:TARGET", kind="normal", auto_monitor=True)
    drive = FormattedComponent(EpicsSignalRO, "{self.prefix}{self.subsystem}:DRIVE", kind="normal", auto_monitor=True)
    settled = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:SETTLED", kind="omitted", auto_monitor=True
    )

    tolerance = FormattedComponent(Setting, "{self.prefix}{self.subsystem}:TOLERANCE", kind="config", auto_monitor=True)
    settle_time = FormattedComponent(
        Setting, "{self.prefix}{self.subsystem}:SETTLE_TIME", kind="config", auto_monitor=True
    )
    ramp_rate = FormattedComponent(Setting, "{self.prefix}{self.subsystem}:RAMP_RATE", kind="config", auto_monitor=True)
    target_low = FormattedComponent(EpicsSignalRO, "{self.prefix}{self.subsystem}:TARGET_LOW", kind="config")
    target_high = FormattedComponent(EpicsSignalRO, "{self.prefix}{self.subsystem}:TARGET_HIGH", kind="config")

    mode = FormattedComponent(
        Setting, "{self.prefix}{self.subsystem}:MODE", kind="omitted", string=True, auto_monitor=True
    )
    state = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:STATE", kind="omitted", string=True, auto_monitor=True
    )
    settled_id = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:SETTLED_ID", kind="omitted", string=True, auto_monitor=True
    )
    request = FormattedComponent(EpicsSignal, "{self.prefix}{self.subsystem}:REQUEST", kind="omitted", string=True)
    reply = FormattedComponent(
        EpicsSignalRO, "{self.prefix}{self.subsystem}:REPLY", kind="omitted", string=True, auto_monitor=True
    )
    heartbeat = Component(Heartbeat, "ENVIRONMENT:HEARTBEAT", kind="omitted")

    def __init__(self, prefix: str = "", *, name: str, patience: float = 60.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, **kwargs)
        for attribute in self.component_names:
            getattr(self, attribute).name = f"{self.quantity}_{attribute}"
        self.readback.name = self.quantity
        self.drive.name = self.drive_name
        self.patience = patience
        self._mailbox = Mailbox(name, self.request, self.reply)
        self._moves: list[Errand] = []
        self._asked: tuple[str, float] | None = None

    @property
    def position(self) -> float:
        """The readback."""
        return float(self.readback.get())

    @property
    def egu(self) -> str:
        """Its unit."""
        return str(self.readback.metadata["units"] or "")

    def locate(self) -> dict[str, float]:
        """Return where it was asked to go and where it is."""
        return {"setpoint": float(self.target.get()), "readback": self.position}

    def set(self, value: float) -> Errand:
        """Ask for a target; the status is done when it is settled there, and fails when it never will be.

        Parameters
        ----------
        value : float
            In the unit of the quantity.
        """
        target = float(value)
        start = self._sight()
        request_id = self._mailbox.send("target", target)
        self._asked = (request_id, target)
        signals = [self.reply, self.settled_id, self.state, self.target, self.readback]
        move = Errand(self, lambda errand: self._travel(errand, request_id, target, start), signals)
        self._moves = [other for other in self._moves if not other.done] + [move]
        return move

    def change(self, setting: Setting, value: float | str) -> Errand:
        """Ask for another value of a setting; the status is done when its record shows it.

        Parameters
        ----------
        setting : Setting
            Of this device.
        value : float or str
            In the unit of its record.
        """
        field = setting.attr_name
        asked = {"text": value} if isinstance(value, str) else {"value": float(value)}
        request_id = self._mailbox.send(field, **asked)

        def procedure(errand: Errand) -> None:
            self._mailbox.await_acceptance(errand, request_id, f"{field} = {value}", REPLY_TIME)
            if not errand.wait_until(lambda: bool(setting.get() == value), CHANGE_TIME):
                raise MoveFailed(f"{self.name}: {field} = {value} was accepted, and is {setting.get()} since")

        return Errand(self, procedure, [self.reply, setting])

    def stop(self, *, success: bool = False) -> None:
        """Freeze the target where the setpoint is; regulation goes on, and nothing is ever switched off.

        Moves under way fail. The RunEngine stops everything that it ever set, at each pause and at the end of each
        plan, with ``success=True``: what has settled by then, or was sent elsewhere by somebody else, is left alone.

        Parameters
        ----------
        success : bool
            Whether it is the RunEngine's own stop, after which a paused plan may ask again.
        """
        kind = MoveHeld if success else MoveFailed
        try:
            if success and not self._is_underway():
                return
            self._mailbox.send("stop")
        except (TimeoutError, DisconnectedError, ReadOnlyError):
            _logger.exception("%s: not stopped: %s cannot be written", self.name, self.request.pvname)
        for move in self._moves:
            move.end(kind("stopped"))

    def _is_underway(self) -> bool:
        """Whether the target that this process asked for last still stands and is not reached."""
        if any(not move.done for move in self._moves):
            return True
        if self._asked is None:
            return False
        request_id, target = self._asked
        return bool(self.settled_id.get() != request_id and self.target.get() == target)

    def _travel(self, errand: Errand, request_id: str, target: float, start: Sight) -> None:
        what = f"{target:g} {self.egu}"
        self._mailbox.await_acceptance(errand, request_id, what, REPLY_TIME)
        begin = time.monotonic()
        travel = Travel(
            request_id, target, start, begin,
            tolerance=float(self.tolerance.get()), settle_time=float(self.settle_time.get()), patience=self.patience,
        )  # fmt: skip
        sight = start
        try:
            while not travel.arrived(sight := self._next_sight(errand, travel), time.monotonic()):
                self._report(errand, sight.readback, start.readback, target, time.monotonic() - begin)
                errand.pause()
        except MoveFailed as reason:
            raise type(reason)(
                f"{self.name}: {what} asked, ended at {sight.readback:.4g} {self.egu}: {reason}; "
                f"it is regulated where it is ({sight.state})"
            ) from reason
        except TimeoutError as silence:
            raise MoveFailed(
                f"{self.name}: {what} asked, last seen at {sight.readback:.4g} {self.egu}: "
                f"the environment service is gone ({silence}); the drive stays where it is"
            ) from silence

    def _next_sight(self, errand: Errand, travel: Travel) -> Sight:
        """Look, and where the service is away wait for it: one that was killed is started again and goes on.

        Raises
        ------
        TimeoutError
            It does not come back.
        """
        away_since = time.monotonic()
        away = False
        while time.monotonic() - away_since < RESTART_TIME:
            if self.connected:
                with suppress(TimeoutError, DisconnectedError):
                    sight = self._sight()
                    if away:
                        travel.resume(time.monotonic())
                    return sight
            away = True
            errand.pause()
        raise TimeoutError(f"for {RESTART_TIME:g} s")

    def _sight(self) -> Sight:
        return Sight(
            target=float(self.target.get()),
            readback=self.position,
            state=str(self.state.get()),
            settled_id=str(self.settled_id.get()),
            heartbeat_age=self.heartbeat.age,
        )

    def _report(self, errand: Errand, current: float, initial: float, target: float, elapsed: float) -> None:
        way = abs(target - initial)
        errand.report(
            name=self.quantity, current=current, initial=initial, target=target, unit=self.egu,
            precision=self.readback.precision, fraction=min(abs(target - current) / way, 1.0) if way else None,
            time_elapsed=elapsed,
        )  # fmt: skip

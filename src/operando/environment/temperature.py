"""The heater: its controller ramps and regulates by itself; the service tells it where to, and watches."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Event

from operando.config.instruments import Heater
from operando.control import Settling, settling
from operando.environment.axis import Axis, Change
from operando.environment.before import NOTHING, AxisBefore
from operando.environment.ramp_gate import RampGate
from operando.errors import InstrumentError, InstrumentRefused
from operando.instruments.roles import ControllerStatus, TemperatureController, TemperatureReading
from operando.vocabulary import AxisState, Mode, Quality, Reading

NAN = float("nan")
LOOKS_TO_FAULT = 3
"""Bad looks in a row that make a fault."""
RESOLUTION = 0.06
"""K; the setpoint of a controller that shows tenths is at its target when it is nearer than this."""


class TemperatureLoop:
    """Watches a temperature controller and hands it targets; `step` belongs to one thread.

    Parameters
    ----------
    controller : TemperatureController
        The instrument; nothing is written to it before somebody asks for something.
    heater : Heater
        Its table of the configuration.
    publish : callable
        Takes an `Axis` after each look.
    note : callable
        Takes a line for the service's log.
    before : AxisBefore
        How a service that ran until a moment ago left it: where the controller still has that target, it stands.
    now_ns : callable
        UTC, ns since the epoch.
    """

    def __init__(
        self,
        controller: TemperatureController,
        heater: Heater,
        publish: Callable[[Axis], None],
        note: Callable[[str], None],
        before: AxisBefore = NOTHING,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._controller = controller
        self._tolerance = before.tolerance if before.tolerance is not None else heater.tolerance_C
        self._settle_time = before.settle_time if before.settle_time is not None else heater.settle_time_s
        self._rate = before.ramp_rate if before.ramp_rate is not None else heater.ramp_rate_K_per_min / 60
        self._rate_told = False
        self._publish = publish
        self._note = note
        self._now_ns = now_ns
        self._changes: deque[Change] = deque()
        self._before = before
        self._settling = Settling()
        self._asked = self._held = False
        self._id, self._settled_id = before.id, before.settled_id
        self._missed = 0
        self.gate = RampGate()
        """Closed by whoever knows why the temperature must not change now."""
        target = NAN if before.target is None else before.target
        self._look = TemperatureReading(Reading(NAN, 0, Quality.INVALID), NAN, target, NAN, ControllerStatus())
        self.told = Event()
        """Set whenever there is something to obey: nobody shall wait for the next look to switch the heat off."""
        self.mode = before.mode
        if self.mode is Mode.RELEASED:
            self.tell(Change("safe"))  # the service before may have died before the controller had taken it
        self.started = Event()
        """Set after the first look."""

    def tell(self, change: Change) -> None:
        """Have a change carried out at the next step; from any thread."""
        self._changes.append(change)
        self.told.set()

    def step(self, dt: float) -> None:
        """Pass on what was asked for, look, judge, publish.

        Parameters
        ----------
        dt : float
            s since the last step.
        """
        try:
            self._obey_all()
            self._look = self._controller.read()
            self._mind_the_gate(dt)
            self._controller.refresh()
            answered = True
        except InstrumentError as error:
            if self._missed == 0:
                self._note(f"heater: {error}; its controller goes on by itself")
            answered = False
        reading = self._look.process_value if answered else Reading(NAN, self._now_ns(), Quality.INVALID)
        good = reading.quality is Quality.GOOD and not self._look.status.faulty
        self._missed = 0 if good else self._missed + 1
        if answered and not self.started.is_set():
            self._take_over(self._before)
            self.started.set()
        self._settle(reading.value if good else None, dt)
        self._publish(self._axis(reading, answered))

    @property
    def writes(self) -> int:
        """How often the controller's memory that wears was written since this loop began."""
        return self._controller.wearing_writes

    def _mind_the_gate(self, dt: float) -> None:
        """Freeze a ramp whose way is closed, and let one go on whose way is open again."""
        look = self._look
        if self.mode is Mode.RELEASED or self._at(look.setpoint, self._target):
            return
        if self.gate.target is not None:
            if self.gate.opened(look.setpoint, dt):
                self._note(f"heater: goes on from {look.setpoint:.1f} to {self._target:.1f} °C")
                self._go_to(self._target)
                self.gate.target = None
        elif reason := self.gate.reason(look.setpoint, look.target):
            self._controller.hold()
            self._wait(look.target, reason)
            self._look = replace(look, target=look.setpoint)

    def _wait(self, target: float, reason: str) -> None:
        self._note(f"heater: waits at {self._look.setpoint:.1f} °C on its way to {target:.1f} °C: {reason}")
        self.gate.wait(target)

    @property
    def _target(self) -> float:
        """°C, asked for, whether or not it waits."""
        return self._look.target if self.gate.target is None else self.gate.target

    def _take_over(self, before: AxisBefore) -> None:
        """Stand by what was asked for, where the controller still goes there; what is found counts otherwise."""
        if self._id != before.id:
            return  # somebody has asked for something else meanwhile
        if before.target is not None and self._at(self._look.target, before.target):
            self._asked, self._held = bool(before.id), self._held or before.held
        else:
            self._id = ""

    def _obey_all(self) -> None:
        """Carry out changes in their order; one that meets silence stays first in the queue."""
        while self._changes:
            change = self._changes[0]
            try:
                self._obey(change)
            except InstrumentRefused as error:
                if change.field == "safe":
                    raise  # again and again: the output may be on
                self._note(f"heater: {error}; {change.field} stays as it was")
            self._changes.popleft().carried_out()

    def _obey(self, change: Change) -> None:
        if change.field == "safe":
            self.gate.target = None
            self.mode, self._settling = Mode.RELEASED, Settling()
            self._controller.standby()
        elif change.field == "reset":
            if self.mode is Mode.RELEASED:
                self._controller.hold()  # first: nothing shall ramp to a target from before
                self._controller.resume()
                self.mode, self._asked, self._held, self._id = Mode.CLOSED_LOOP, False, False, ""
        elif change.field == "tolerance":
            self._tolerance, self._settling = change.value, Settling()
        elif change.field == "settle_time":
            self._settle_time, self._settling = change.value, Settling()
        elif change.field == "ramp_rate":
            self._controller.write_ramp_rate(change.value * 60)
            self._rate, self._rate_told = change.value, True
        elif self.mode is not Mode.RELEASED:
            self._aim(change)

    def _aim(self, change: Change) -> None:
        """Take a new target, or freeze the one there is where the setpoint stands."""
        if change.field == "stop":
            self._held, self.gate.target = True, None
            self._controller.hold()
            return
        self._asked, self._held, self._id, self._settling = True, False, change.id, Settling()
        if reason := self.gate.reason(self._look.setpoint, change.value):
            self._wait(change.value, reason)
        else:
            self._go_to(change.value)
            self.gate.target = None

    def _go_to(self, target: float) -> None:
        if not self._rate_told:
            self._controller.write_ramp_rate(self._rate * 60)
            self._rate_told = True
        self._controller.write_target(target)

    def _settle(self, readback: float | None, dt: float) -> None:
        look = self._look
        if self.mode is Mode.RELEASED or self._changes or not self._at(look.setpoint, self._target):
            self._settling = Settling()
            return
        before = self._settling
        self._settling = settling.step(
            self._settling, readback, look.target, dt, tolerance=self._tolerance, settle_time=self._settle_time
        )
        if before.settled and not self._settling.settled:
            self._note(f"heater: left {look.target:.1f} ± {self._tolerance:g} °C, where it had settled")
        if self._state is AxisState.SETTLED:
            self._settled_id = self._id

    @staticmethod
    def _at(setpoint: float, target: float) -> bool:
        return abs(setpoint - target) < RESOLUTION

    @property
    def _state(self) -> AxisState:
        if self.mode is Mode.RELEASED and not self._changes:
            return AxisState.SAFE
        if self._missed >= LOOKS_TO_FAULT:
            return AxisState.FAULT
        if self._held:
            return AxisState.HELD
        if not self._asked:
            return AxisState.IDLE
        if self._changes or not self._at(self._look.setpoint, self._target):
            return AxisState.RAMPING
        return AxisState.SETTLED if self._settling.settled else AxisState.SETTLING

    def _axis(self, reading: Reading, answered: bool) -> Axis:
        released = self.mode is Mode.RELEASED
        return Axis(
            readback=reading,
            setpoint=NAN if released else self._look.setpoint,
            target=NAN if released else self._target,
            drive=Reading(self._look.output, reading.time_ns)
            if answered
            else Reading(NAN, reading.time_ns, Quality.INVALID),
            mode=self.mode,
            state=self._state,
            settled=self._settling.settled,
            settled_id=self._settled_id,
            tolerance=self._tolerance,
            settle_time=self._settle_time,
            ramp_rate=self._rate,
            facts={"heater_sensor_break": self._look.status.sensor_break, "heater_fault": self._look.status.broken},
            id=self._id,
        )

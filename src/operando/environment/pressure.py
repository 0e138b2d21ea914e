"""The stack-pressure loop: load cell, plausibility, ramp, regulator, piezo, twenty times a second."""

import time
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from threading import Event

from operando.control import Plausibility, Ramp, RegulatorState, Settling, judge, ramp, regulator, settling
from operando.environment.axis import Axis, Change
from operando.environment.drive import Drive
from operando.environment.lateness import Lateness
from operando.environment.pressure_settings import PressureSettings
from operando.errors import InstrumentError
from operando.instruments.roles import LoadCell, PiezoAmplifier
from operando.vocabulary import AxisState, Mode, Quality, Reading

NAN = float("nan")
READINGS_TO_START = 10
"""Good readings whose mean is the first setpoint: 0.5 s at 20 Hz, 0.8 kPa of 2.5 kPa noise."""
READINGS_TO_FAULT = 3
"""Bad readings in a row that make a fault; the drive is held from the first."""
BELIEVED = Plausibility(oldest=0.25, fastest=50.0, noise=0.5)
"""The drive alone moves a stiff stack by 16 MPa/s (100 V/s at 0.156 MPa/V); 50 leaves room for a cell that slips."""


class PressureLoop:
    """Regulates the stack pressure; `step` belongs to one thread, which touches no disk and no network.

    Parameters
    ----------
    load_cell, amplifier : LoadCell, PiezoAmplifier
        The instruments, owned by the thread that calls `step`.
    settings : PressureSettings
        Limits, gains, conversion.
    publish : callable
        Takes an `Axis` after each step; only queues.
    note : callable
        Takes a line for the service's log; only queues.
    previous_target : float, optional
        MPa, of a service that ran until a moment ago; without one, the pressure found is held.
    now_ns : callable
        UTC, ns since the epoch.

    Raises
    ------
    InstrumentError
        The amplifier must not be driven from here, or does not answer; the drive was not moved.
    """

    def __init__(
        self,
        load_cell: LoadCell,
        amplifier: PiezoAmplifier,
        settings: PressureSettings,
        publish: Callable[[Axis], None],
        note: Callable[[str], None],
        previous_target: float | None = None,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        amplifier.prepare(settings.limits.slew)
        self._load_cell = load_cell
        self._drive = Drive(amplifier, note)
        self._settings = settings
        self._publish = publish
        self._note = note
        self._now_ns = now_ns
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._regulator = RegulatorState(self._drive.volts)
        self._ramp: Ramp | None = None
        self._settling = Settling()
        self._first: list[float] = []
        self._wanted = previous_target
        self._held = False
        self._id = self._settled_id = ""
        self._last_good: Reading | None = None
        self._missed = 0
        self.mode = Mode.CLOSED_LOOP
        self.reading_ages = Lateness()
        """Of the reading at each drive that was decided on it, once the amplifier has it."""
        self.started = Event()
        """Set once there is a setpoint: the drive may move from then on."""

    def tell(self, change: Change) -> None:
        """Have a change carried out at the next step; from any thread."""
        self._changes.put(change)

    def step(self, dt: float) -> None:
        """Read, decide, drive, publish.

        Parameters
        ----------
        dt : float
            s since the last step.
        """
        while not self._changes.empty():
            self._obey(self._changes.get())
        reading = self._read()
        good = reading.value if reading.quality is Quality.GOOD else None
        if self.mode is Mode.RELEASED:
            if self._drive.listens(dt):
                self._drive.write(regulator.released(self._drive.volts, dt, self._settings.limits))
        elif self._ramp is None:
            self._start(good)
        else:
            self._regulate(self._ramp, good, dt)
        self._publish(self._axis(reading))

    def _read(self) -> Reading:
        try:
            force = self._load_cell.read_force()
        except InstrumentError as error:
            if self._missed == 0:
                self._note(f"load cell: {error}; the drive is held at {self._drive.volts:.3f} V")
            force = Reading(NAN, self._now_ns(), Quality.INVALID)
        if abs(force.value) > self._settings.capacity:
            force = replace(force, quality=Quality.INVALID)
        pressure = replace(force, value=(force.value - self._settings.tare) / self._settings.area)
        quality = judge(pressure, self._last_good, self._now_ns(), BELIEVED)
        if quality is Quality.GOOD:
            if self._missed >= READINGS_TO_FAULT:
                self._note(f"load cell: reads {pressure.value:.3f} MPa again after {self._missed} steps without")
            self._missed, self._last_good = 0, pressure
            return pressure
        self._missed += 1
        return replace(pressure, value=NAN if quality is Quality.INVALID else pressure.value, quality=quality)

    def _start(self, good: float | None) -> None:
        """Take the mean of the first good readings as the setpoint; until then the drive stays where it was found."""
        if good is not None:
            self._first.append(good)
        if len(self._first) < READINGS_TO_START:
            return
        found = sum(self._first) / len(self._first)
        self._ramp = Ramp(found, found if self._wanted is None else self._wanted, self._settings.ramp_rate)
        self._regulator = RegulatorState(self._drive.volts)
        self._note(
            f"stack pressure: found {found:.3f} MPa at {self._drive.volts:.3f} V; target {self._ramp.target:.3f} MPa"
        )
        self.started.set()

    def _regulate(self, before: Ramp, good: float | None, dt: float) -> None:
        if not self._drive.listens(dt):
            self._regulator, self._settling = RegulatorState(self._drive.volts), Settling()
            return
        settings = self._settings
        now = before if good is None else ramp.step(before, min(dt, settings.gains.longest_step))
        self._ramp = now
        self._regulator = regulator.step(
            replace(self._regulator, drive=self._drive.volts),
            good,
            now.setpoint,
            dt,
            gains=settings.gains,
            limits=settings.limits,
        )
        self._drive.write(self._regulator.drive)
        if good is not None and self._last_good:
            self.reading_ages.add((self._now_ns() - self._last_good.time_ns) * 1e-9)
        self._settling = (
            settling.step(
                self._settling,
                good,
                now.target,
                dt,
                tolerance=settings.tolerance,
                settle_time=settings.settle_time,
            )
            if now.arrived
            else Settling()
        )
        if self._state is AxisState.SETTLED:
            self._settled_id = self._id

    def _obey(self, change: Change) -> None:
        if change.field == "safe":
            self.mode, self._ramp, self._settling = Mode.RELEASED, None, Settling()
        elif change.field == "reset":
            if self.mode is Mode.RELEASED:
                self.mode, self._wanted, self._held, self._first = Mode.CLOSED_LOOP, None, False, []
        elif change.field == "tolerance":
            self._settings, self._settling = replace(self._settings, tolerance=change.value), Settling()
        elif change.field == "settle_time":
            self._settings, self._settling = replace(self._settings, settle_time=change.value), Settling()
        elif change.field == "ramp_rate":
            self._settings = replace(self._settings, ramp_rate=change.value)
            self._ramp = self._ramp and replace(self._ramp, rate=change.value)
        elif self.mode is not Mode.RELEASED:
            self._aim(change)
        change.carried_out()

    def _aim(self, change: Change) -> None:
        """Take a new target, or freeze the one there is where the setpoint stands."""
        self._held = change.field == "stop"
        if self._held:
            self._wanted, self._ramp = None, self._ramp and self._ramp.frozen()
            return
        self._id, self._wanted, self._settling = change.id, change.value, Settling()
        self._ramp = self._ramp and self._ramp.towards(change.value)

    @property
    def _state(self) -> AxisState:
        if self._drive.lost:
            return AxisState.FAULT
        if self.mode is Mode.RELEASED:
            return AxisState.SAFE if self._drive.volts <= self._settings.limits.low else AxisState.RAMPING
        if self._missed >= READINGS_TO_FAULT:
            return AxisState.FAULT
        if self._held:
            return AxisState.HELD
        if self._wanted is None:
            return AxisState.IDLE
        if self._ramp is None or not self._ramp.arrived:
            return AxisState.RAMPING
        return AxisState.SETTLED if self._settling.settled else AxisState.SETTLING

    def _axis(self, reading: Reading) -> Axis:
        return Axis(
            readback=reading,
            setpoint=self._ramp.setpoint if self._ramp else NAN,
            target=self._ramp.target if self._ramp else NAN,
            drive=Reading(self._drive.volts, self._now_ns(), Quality.INVALID if self._drive.lost else Quality.GOOD),
            mode=self.mode,
            state=self._state,
            settled=self._settling.settled,
            settled_id=self._settled_id,
            tolerance=self._settings.tolerance,
            settle_time=self._settings.settle_time,
            ramp_rate=self._settings.ramp_rate,
        )

"""The stack-pressure loop: load cell, mode, piezo, twenty times a second."""

import time
from collections.abc import Callable
from dataclasses import replace
from queue import SimpleQueue
from threading import Event

from operando.control import regulator
from operando.environment.authority import Stroke
from operando.environment.axis import Axis, Change
from operando.environment.before import NOTHING, AxisBefore
from operando.environment.closed_loop import ClosedLoop
from operando.environment.drive import FAULTS, Drive
from operando.environment.lateness import Lateness
from operando.environment.pressure_sensor import PressureSensor
from operando.environment.pressure_settings import PressureSettings
from operando.instruments.roles import LoadCell, PiezoAmplifier
from operando.vocabulary import AxisState, Mode, Quality, Reading, Request

NAN = float("nan")


class PressureLoop:
    """Regulates the stack pressure; `step` belongs to one thread, which touches no disk and no network.

    Each mode begins with the drive as it is. The closed loop begins at the pressure that it finds and stays there
    until a target is asked for.

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
    before : AxisBefore
        How a service that ran until a moment ago left it; without one, the pressure found is held.
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
        before: AxisBefore = NOTHING,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._drive = Drive(amplifier, settings.limits, settings.period, note)
        self._sensor = PressureSensor(load_cell, settings, note, now_ns)
        self._stroke = Stroke(settings.limits, settings.slope, settings.authority_warning, note)
        self._settings = replace(
            settings,
            tolerance=before.tolerance if before.tolerance is not None else settings.tolerance,
            settle_time=before.settle_time if before.settle_time is not None else settings.settle_time,
            ramp_rate=before.ramp_rate if before.ramp_rate is not None else settings.ramp_rate,
        )
        self._publish = publish
        self._note = note
        self._now_ns = now_ns
        self._changes: SimpleQueue[Change] = SimpleQueue()
        self._loop = ClosedLoop(before, note)
        self._asked_drive = self._drive.volts
        self._id, self._settled_id = before.id, before.settled_id
        self.mode = before.mode
        self.reading_ages = Lateness()
        """Of the reading at each drive that was decided on it, once the amplifier has it."""
        self.started = Event()
        """Set once there is a setpoint, or a mode that needs none: the drive may move from then on."""

    def tell(self, change: Change) -> None:
        """Have a change carried out at the next step; from any thread."""
        self._changes.put(change)

    def objection(self, request: Request) -> str:
        """Return why a request cannot be taken now, or nothing; from any thread."""
        if request.field not in ("target", "mode", "drive"):
            return ""
        if faults := self._drive.faults:
            return "; ".join(f"{name}: {words}" for name, words in faults.items()) + ": nothing is written until reset"
        found = self._sensor.last_good
        if request.field != "target" or found is None:
            return ""
        return self._stroke.objection(request.value, self._drive.volts, found.value)

    def step(self, dt: float) -> None:
        """Read, decide, drive, publish.

        Parameters
        ----------
        dt : float
            s since the last step.
        """
        while not self._changes.empty():
            self._obey(self._changes.get())
        released = self.mode is Mode.RELEASED
        listens = self._drive.lets_release(dt) if released else self._drive.listens(dt)
        reading = self._sensor.read()  # just before the drive that is decided on it
        good = reading.value if reading.quality is Quality.GOOD else None
        if released:
            if listens:
                self._drive.write(regulator.released(self._drive.volts, dt, self._settings.limits))
        elif not listens:
            self._loop.interrupted()
            self._asked_drive = self._drive.volts
        elif self.mode is Mode.CLOSED_LOOP:
            self._regulate(reading, good, dt)
        elif self.mode is Mode.MANUAL and good is not None:
            self._move(dt)
        self._drive.watch(dt)
        self._stroke.see(self._drive.volts, good, dt)
        if self._loop.started or self.mode is not Mode.CLOSED_LOOP:
            self.started.set()
        if self._state is AxisState.SETTLED:
            self._settled_id = self._id
        self._publish(self._axis(reading))

    def _regulate(self, reading: Reading, good: float | None, dt: float) -> None:
        started = self._loop.started
        self._drive.write(self._loop.step(self._drive.volts, good, dt, self._settings))
        if started and good is not None:
            self.reading_ages.add((self._now_ns() - reading.time_ns) * 1e-9)

    def _move(self, dt: float) -> None:
        """Bring the drive to the one asked for at the slew limit; a blind drive is not moved."""
        reach = self._settings.limits.slew * min(dt, self._settings.gains.longest_step)
        way = self._asked_drive - self._drive.volts
        self._drive.write(self._drive.volts + min(max(way, -reach), reach))
        if self._drive.volts == self._asked_drive:
            self._settled_id = self._id

    def _obey(self, change: Change) -> None:
        """Carry out a change and tell whoever waits for it."""
        settings, but = self._settings, ""
        match change.field:
            case "safe":
                self._enter(Mode.RELEASED)
                but = "; ".join(self._drive.faults.values())
            case "reset":
                but = self._reset()
            case "tolerance":
                self._settings = replace(settings, tolerance=change.value)
                self._loop.settle_anew()
            case "settle_time":
                self._settings = replace(settings, settle_time=change.value)
                self._loop.settle_anew()
            case "ramp_rate":
                self._settings = replace(settings, ramp_rate=change.value)
                self._loop.change_rate(change.value)
            case _ if self.mode is Mode.RELEASED and change.field != "stop":
                but = "the safe state is latched until somebody asks for reset"
            case "mode":
                self._enter(Mode(change.text))
                self._id = self._settled_id = change.id
            case "stop":
                self._asked_drive = self._drive.volts
                self._loop.hold()
            case _:
                but = self._aim(change)
        change.carried_out(but)

    def _aim(self, change: Change) -> str:
        if change.field == "target" and self.mode is Mode.CLOSED_LOOP:
            self._id = change.id
            self._loop.aim(change.value, self._settings.ramp_rate)
        elif change.field == "drive" and self.mode is Mode.MANUAL:
            self._id = change.id
            self._asked_drive = change.value
        else:
            return f"the mode is {self.mode.value}"
        return ""

    def _enter(self, mode: Mode) -> None:
        """Change the mode; the drive starts where it is, and the closed loop at the pressure that it finds."""
        if mode is not self.mode:
            self._note(f"stack pressure: {mode.value} at {self._drive.volts:.3f} V, {self.mode.value} before")
            self._loop, self._id = ClosedLoop(NOTHING, self._note), ""
        self.mode = mode
        self._asked_drive = self._drive.volts

    def _reset(self) -> str:
        """Take the amplifier as it is, and leave the safe state."""
        if self._drive.faults and (but := self._drive.recover()):
            self._note(f"stack pressure: not reset: {but}")
            return but
        if self.mode is Mode.RELEASED:
            self._enter(Mode.CLOSED_LOOP)
        return ""

    @property
    def _state(self) -> AxisState:
        if self._drive.lost or (self._drive.faults and self.mode is not Mode.RELEASED):
            return AxisState.FAULT
        if self.mode is Mode.RELEASED:
            return AxisState.SAFE if self._drive.volts <= self._settings.limits.low else AxisState.RAMPING
        if self._sensor.lost:
            return AxisState.FAULT
        if self.mode is Mode.CLOSED_LOOP:
            return self._loop.state
        return AxisState.FREE if self._drive.volts == self._asked_drive else AxisState.RAMPING

    def _axis(self, reading: Reading) -> Axis:
        quality = Quality.INVALID if self._drive.lost else Quality.GOOD
        return Axis(
            readback=reading,
            setpoint=self._loop.setpoint,
            target=self._loop.target,
            drive=Reading(self._drive.volts, self._now_ns(), quality),
            mode=self.mode,
            state=self._state,
            settled=self._loop.settled,
            settled_id=self._settled_id,
            tolerance=self._settings.tolerance,
            settle_time=self._settings.settle_time,
            ramp_rate=self._settings.ramp_rate,
            facts={name: name in self._drive.faults for name in FAULTS},
            authority=self._stroke.at(self._drive.volts),
            id=self._id,
        )

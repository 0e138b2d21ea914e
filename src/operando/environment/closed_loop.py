"""The closed loop's memory: setpoint, regulator, settling. It ends with the mode and begins with what is found."""

from collections.abc import Callable
from dataclasses import replace

from operando.control import Ramp, RegulatorState, Settling, ramp, regulator, settling
from operando.environment.before import AxisBefore
from operando.environment.pressure_settings import PressureSettings
from operando.vocabulary import AxisState

NAN = float("nan")
READINGS_TO_START = 10
"""Good readings whose mean is the first setpoint: 0.5 s at 20 Hz, 0.8 kPa of 2.5 kPa noise."""
WARNING_EVERY = 60.0
"""s between two warnings that a settled pressure has left: at the edge of its band it goes in and out."""


class ClosedLoop:
    """From readings to the drive.

    Parameters
    ----------
    before : AxisBefore
        The target to go to from what is found; without one, what is found is held.
    note : callable
        Takes a line for the service's log.
    """

    def __init__(self, before: AxisBefore, note: Callable[[str], None]) -> None:
        self._wanted = before.target
        self._asked = bool(before.id)
        self._note = note
        self._ramp: Ramp | None = None
        self._regulator = RegulatorState(NAN)
        self._settling = Settling()
        self._first: list[float] = []
        self._held = before.held
        self._until_warning = 0.0

    @property
    def setpoint(self) -> float:
        """MPa, demanded now; not a number before there is one."""
        return self._ramp.setpoint if self._ramp else NAN

    @property
    def target(self) -> float:
        """MPa, asked for or held; not a number before there is one."""
        if self._ramp is None:
            return NAN if self._wanted is None else self._wanted
        return self._ramp.target

    @property
    def started(self) -> bool:
        """Whether there is a setpoint."""
        return self._ramp is not None

    @property
    def settled(self) -> bool:
        """Within tolerance for the settle time."""
        return self._settling.settled

    @property
    def state(self) -> AxisState:
        """Where it is on its way."""
        if self._held:
            return AxisState.HELD
        if not self._asked:
            return AxisState.IDLE
        if self._ramp is None or not self._ramp.arrived:
            return AxisState.RAMPING
        return AxisState.SETTLED if self._settling.settled else AxisState.SETTLING

    def aim(self, target: float, rate: float) -> None:
        """Take a new target, MPa, from the setpoint as it stands; ``rate`` in MPa/s."""
        self._asked, self._wanted, self._held, self._settling = True, target, False, Settling()
        self._ramp = self._ramp and replace(self._ramp.towards(target), rate=rate)

    def hold(self) -> None:
        """Freeze the target where the setpoint stands."""
        self._wanted = self._ramp.setpoint if self._ramp else None
        self._held = True
        self._ramp = self._ramp and self._ramp.frozen()

    def change_rate(self, rate: float) -> None:
        """Ramp at another rate, MPa/s, from now on."""
        self._ramp = self._ramp and replace(self._ramp, rate=rate)

    def settle_anew(self) -> None:
        """Wait for the settle time again."""
        self._settling = Settling()

    def interrupted(self) -> None:
        """Forget the last error and the settling: the drive was not to be written for a while."""
        self._regulator, self._settling = RegulatorState(NAN), Settling()

    def step(self, drive: float, good: float | None, dt: float, settings: PressureSettings) -> float:
        """Answer one reading and return the drive, V.

        Parameters
        ----------
        drive : float
            V, that the amplifier holds now.
        good : float or None
            MPa; None where there is no reading to regulate on, and then the drive stays.
        dt : float
            s since the last step.
        settings : PressureSettings
            As they are now.
        """
        if self._ramp is None:
            self._start(drive, good, settings)
            return drive
        if good is not None:
            self._ramp = ramp.step(self._ramp, min(dt, settings.gains.longest_step))
        self._regulator = regulator.step(
            replace(self._regulator, drive=drive),
            good,
            self._ramp.setpoint,
            dt,
            gains=settings.gains,
            limits=settings.limits,
        )
        self._settle(self._ramp, good, dt, settings)
        return self._regulator.drive

    def _start(self, drive: float, good: float | None, settings: PressureSettings) -> None:
        """Take the mean of the first good readings as the setpoint; until then the drive stays where it was found."""
        if good is not None:
            self._first.append(good)
        if len(self._first) < READINGS_TO_START:
            return
        found = sum(self._first) / len(self._first)
        self._ramp = Ramp(found, found if self._wanted is None else self._wanted, settings.ramp_rate)
        self._note(f"stack pressure: found {found:.3f} MPa at {drive:.3f} V; target {self._ramp.target:.3f} MPa")

    def _settle(self, now: Ramp, good: float | None, dt: float, settings: PressureSettings) -> None:
        if not now.arrived:
            self._settling = Settling()
            return
        before = self._settling
        self._settling = settling.step(
            before, good, now.target, dt, tolerance=settings.tolerance, settle_time=settings.settle_time
        )
        self._until_warning -= dt
        if before.settled and not self._settling.settled and self._until_warning <= 0:
            self._until_warning = WARNING_EVERY
            found = "unknown" if good is None else f"{good:.3f} MPa"
            self._note(
                f"stack pressure: left {now.target:.3f} ± {settings.tolerance:g} MPa, where it had settled: {found}"
            )

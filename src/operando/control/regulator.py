"""Velocity-form proportional-integral regulator: each step adds to the drive that the actuator already has.

The drive is the only memory of the integral, so a drive that is clamped cannot wind up, a regulator that starts
from the amplifier's own reading starts without a bump, and a reading that is missing changes nothing. There is no
derivative: on a load cell it would multiply noise.
"""

import math
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RegulatorGains:
    """How much drive answers an error.

    Parameters
    ----------
    proportional : float
        V/MPa.
    integral : float
        V/(MPa s).
    longest_step : float
        s; a later step is answered as if only this long. One reading after a pause of the host must not be
        integrated as if it had stood for the whole pause: above about 1 / (integral times MPa/V) that overshoots.
    """

    proportional: float
    integral: float
    longest_step: float = 0.1


@dataclass(frozen=True, slots=True)
class DriveLimits:
    """What the actuator may be told.

    Parameters
    ----------
    low, high : float
        V.
    slew : float
        V/s, the largest change of the drive in time.
    """

    low: float
    high: float
    slew: float


@dataclass(frozen=True, slots=True)
class RegulatorState:
    """The regulator between two steps.

    Parameters
    ----------
    drive : float
        V, told to the actuator; start from what the actuator itself reports.
    last_error : float or None
        MPa, setpoint minus reading of the last step; None after a gap, so that the next reading makes no
        proportional kick.
    saturated : bool
        The drive stands at a limit and the error asks for more: the loop has lost its authority.
    slewing : bool
        The last step was cut by the slew limit.
    """

    drive: float
    last_error: float | None = None
    saturated: bool = False
    slewing: bool = False


def step(
    state: RegulatorState,
    reading: float | None,
    setpoint: float,
    dt: float,
    *,
    gains: RegulatorGains,
    limits: DriveLimits,
) -> RegulatorState:
    """Answer one reading.

    Parameters
    ----------
    state : RegulatorState
        Before.
    reading : float or None
        MPa; None (or not a finite number) where there is no reading that may be regulated on. The drive then stays
        exactly where it is: a lost sensor must not move the actuator.
    setpoint : float
        MPa, demanded now.
    dt : float
        s since the last step.
    gains, limits : RegulatorGains, DriveLimits
        See there.
    """
    if reading is None or not all(map(math.isfinite, (reading, setpoint, dt))) or dt <= 0:
        return replace(state, last_error=None, slewing=False)
    error = setpoint - reading
    change = error - (error if state.last_error is None else state.last_error)
    dt = min(dt, gains.longest_step)
    wanted = gains.proportional * change + gains.integral * error * dt
    reach = limits.slew * dt
    wanted, slewing = _clamped(wanted, -reach, reach), abs(wanted) > reach
    # a drive found outside its limits comes back in at the slew limit, not at once
    inside = _clamped(state.drive + wanted, limits.low, limits.high)
    drive = _clamped(inside, state.drive - reach, state.drive + reach)
    saturated = (drive >= limits.high and error > 0) or (drive <= limits.low and error < 0)
    return RegulatorState(drive, error, saturated, slewing)


def released(drive: float, dt: float, limits: DriveLimits) -> float:
    """Return the drive on its way to its low limit at the slew limit: the safe state of a loaded stack.

    Parameters
    ----------
    drive : float
        V, now.
    dt : float
        s since the last step.
    limits : DriveLimits
        Where to, and how fast.
    """
    reach = limits.slew * max(dt, 0.0)
    return _clamped(limits.low, drive - reach, drive + reach)


def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)

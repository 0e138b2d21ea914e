"""Stack-pressure regulator: an estimate of the pressure and its drift, and the drive that brings it to the setpoint.

A reading is old and noisy, and the drive is not. So the regulator keeps two numbers: the pressure that will stand once
all drive on its way has arrived (`expected`), and how fast the cell pushes by itself (`drift`). Each step

1. lets the drift act, and the drive that the load cell has not felt yet arrive (first order, time ``delay``);
2. corrects both by what the reading says more than that. Within the noise of the load cell the correction is small,
   near the optimum for a slow disturbance under white noise (a steady-state Kalman filter); what exceeds the noise is
   answered at once, because noise cannot explain it; and no reading corrects by more than `SHOCK` noises, because a
   disturbance cannot explain that in one step;
3. moves the drive by what then lacks to the setpoint, over the configured slope. A setpoint that moves is followed
   without waiting for an error; right after a sudden move the readings may show it or not yet, and tell nothing.

What the drive could not do (slew, limits) is not expected, so nothing winds up; a regulator that starts expects the
setpoint, so nothing bumps; a reading that is missing changes nothing.
"""

import math
from dataclasses import dataclass, replace

SHOCK = 20.0
"""Noise bands; no single reading corrects by more. With 10 kPa: 0.2 MPa in a step, 4 MPa/s at 20 Hz."""
SUDDEN = 5.0
"""Noise bands; a larger move of one step is sudden. With 10 kPa at 20 Hz: faster than 1 MPa/s."""
DELAYS = 1.5
"""After a sudden move, in which its part in a reading is not known better than the move itself."""


@dataclass(frozen=True, slots=True)
class RegulatorGains:
    """How much drive answers a deviation, and what is known of the plant.

    Parameters
    ----------
    proportional : float
        V/MPa, answers at once the part of a deviation that exceeds ``noise``.
    integral : float
        V/(MPa s), answers a deviation in time. Integral times slope is the rate (1/s) at which the noise is averaged.
    longest_step : float
        s; a later step is answered as if only this long. One reading after a pause of the host must not be
        integrated as if it had stood for the whole pause.
    slope : float
        MPa/V, of the stack pressure against the drive: for small moves, which hysteresis makes smaller than large ones.
    delay : float
        s, from the drive to its effect in a reading: amplifier, converter, line.
    noise : float
        MPa, beyond which a reading is no longer explained by noise: four times its rms.
    drift_time : float
        s, in which the drift is learned.
    fastest_drift : float
        MPa/s. A faster one is answered by the error it makes: a push that turns its sign at full speed (the end of a
        charge) is answered the sooner the less of it was believed.
    """

    proportional: float
    integral: float
    longest_step: float = 0.1
    slope: float = 0.153
    delay: float = 0.06
    noise: float = 0.01
    drift_time: float = 5.0
    fastest_drift: float = 0.075


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
    expected : float or None
        MPa, the pressure once all drive on its way has arrived; None at the start and after a gap, which expects the
        setpoint.
    unfelt : float
        MPa of it that no reading shows yet.
    drift : float
        MPa/s, by which the pressure would move if the drive stood.
    deaf : float
        s, for which readings are believed within the noise only, after a sudden move.
    saturated : bool
        The drive stands at a limit and more is needed: the loop has lost its authority.
    slewing : bool
        The last step was cut by the slew limit.
    """

    drive: float
    expected: float | None = None
    unfelt: float = 0.0
    drift: float = 0.0
    deaf: float = 0.0
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
        return replace(state, expected=None, unfelt=0.0, deaf=0.0, slewing=False)
    unfelt, deaf = state.unfelt * math.exp(-dt / gains.delay), max(state.deaf - dt, 0.0)
    dt = min(dt, gains.longest_step)
    expected, drift = _estimated(replace(state, unfelt=unfelt, deaf=deaf), reading, setpoint, dt, gains)
    # the new drive acts from now until the next one: the middle of that is what it aims at
    wanted = (setpoint - expected - drift * dt / 2) / gains.slope
    drive, slewing = _driven(state.drive, wanted, dt, limits)
    moved = gains.slope * (drive - state.drive)
    if abs(moved) > SUDDEN * gains.noise and not deaf:
        deaf = DELAYS * gains.delay
    saturated = (drive >= limits.high and wanted > 0) or (drive <= limits.low and wanted < 0)
    return RegulatorState(drive, expected + moved, unfelt + moved, drift, deaf, saturated, slewing)


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


def _estimated(
    state: RegulatorState, reading: float, setpoint: float, dt: float, gains: RegulatorGains
) -> tuple[float, float]:
    """Return the pressure expected once the drive on its way has arrived (MPa), and the drift (MPa/s)."""
    expected = setpoint if state.expected is None else state.expected + state.drift * dt
    surprise = reading - (expected - state.unfelt - state.drift * gains.delay)
    noise = _clamped(surprise, -gains.noise, gains.noise)
    shock = 0.0 if state.deaf else SHOCK * gains.noise
    excess = _clamped(surprise - noise, -shock, shock)
    share = min(gains.integral * gains.slope * dt, 1.0)
    share_of_excess = share if state.expected is None else min(share + gains.proportional * gains.slope, 1.0)
    turned = excess * state.drift < 0
    drift = (0.0 if turned else state.drift) + share * noise / gains.drift_time
    drift = _clamped(drift, -gains.fastest_drift, gains.fastest_drift)
    return expected + share * noise + share_of_excess * excess, drift


def _driven(drive: float, wanted: float, dt: float, limits: DriveLimits) -> tuple[float, bool]:
    """Return the drive after a wanted change (V), and whether the slew limit cut it."""
    reach = limits.slew * dt
    change = _clamped(wanted, -reach, reach)
    # a drive found outside its limits comes back in at the slew limit, not at once
    inside = _clamped(drive + change, limits.low, limits.high)
    return _clamped(inside, drive - reach, drive + reach), abs(wanted) > reach


def _clamped(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)

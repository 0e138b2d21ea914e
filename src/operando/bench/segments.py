"""What a regulator is asked to do: hold, follow ramps and steps, in a cell that breathes and a rig that warms."""

from dataclasses import dataclass

import numpy as np

from operando.bench import weather
from operando.bench.physics import Array
from operando.bench.plant import PERIOD, PRESSURE, PRESSURE_PER_MICROMETRE
from operando.control import Ramp, ramp

RAMP_RATE = 0.5
"""MPa/s, 30 MPa/min as configured."""
FASTEST_BREATHING = 0.14
"""MPa/s, twice what a cell at 250 times C/4 does in a demonstration."""
TURN = 20.0
"""s, between two turns of it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One task in virtual time.

    Parameters
    ----------
    name : str
        In the report.
    setpoint : array
        MPa, at each step.
    swelling : array
        µm, at each instant, draughts left out.
    wander : float
        MPa/s in a root second: how the rate of the push changes, which only the floor is told.
    """

    name: str
    setpoint: Array
    swelling: Array
    wander: float


def hold(hours: float) -> Segment:
    """Return a charge and a discharge at C/10, together 20 h; less is the time about the turn between them."""
    seconds = hours * 3600
    return Segment("hold", _constant(seconds), weather.breathing(seconds, 0.1), wander=1e-6)


def breathing(seconds: float) -> Segment:
    """Return fast breathing with its sudden turns."""
    swelling = weather.triangles(seconds, FASTEST_BREATHING / PRESSURE_PER_MICROMETRE, TURN)
    return Segment("breathing", _constant(seconds), swelling, wander=2 * FASTEST_BREATHING / TURN**0.5)


def heating(seconds: float) -> Segment:
    """Return a ramp from 45 to 55 °C at 5 K/min: 7.8 MPa in two minutes if nothing regulated."""
    warmed = weather.expansion(weather.temperatures(seconds, 45.0, 55.0, rate=5.0, begin=20.0, seed=0))
    return Segment("heating", _constant(seconds), warmed, wander=0.065 / TURN**0.5)


def ramps() -> Segment:
    """Return setpoint ramps of 4 and 8 MPa, up and down."""
    setpoint, now = [], Ramp(PRESSURE, PRESSURE, RAMP_RATE)
    for target, seconds in ((PRESSURE, 10), (PRESSURE + 4, 20), (PRESSURE - 4, 25), (PRESSURE, 20)):
        now = now.towards(target)
        for _ in range(round(seconds / PERIOD)):
            now = ramp.step(now, PERIOD)
            setpoint.append(now.setpoint)
    return Segment("ramps", np.array(setpoint), _still(setpoint), wander=0.02)


def steps() -> Segment:
    """Return setpoint steps of 0.1 to 0.5 MPa without a ramp, up and down, 5 s apart: larger ones end at the slew."""
    sizes = (0.0, 0.0, 0.1, 0.0, -0.2, 0.0, 0.5, 0.0, -0.5, 0.0, 0.2, 0.0)
    setpoint = np.repeat([PRESSURE + size for size in sizes], round(5 / PERIOD))
    return Segment("steps", setpoint, _still(setpoint), wander=0.005)


def _constant(seconds: float) -> Array:
    return np.full(round(seconds / PERIOD), PRESSURE)


def _still(setpoint: list[float] | Array) -> Array:
    return np.zeros_like(weather.times(len(setpoint) * PERIOD))

"""Closes the loop of a contender and a plant, and judges it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.bench.contenders import Contender
from operando.bench.physics import INSTANTS, Array
from operando.bench.plant import PERIOD, Plant
from operando.bench.segments import RAMP_RATE

SETTLED = 5.0
"""s at the start that are not judged."""
MOVE = 2
"""Periods after a step of the setpoint that are not judged: slew limit and amplifier let no drive arrive sooner."""


@dataclass(frozen=True, slots=True)
class Errors:
    """How far a pressure was from its setpoint.

    Parameters
    ----------
    rms, largest : float
        kPa, of the true pressure at every instant.
    readback : float
        kPa, the largest of the readback at every step.
    """

    rms: float
    largest: float
    readback: float


def regulate(contender: Contender, plant: Plant, setpoint: Array) -> Array:
    """Let a contender follow a setpoint (MPa, each step) and return what the load cell said (MPa)."""
    readings = np.empty(len(setpoint))
    for index, wanted in enumerate(setpoint.tolist()):
        reading = plant.reading()
        readings[index] = reading
        plant.advance(contender.answer(reading, wanted))
    return readings


def errors(contender: Contender, plant: Plant, setpoint: Array) -> Errors:
    """Let a contender follow a setpoint (MPa, each step) and judge it."""
    readings = regulate(contender, plant, setpoint)
    judged = _judged(setpoint)
    true = 1e3 * (plant.truth.reshape(-1, INSTANTS) - setpoint[:, None])[judged]
    read = 1e3 * (readings - setpoint)[judged]
    return Errors(float(np.sqrt(np.mean(true**2))), float(np.abs(true).max()), float(np.abs(read).max()))


def _judged(setpoint: Array) -> NDArray[np.bool_]:
    judged = np.arange(len(setpoint)) >= SETTLED / PERIOD
    for jump in np.flatnonzero(np.abs(np.diff(setpoint)) > 2 * RAMP_RATE * PERIOD):
        judged[jump + 1 : jump + 1 + MOVE] = False
    return judged

"""The load cell's zero: it follows the load cell's temperature, and it wanders."""

import math

import numpy as np

from operando.sim.cell.imperfections import Imperfections

WARMED = 0.5
"""Share of the heated body's rise that reaches the load cell behind its insulating spacer."""

WARMING_TIME = 900.0
"""s."""

WANDER_TIME = 36_000.0
"""s, correlation time of the zero."""


class LoadCellZero:
    """What the load cell adds to the force; zero when it was tared, at the start.

    Parameters
    ----------
    imperfections : Imperfections
        How much.
    temperature : float
        °C, of the heated body at the start.
    random : numpy.random.Generator
        Of the wandering.
    """

    def __init__(self, imperfections: Imperfections, temperature: float, random: np.random.Generator) -> None:
        self._imperfections = imperfections
        self._tared_at = temperature
        self._random = random
        self._rise = 0.0
        self._wander = 0.0

    def step(self, dt: float, temperature: float) -> float:
        """Advance by ``dt`` (s) beside a body at ``temperature`` (°C) and return the zero (N)."""
        self._rise += (WARMED * (temperature - self._tared_at) - self._rise) * -math.expm1(-dt / WARMING_TIME)
        kept = math.exp(-dt / WANDER_TIME)
        stirred = math.sqrt(1.0 - kept**2) * float(self._random.standard_normal())
        self._wander = kept * self._wander + self._imperfections.zero_wander * stirred
        return self._imperfections.zero_per_kelvin * self._rise + self._wander

"""The heated cell body: gain, lag and dead time between heater power and temperature."""

import math
from collections import deque

import numpy as np

GAIN = 1.0
"""K per % of heater power."""

TIME_CONSTANT = 200.0
"""s."""

DEAD_TIME = 8.0
"""s, from the cartridge through the body to the cell."""

AMBIENT = 22.0
"""°C."""


class Furnace:
    """First-order lag with dead time, in equilibrium at the start.

    Parameters
    ----------
    temperature : float
        °C, held for long.
    """

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature
        """°C."""
        self.power = max(0.0, (temperature - AMBIENT) / GAIN)
        """%, set by the temperature controller."""
        self._clock = 0.0
        self._underway: deque[tuple[float, float]] = deque()
        self._arrived = self.power

    def step(self, dt: float) -> float:
        """Advance by ``dt`` (s) and return the temperature (°C)."""
        self._clock += dt
        self._underway.append((self._clock + DEAD_TIME, self.power))
        while self._underway and self._underway[0][0] <= self._clock:
            self._arrived = self._underway.popleft()[1]
        goal = AMBIENT + GAIN * self._arrived
        self.temperature += (goal - self.temperature) * -math.expm1(-dt / TIME_CONSTANT)
        return self.temperature


class Wander:
    """Slow random drift of the frame's temperature: draughts, the hutch's air conditioning.

    An Ornstein–Uhlenbeck process of 20 mK rms and 60 s.
    """

    RMS = 0.02
    """K."""
    TIME = 60.0
    """s, correlation time."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.value = 0.0
        """K."""

    def step(self, dt: float) -> float:
        """Advance by ``dt`` (s) and return the offset (K)."""
        kept = math.exp(-dt / self.TIME)
        self.value = kept * self.value + self.RMS * math.sqrt(1.0 - kept**2) * float(self._random.standard_normal())
        return self.value

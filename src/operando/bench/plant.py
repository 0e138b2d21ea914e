"""A stack under pressure in virtual time: from a drive to a true pressure, and to an old and noisy reading of it."""

import math
from dataclasses import dataclass

import numpy as np

from operando.bench import physics
from operando.bench.physics import INSTANT, INSTANTS, Array, Hysteresis
from operando.sim.cell.frame import LoadedFrame
from operando.sim.cell.hysteresis import CREEP_PER_DECADE

PERIOD = INSTANT * INSTANTS
"""s, of the regulator."""
DELAY = 3
"""Instants from the true pressure to the reading of it: 75 ms for converter, line and host."""
DIAMETER = 10.0
"""mm, nominal."""
AREA = math.pi / 4 * DIAMETER**2
"""mm², nominal."""
PRESSURE = 84.0
"""MPa, at the start."""
DRIVE = 60.0
"""V, at the start."""
PRESSURE_PER_MICROMETRE = LoadedFrame(DIAMETER, PRESSURE, 0.0, 25.0).pressure_per_micrometre
"""MPa/µm, of a guide without friction."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What happens to the rig whatever the drive does.

    Parameters
    ----------
    swelling : array
        µm, at each instant: breathing of the cell and thermal expansion.
    noise : array
        N, at each step: what the load cell adds to the force, its noise and its zero.
    """

    swelling: Array
    noise: Array


class Plant:
    """A stack under pressure, with a load cell and a piezo.

    Parameters
    ----------
    weather : Weather
        As long as the plant shall live.
    hysteresis : Hysteresis
        Its family.
    friction : float
        N, of the guide between load cell and cell.
    diameter : float
        mm, true, of the electrode.
    """

    def __init__(
        self,
        weather: Weather,
        hysteresis: Hysteresis = Hysteresis.PLAY,
        friction: float = 0.0,
        diameter: float = DIAMETER,
    ) -> None:
        self._weather = weather
        self._area = math.pi / 4 * diameter**2
        self._numbers = physics.numbers_of(hysteresis, friction)
        self._state = np.zeros(physics.STATES)
        rested = physics.displace(self._state, self._numbers, DRIVE, 0.0)
        self._state[[physics.OUTPUT, physics.DEMAND]] = DRIVE
        self._state[physics.LAG :] = CREEP_PER_DECADE * rested if hysteresis else 0.0
        self._rest = float(rested + self._state[physics.LAG :].sum())
        self._on_cell, self._on_load_cell = np.zeros_like(weather.swelling), np.zeros_like(weather.swelling)
        self._steps = 0

    @property
    def truth(self) -> Array:
        """MPa, true, at each instant from the first step on."""
        true: Array = (PRESSURE * AREA + self._on_cell) / self._area
        return true

    def reading(self) -> float:
        """Return what the load cell says now, in MPa of the nominal area: the force of some instants ago."""
        felt = self._steps * INSTANTS - DELAY - 1
        force = self._on_load_cell[felt] if felt >= 0 else 0.0
        return PRESSURE + float(force + self._weather.noise[self._steps]) / AREA

    def advance(self, drive: float) -> None:
        """Let a period pass at ``drive`` (V)."""
        now = slice(self._steps * INSTANTS, (self._steps + 1) * INSTANTS)
        swelling, on_cell, on_load_cell = self._weather.swelling[now], self._on_cell[now], self._on_load_cell[now]
        physics.advance(self._state, self._numbers, drive, self._rest, swelling, on_cell, on_load_cell)
        self._steps += 1

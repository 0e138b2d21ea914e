"""Hysteresis and creep of a piezo stack actuator."""

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

STROKE = 15.0
"""µm, between 0 V and `STROKE_VOLTAGE`, both reached in turn."""

STROKE_VOLTAGE = 150.0
"""V."""

HYSTERESIS = 0.12
"""Width of the large-signal loop over its height; soft PZT shows 10 to 15 %
(PI Ceramic, piezo tutorial, "Displacement and hysteresis")."""

CREEP_PER_DECADE = 0.015
"""Share of the displacement that each decade of time adds; 1 to 2 %
(Physik Instrumente, "Fundamentals of piezo technology", creep ΔL(t) = ΔL(0.1 s) (1 + γ lg(t/0.1 s)))."""


class PrandtlIshlinskii:
    """Play operators of rising width, summed: the displacement follows the voltage along nested loops.

    ``y = g (v + w mean(z_i))`` where each ``z_i`` follows ``v`` with the play ``r_i`` (Kuhnen, Eur. J. Control 9
    (2003) 407). The weight ``w`` and the gain ``g`` follow from the wanted loop: over a full loop of height ``V`` an
    operator spans ``V − 2r``, and at ``V/2`` its rising and falling branches differ by ``2r``, or by all it spans.

    Parameters
    ----------
    voltage : float
        V, reached from 0 V on the virgin curve.
    """

    def __init__(self, voltage: float) -> None:
        self._play: NDArray[np.float64] = np.linspace(0.03, 0.5, 10) * STROKE_VOLTAGE
        spans = STROKE_VOLTAGE - 2.0 * self._play
        span, width = float(spans.mean()), float(np.minimum(2.0 * self._play, spans).mean())
        self._weight = HYSTERESIS * STROKE_VOLTAGE / (width - HYSTERESIS * span)
        self._gain = STROKE / (STROKE_VOLTAGE + self._weight * span)
        self._operators: NDArray[np.float64] = np.zeros_like(self._play)
        self.displacement = self.drive(voltage)

    def drive(self, voltage: float) -> float:
        """Follow the voltage (V) and return the displacement (µm), creep left out."""
        self._operators = np.clip(self._operators, voltage - self._play, voltage + self._play)
        self.displacement = self._gain * (voltage + self._weight * float(self._operators.mean()))
        return self.displacement


class Creep:
    """Logarithmic creep as a sum of first-order lags, one for each decade of time from 0.1 s to 10 000 s.

    Parameters
    ----------
    displacement : float
        µm, at which everything has crept already.
    """

    TIME_CONSTANTS = tuple(10.0**decade for decade in range(-1, 5))
    """s."""

    def __init__(self, displacement: float) -> None:
        self._lags = [CREEP_PER_DECADE * displacement] * len(self.TIME_CONSTANTS)

    def step(self, displacement: float, dt: float) -> float:
        """Advance by ``dt`` (s) towards ``displacement`` (µm) and return what creep adds to it (µm)."""
        goal = CREEP_PER_DECADE * displacement
        for index, time_constant in enumerate(self.TIME_CONSTANTS):
            self._lags[index] += (goal - self._lags[index]) * -math.expm1(-dt / time_constant)
        return sum(self._lags)


class PiezoStack:
    """A 15 µm stack actuator: hysteresis and creep on one voltage.

    Parameters
    ----------
    voltage : float
        V, at which it has rested for long.
    """

    def __init__(self, voltage: float) -> None:
        self._hysteresis = PrandtlIshlinskii(voltage)
        self._creep = Creep(self._hysteresis.displacement)
        self.displacement = self._total(self._creep.step(self._hysteresis.displacement, 0.0))
        """µm, free stroke."""

    def step(self, voltage: float, dt: float) -> float:
        """Advance by ``dt`` (s) at ``voltage`` (V) and return the free stroke (µm)."""
        displacement = self._hysteresis.drive(voltage)
        self.displacement = self._total(self._creep.step(displacement, dt))
        return self.displacement

    def _total(self, creep: float) -> float:
        return self._hysteresis.displacement + creep

"""The analogue side of the potentiostat: relay, current source, ranges and converters."""

from typing import Protocol

import numpy as np

COMPLIANCE = 6.0
"""V between the electrodes (EmStat4 HR)."""

LARGEST_CURRENT = 0.1
"""A."""

RANGES = {9: 100e-9, 12: 1e-6, 15: 10e-6, 18: 100e-6, 21: 1e-3, 24: 10e-3, 27: 100e-3}
"""Number and full scale (A) of the current ranges."""

POTENTIAL_NOISE = 20e-6
"""V rms."""

CURRENT_NOISE = 1e-5
"""Of full scale, rms."""

OVERLOAD, OVERLOAD_WARNING = 2, 8
"""Status bits of a measured value."""


class Cell(Protocol):
    """What is connected."""

    @property
    def voltage(self) -> float:
        """V."""

    current: float
    """A, imposed."""


class Galvanostat:
    """A current source that stays as it was set.

    Parameters
    ----------
    cell : Cell
        Between its terminals.
    random : numpy.random.Generator
        Of noise.
    """

    def __init__(self, cell: Cell, random: np.random.Generator) -> None:
        self.range = 21
        self.connected = False
        self.overloaded = False
        """A fault: the control loop is off its setpoint, and every measurement says so."""
        self._cell = cell
        self._random = random
        self._setpoint = 0.0

    def set_current(self, ampere: float) -> None:
        """Impose a current, at once when the cell is on."""
        self._setpoint = ampere
        self._cell.current = ampere if self.connected else 0.0

    def switch(self, on: bool) -> None:
        """Close or open the relay; open means open circuit."""
        self.connected = on
        self.set_current(self._setpoint)

    def choose_range(self, ampere: float) -> None:
        """Take the smallest range that holds a current."""
        fitting = [number for number, full_scale in RANGES.items() if full_scale >= abs(ampere) * 0.999999]
        self.range = min(fitting, default=max(RANGES))

    def potential(self) -> float:
        """Measure the voltage between the terminals (V)."""
        volts = self._cell.voltage + POTENTIAL_NOISE * float(self._random.standard_normal())
        return max(-COMPLIANCE, min(COMPLIANCE, volts))

    def current(self) -> float:
        """Measure the current (A)."""
        return self._cell.current + CURRENT_NOISE * RANGES[self.range] * float(self._random.standard_normal())

    @property
    def status(self) -> int:
        """Status bits of what is measured now."""
        if (
            self.overloaded
            or abs(self._cell.voltage) >= COMPLIANCE
            or abs(self._cell.current) > 1.1 * RANGES[self.range]
        ):
            return OVERLOAD
        return OVERLOAD_WARNING if abs(self._cell.current) > 1.001 * RANGES[self.range] else 0

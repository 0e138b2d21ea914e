"""A source of current with a limit of voltage, or of voltage with a limit of current, on a cell."""

import math
from typing import Protocol


class Cell(Protocol):
    """What is connected. Charging is positive."""

    @property
    def voltage(self) -> float:
        """V between the terminals."""

    @property
    def current(self) -> float:
        """A that flows through the leads."""

    @property
    def passed(self) -> float:
        """A h that flowed through the leads, ever."""

    def impose_current(self, ampere: float) -> None:
        """Be a current source between the terminals."""

    def hold_voltage(self, volts: float) -> None:
        """Be a voltage source between the terminals."""

    def open(self) -> None:
        """Take the leads off."""

    def impedance(self, frequency: float) -> complex:
        """Ω at a frequency in Hz, as the cell stands."""


class LimitedSource:
    """A source that gives what is set, or as much of it as its limit allows.

    Parameters
    ----------
    cell : Cell
        Between its leads.
    """

    def __init__(self, cell: Cell) -> None:
        self._cell = cell
        self._on = False
        self._of_current = False
        self._setpoint = 0.0
        self._limit = math.inf
        self._limited = 0.0

    @property
    def limited(self) -> bool:
        """Whether the limit holds it back."""
        return self._limited != 0.0

    def open(self) -> None:
        """Let the cell alone."""
        self._on, self._limited = False, 0.0
        self._cell.open()

    def drive(self, of_current: bool, setpoint: float, limit: float) -> None:
        """Give a current (A) or a voltage (V), with a limit of the other, without its sign."""
        self._on, self._of_current, self._setpoint, self._limit = True, of_current, setpoint, limit
        self._limited = 0.0
        self._give()
        self.regulate()

    def regulate(self) -> None:
        """Look whether the cell, as it has become, takes what is set."""
        if not self._on:
            return
        if self._limited:
            reached = self._cell.current if self._of_current else self._cell.voltage
            if (reached - self._setpoint) * self._limited >= 0.0:
                self._limited = 0.0
                self._give()
            return
        beyond = self._cell.voltage if self._of_current else self._cell.current
        if abs(beyond) > self._limit * (1.0 + 1e-9):
            self._limited = math.copysign(1.0, beyond)
            if self._of_current:
                self._cell.hold_voltage(self._limited * self._limit)
            else:
                self._cell.impose_current(self._limited * self._limit)

    def _give(self) -> None:
        if self._of_current:
            self._cell.impose_current(self._setpoint)
        else:
            self._cell.hold_voltage(self._setpoint)

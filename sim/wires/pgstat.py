"""The analogue side of the potentiostat: relay, source of current or voltage, ranges and converters."""

import math

import numpy as np

from operando.sim.wires.limited_source import Cell, LimitedSource

COMPLIANCE = 6.0
"""V between the electrodes (EmStat4 HR)."""

LARGEST_CURRENT = 0.1
"""A."""

RANGES = {9: 100e-9, 12: 1e-6, 15: 10e-6, 18: 100e-6, 21: 1e-3, 24: 10e-3, 27: 100e-3}
"""Number and full scale (A) of the current ranges."""

HEADROOM = 1.1
"""Of full scale; what a range gives beyond itself."""

POTENTIAL_NOISE = 20e-6
"""V rms."""

FLOATING_NOISE = 2e-3
"""V rms, of an input that is connected to nothing."""

CURRENT_NOISE = 1e-5
"""Of full scale, rms."""

IMPEDANCE_NOISE = 1e-3
"""Of the impedance, rms, in each of its parts."""

OVERLOAD, OVERLOAD_WARNING = 2, 8
"""Status bits of a measured value."""

GALVANOSTAT = 6
"""Mode in which a current is set; in the others it is a voltage."""

HOUR = 3600.0


class PGStat:
    """A source of current or of voltage that stays as it was set.

    Parameters
    ----------
    cell : Cell
        Between its terminals.
    random : numpy.random.Generator
        Of noise.
    """

    def __init__(self, cell: Cell, random: np.random.Generator) -> None:
        self.mode = 0
        self.connected = False
        self.overloaded = False
        """A fault: the control loop is off its setpoint, and every measurement says so."""
        self._range = 21
        self._ranges = (min(RANGES), max(RANGES))
        self._cell = cell
        self._random = random
        self._setpoint = 0.0
        self._lead_off = False
        self._source = LimitedSource(cell)
        self._now = 0.0
        self._window = (0.0, cell.passed)

    @property
    def galvanostatic(self) -> bool:
        """Whether a current is set."""
        return self.mode == GALVANOSTAT

    @property
    def lead_off(self) -> bool:
        """A fault: the clip of counter and reference electrode has come off."""
        return self._lead_off

    @lead_off.setter
    def lead_off(self, off: bool) -> None:
        self._lead_off = off
        self._drive()

    def set_mode(self, mode: int) -> None:
        """Choose what is set; another mode opens the relay and forgets the setpoint."""
        if mode != self.mode:
            self.mode, self._setpoint = mode, 0.0
            self._ranges = (min(RANGES), max(RANGES))
            self.switch(False)

    def set(self, value: float) -> None:
        """Set current (A) or voltage (V), at once when the cell is on."""
        if value != self._setpoint:
            self._setpoint = value
            self._drive()

    def switch(self, on: bool) -> None:
        """Close or open the relay; open means open circuit."""
        self.connected = on
        self._drive()

    def choose_range(self, ampere: float) -> None:
        """Take the smallest range that holds a current, and stay in it."""
        self._range = _fitting(ampere)
        self._ranges = (self._range, self._range)
        self._drive()

    def range_itself(self, low: float, high: float) -> None:
        """Take whichever range from that of ``low`` to that of ``high`` (A) holds what is measured."""
        self._ranges = (_fitting(low), _fitting(high))
        self._range = max(self._ranges[0], min(self._ranges[1], self._range))
        self._drive()

    def regulate(self, now: float) -> None:
        """Look whether the cell, which has come to the instant ``now`` (s), takes what is set."""
        self._now = now
        self._source.regulate()

    def potential(self) -> float:
        """Measure the voltage between the terminals (V)."""
        if self._lead_off:
            away = math.copysign(COMPLIANCE, self._setpoint) if self.connected and self._setpoint else 0.0
            return away + FLOATING_NOISE * self._noise()
        return max(-COMPLIANCE, min(COMPLIANCE, self._cell.voltage + POTENTIAL_NOISE * self._noise()))

    @property
    def setpoint(self) -> float:
        """What is set: A or V."""
        return self._setpoint

    def begin_current(self) -> None:
        """Begin to integrate the current."""
        self._window = (self._now, self._cell.passed)

    def current(self) -> float:
        """Measure the mean current (A) since it was measured last; the converter integrates all the time."""
        begin, passed = self._window
        if self._now > begin:
            ampere = (self._cell.passed - passed) * HOUR / (self._now - begin)
        else:
            ampere = self._cell.current
        self.begin_current()
        self._range = max(self._ranges[0], min(self._ranges[1], _fitting(ampere)))
        return ampere + CURRENT_NOISE * RANGES[self._range] * self._noise()

    def impedance(self, frequency: float) -> complex:
        """Measure the impedance (Ω); not a number where a lead is off."""
        if self._lead_off:
            return complex(math.nan, math.nan)
        ohms = self._cell.impedance(frequency)
        size = IMPEDANCE_NOISE * abs(ohms)
        return ohms + complex(size * self._noise(), size * self._noise())

    def swings_too_far(self, amplitude: float, ohms: float) -> bool:
        """Whether a modulation (V or A, rms) on an impedance (Ω) leaves the range of current, or the compliance."""
        peak = math.sqrt(2.0) * amplitude
        if self.galvanostatic:
            current, swing = abs(self._setpoint) + peak, abs(self._cell.voltage) + peak * ohms
            return current > HEADROOM * RANGES[self._ranges[1]] or swing > COMPLIANCE
        return abs(self._cell.current) + peak / max(ohms, 1e-9) > self._largest

    @property
    def range(self) -> int:
        """Number of the current range."""
        return self._range

    @property
    def status(self) -> int:
        """Status bits of what is measured now."""
        full_scale = RANGES[self._ranges[1]]
        ampere = abs(self._setpoint if self.galvanostatic and self.connected else self._cell.current)
        off = self._lead_off and self.connected
        if self.overloaded or self._source.limited or off or ampere > HEADROOM * full_scale:
            return OVERLOAD
        return OVERLOAD_WARNING if ampere > 1.001 * full_scale else 0

    @property
    def _largest(self) -> float:
        """A that the highest allowed range gives."""
        return min(HEADROOM * RANGES[self._ranges[1]], LARGEST_CURRENT * HEADROOM)

    def _drive(self) -> None:
        if not self.connected or self._lead_off:
            self._source.open()
        elif self.galvanostatic:
            given = max(-self._largest, min(self._largest, self._setpoint))
            self._source.drive(True, given, COMPLIANCE)
        else:
            self._source.drive(False, self._setpoint, self._largest)

    def _noise(self) -> float:
        return float(self._random.standard_normal())


def _fitting(ampere: float) -> int:
    """Return the number of the smallest range that holds a current."""
    fitting = (number for number, full_scale in RANGES.items() if full_scale >= abs(ampere) * 0.999999)
    return min(fitting, default=max(RANGES))

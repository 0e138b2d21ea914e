"""High-voltage side of the piezo amplifier: converter, slew limit and the capacitance of the actuator."""

import math

LOW = -20.0
"""V, lowest output (NV200/D, avmin)."""

HIGH = 130.0
"""V, highest output (NV200/D, avmax)."""

LEAST_STEP = (HIGH - LOW) / 2**16
"""V, of the 16-bit digital-to-analogue converter."""

TIME_CONSTANT = 0.01
"""s; amplifier current against the capacitance of a 15 µm, 3 kN stack."""

SLEW_OFF = 2000.0
"""% of the range in a millisecond; the largest value of ``sr`` switches the limit off."""


class Amplifier:
    """From the voltage asked for to the voltage at the actuator.

    Parameters
    ----------
    voltage : float
        V, already standing at the actuator.
    """

    def __init__(self, voltage: float) -> None:
        self.setpoint = voltage
        """V, as asked for."""
        self.slew = SLEW_OFF
        """% of the range in a millisecond."""
        self.stuck = False
        """A fault: the converter's output stays as it is."""
        self.driven = True
        """Whether the setpoint reaches the converter: false while another source or the position loop commands."""
        self._demand = self._converted
        self.output = self._demand
        """V, at the actuator."""

    def step(self, dt: float) -> float:
        """Advance by ``dt`` (s) and return the output (V)."""
        goal = self._converted if self.driven and not self.stuck else self._demand
        reach = self.slew / 100.0 * (HIGH - LOW) * dt * 1000.0
        self._demand += goal - self._demand if self.slew >= SLEW_OFF else max(-reach, min(reach, goal - self._demand))
        self.output += (self._demand - self.output) * -math.expm1(-dt / TIME_CONSTANT)
        return self.output

    @property
    def _converted(self) -> float:
        return LOW + round((max(LOW, min(HIGH, self.setpoint)) - LOW) / LEAST_STEP) * LEAST_STEP

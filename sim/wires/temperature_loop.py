"""The control loop inside the temperature controller: working setpoint, PID, modes and alarms."""

from typing import Protocol

import numpy as np

PERIOD = 0.25
"""s between two steps of the loop; the 3200 series samples its input four times a second."""

NOISE = 0.02
"""K rms of the thermocouple input."""

REMOTE_PATIENCE = 5.0
"""s after which a remote setpoint that is not refreshed has failed."""

NORMAL, STANDBY, CONFIGURATION = 0, 1, 2
"""Instrument modes (parameter 199); outputs are off in all but the first."""

MANUAL, SENSOR_BREAK, RAMPING, REMOTE_FAIL = 1 << 4, 1 << 5, 1 << 13, 1 << 14
"""Bits of the status word (parameter 75)."""

OVER_RANGE = 1 << 10


class Plant(Protocol):
    """What is heated."""

    @property
    def temperature(self) -> float:
        """°C."""

    power: float
    """%."""


class TemperatureLoop:
    """PID with a ramped working setpoint.

    The tuning is by Skogestad's rule (J. Process Control 13 (2003) 291) for a gain of 1 K/%, a lag of 200 s and a dead
    time of 8 s, with a closed-loop time constant of 20 s: gain 7.1 %/K, integral time 112 s.

    Parameters
    ----------
    plant : Plant
        Taken over in equilibrium: target and output are where it stands.
    random : numpy.random.Generator
        Of sensor noise.
    address : int
        On the bus; told by parameter 131.
    """

    def __init__(self, plant: Plant, random: np.random.Generator, address: int) -> None:
        self.address = address
        self.sensor_broken = False
        """A fault: the thermocouple is open."""
        self.stuck_power: float | None = None
        """A fault: the relay passes this power (%), whatever the output."""
        self.target = plant.temperature
        self.second_setpoint = 0.0
        self.remote_setpoint = 0.0
        self.working_setpoint = plant.temperature
        self.ramp_rate = 0.0
        """K/min; 0 is a step."""
        self.proportional_band = 14.0
        """K for the whole output."""
        self.integral_time = 112.0
        """s; 0 switches it off."""
        self.derivative_time = 0.0
        """s."""
        self.output = plant.power
        """%."""
        self.output_high = 100.0
        self.manual_output = plant.power
        self.manual = 0.0
        self.remote = 0.0
        self.mode = float(NORMAL)
        self.process_value = plant.temperature
        """°C, as measured."""
        self._plant = plant
        self._random = random
        self._integral = plant.power
        self._previous = plant.temperature
        self._clock: float | None = None
        self._remote_written = 0.0

    @property
    def status(self) -> int:
        """Status word."""
        return (
            (MANUAL if self.manual else 0)
            | (SENSOR_BREAK if self.sensor_broken else 0)
            | (OVER_RANGE if self.process_value > 210.0 else 0)
            | (RAMPING if self.mode == NORMAL and self.working_setpoint != self._goal else 0)
            | (REMOTE_FAIL if self._remote_failed else 0)
        )

    def advance(self, now: float) -> None:
        """Regulate up to ``now`` (s), once a period."""
        if self._clock is None:
            self._clock = now
        while now - self._clock >= PERIOD:
            self._clock += PERIOD
            self._step()

    def change_mode(self, mode: float) -> None:
        """Enter a mode; on the way back to normal the setpoint starts at the process value."""
        if mode == NORMAL and self.mode != NORMAL:
            self.working_setpoint = self.process_value
            self._integral = 0.0
        self.mode = mode

    def refresh_remote(self, celsius: float) -> None:
        """Take a remote setpoint (°C), which holds for `REMOTE_PATIENCE`."""
        self.remote_setpoint = celsius
        self._remote_written = self._clock or 0.0

    def select_remote(self, remote: float) -> None:
        """Follow the remote setpoint (1) or the local one (0)."""
        self.remote = remote
        self._remote_written = self._clock or 0.0

    @property
    def _remote_failed(self) -> bool:
        return bool(self.remote) and (self._clock or 0.0) - self._remote_written > REMOTE_PATIENCE

    @property
    def _goal(self) -> float:
        return self.remote_setpoint if self.remote and not self._remote_failed else self.target

    def _step(self) -> None:
        self._previous = self.process_value
        self.process_value = self._plant.temperature + NOISE * float(self._random.standard_normal())
        self._move_setpoint()
        if self.mode != NORMAL or self.sensor_broken:
            self.output = 0.0
        elif self.manual:
            self.output = self._integral = self.manual_output
        else:
            self.output = self._regulated()
        self._plant.power = self.output if self.stuck_power is None else self.stuck_power

    def _move_setpoint(self) -> None:
        if self.mode != NORMAL:
            return
        reach = self.ramp_rate / 60.0 * PERIOD if self.ramp_rate else float("inf")
        self.working_setpoint += max(-reach, min(reach, self._goal - self.working_setpoint))

    def _regulated(self) -> float:
        gain = 100.0 / self.proportional_band
        error = self.working_setpoint - self.process_value
        slope = (self.process_value - self._previous) / PERIOD
        wanted = gain * (error - self.derivative_time * slope) + self._integral
        output = max(0.0, min(self.output_high, wanted))
        if self.integral_time and output == wanted:  # the integral rests while the output is at a limit
            self._integral += gain * error * PERIOD / self.integral_time
        return output

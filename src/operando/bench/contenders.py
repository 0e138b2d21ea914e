"""Who regulates: this project, its peer, and the floor."""

from typing import Protocol

from simple_pid import PID

from operando.bench.plant import DRIVE, PERIOD
from operando.control import DriveLimits, RegulatorGains, RegulatorState, regulator


class Contender(Protocol):
    """A regulator in the bench."""

    def answer(self, reading: float, setpoint: float) -> float:
        """Return the drive (V) to a reading and a setpoint (MPa)."""


class Ours:
    """The service's own regulator.

    Parameters
    ----------
    gains, limits : RegulatorGains, DriveLimits
        As configured.
    """

    def __init__(self, gains: RegulatorGains, limits: DriveLimits) -> None:
        self._gains = gains
        self._limits = limits
        self._state = RegulatorState(DRIVE)

    def answer(self, reading: float, setpoint: float) -> float:
        """Return the drive (V) to a reading and a setpoint (MPa)."""
        self._state = regulator.step(self._state, reading, setpoint, PERIOD, gains=self._gains, limits=self._limits)
        return self._state.drive


class Peer:
    """``simple_pid`` as BLISS arranges it for its soft regulation (bliss/common/regulation.py, 2.4.0).

    A positional PID on the readback, derivative on the measurement, its integral and its output clamped to the output's
    limits; BLISS scales a range of 0 to 1 onto them, which changes nothing but the unit of the gains.

    Parameters
    ----------
    gains : tuple of float
        V/MPa, V/(MPa s), V s/MPa.
    limits : DriveLimits
        Of the output; the slew limit is the amplifier's.
    """

    def __init__(self, gains: tuple[float, float, float], limits: DriveLimits) -> None:
        self._pid = PID(*gains, sample_time=None, output_limits=(limits.low, limits.high), starting_output=DRIVE)

    def answer(self, reading: float, setpoint: float) -> float:
        """Return the drive (V) to a reading and a setpoint (MPa)."""
        self._pid.setpoint = setpoint
        return float(self._pid(reading, dt=PERIOD) or 0.0)

"""What the environment service asks of an instrument, whoever made it; and what the instruments answer."""

import math
from dataclasses import dataclass
from typing import Protocol

from operando.vocabulary import ConstantCurrentCycling, Quality, Reading


@dataclass(frozen=True, slots=True)
class AmplifierStatus:
    """Flags of a piezo amplifier."""

    connected: bool
    """An actuator is plugged in."""
    closed_loop: bool
    """The amplifier regulates on its own sensor: the host must not."""
    over_temperature: bool
    actuator_error: bool
    hardware_error: bool
    at_low_limit: bool
    at_high_limit: bool
    """The amplifier can go no further: the regulator has lost its authority."""

    @property
    def complaints(self) -> tuple[str, ...]:
        """Why the drive cannot be relied on, in words."""
        said = {
            "no actuator": not self.connected,
            "over-temperature": self.over_temperature,
            "an actuator error": self.actuator_error,
            "a hardware error": self.hardware_error,
        }
        return tuple(words for words, true in said.items() if true)


@dataclass(frozen=True, slots=True)
class ControllerStatus:
    """Flags of a temperature controller."""

    manual: bool = False
    """The output is set by hand, not by the loop."""
    sensor_break: bool = False
    loop_break: bool = False
    """The output has no effect on the temperature."""
    heater_fail: bool = False
    over_range: bool = False
    ramping: bool = False
    """The working setpoint is on its way to the target."""
    remote_fail: bool = False
    """The host was silent for too long while it supplied the setpoint."""

    @property
    def broken(self) -> bool:
        """Whether the regulation, though not the sensor, cannot be relied on."""
        return self.loop_break or self.heater_fail or self.over_range or self.remote_fail

    @property
    def faulty(self) -> bool:
        """Whether the temperature, or its regulation, cannot be relied on."""
        return self.sensor_break or self.broken


@dataclass(frozen=True, slots=True)
class TemperatureReading:
    """One look at a temperature controller.

    Parameters
    ----------
    process_value : Reading
        °C; INVALID and not a number with a broken sensor.
    setpoint : float
        °C, demanded now by the instrument's own ramp (its working setpoint).
    target : float
        °C, where the ramp goes.
    output : float
        %, heater power.
    status : ControllerStatus
        Its flags.
    """

    process_value: Reading
    setpoint: float
    target: float
    output: float
    status: ControllerStatus


@dataclass(frozen=True, slots=True)
class Sample:
    """One data packet of a cell programme.

    Parameters
    ----------
    voltage : float
        V between the terminals of the cell.
    current : float
        A, charge positive.
    elapsed : float
        s since the programme started, on the instrument's own clock.
    cycle, step : int
        From 1; step 1 charges, step 2 discharges.
    status : int
        Status bits of voltage and current together: 1 timing, 2 overload, 4 underload, 8 overload warning.
    time_ns : int
        UTC, ns since the epoch, of the measurement: ``elapsed`` mapped to the host's clock.
    arrival_ns : int
        UTC, ns since the epoch, when the host took the packet off the line.
    """

    voltage: float
    current: float
    elapsed: float
    cycle: int
    step: int
    status: int
    time_ns: int
    arrival_ns: int

    @property
    def quality(self) -> Quality:
        """INVALID without a number, SUSPECT where the instrument reports timing or overload."""
        if not (math.isfinite(self.voltage) and math.isfinite(self.current)):
            return Quality.INVALID
        return Quality.SUSPECT if self.status & 0b1011 else Quality.GOOD


@dataclass(frozen=True, slots=True)
class ProgrammeEnd:
    """How a programme ended.

    Parameters
    ----------
    finished : bool
        By its own limits; False where it was aborted or failed.
    error : str
        What the instrument said, empty where it ended in order.
    """

    finished: bool
    error: str = ""


class LoadCell(Protocol):
    """Measures the force on the stack."""

    def read_force(self) -> Reading:
        """Return the force in N; INVALID and not a number where the instrument doubts it.

        Raises `InstrumentError` on a refusal, a torn reply or none.
        """


class PiezoAmplifier(Protocol):
    """Drives the piezo."""

    def prepare(self, slew_limit: float) -> None:
        """Check that the amplifier may be driven by the host and set its slew limit (V/s); never moves the drive."""

    def read_drive(self) -> float:
        """Return the voltage (V) that the amplifier says is set."""

    def write_drive(self, volts: float) -> None:
        """Set the drive (V); returns within about 20 ms, acknowledged or not."""

    def read_output(self) -> float:
        """Return the voltage (V) at the actuator; not a number where the amplifier does not measure it."""

    def read_status(self) -> AmplifierStatus:
        """Return the amplifier's flags."""

    def changed_settings(self) -> str:
        """Return which of the settings that `prepare` made or checked is another one now, in words, or nothing."""


class TemperatureController(Protocol):
    """Regulates the temperature by itself; the host only says where to."""

    def read(self) -> TemperatureReading:
        """Return process value, setpoint, output and flags."""

    def write_target(self, celsius: float) -> None:
        """Send the ramp to a new target, °C."""

    def write_ramp_rate(self, kelvin_per_min: float) -> None:
        """Set the rate of the instrument's own ramp, K/min."""

    def hold(self) -> None:
        """Freeze the target where the setpoint is."""

    def standby(self) -> None:
        """Switch the outputs off."""

    def resume(self) -> None:
        """Leave `standby`."""

    def refresh(self) -> None:
        """Tell a controller that watches its host that the host is alive; others are told nothing."""

    @property
    def wearing_writes(self) -> int:
        """How often a memory that wears was written since this driver began."""


class Potentiostat(Protocol):
    """Runs cell programmes, whose limits it keeps itself."""

    def start(self, programme: ConstantCurrentCycling) -> None:
        """Start a programme; refused while one runs."""

    def poll(self) -> list[Sample]:
        """Return the samples that came since the last call; works on a programme somebody else has started."""

    def running(self) -> bool:
        """Whether a programme runs, as far as the last poll has shown."""

    def ended(self) -> ProgrammeEnd | None:
        """Return how the last programme ended; None while one runs and before the first."""

    def abort(self) -> None:
        """End the programme; the cell is at open circuit afterwards."""

    def cell_off(self) -> None:
        """Bring the cell to open circuit, whatever runs."""

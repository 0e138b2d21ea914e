"""What the environment service asks of an instrument, whoever made it; and what the instruments answer."""

from dataclasses import dataclass
from typing import Protocol

from operando.instruments.cell_output import ClockReading, ImpedancePoint, ProgrammeEnd, Said, Sample, StepEnd
from operando.vocabulary import CellProgramme, Position, Reading

__all__ = [
    "BEGINNING",
    "AmplifierStatus",
    "ClockReading",
    "ControllerStatus",
    "ImpedancePoint",
    "LoadCell",
    "PiezoAmplifier",
    "Potentiostat",
    "ProgrammeEnd",
    "Said",
    "Sample",
    "StepEnd",
    "TemperatureController",
    "TemperatureReading",
]

BEGINNING = Position()
"""Of a programme: its first step is run 1, in cycle 1."""


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

    @property
    def can(self) -> frozenset[str]:
        """The kinds of step (``Step.kind``) that it can do."""

    @property
    def current_limit(self) -> float:
        """The largest current, A."""

    def start(self, programme: CellProgramme, at: Position = BEGINNING) -> None:
        """Start a programme; refused while one runs.

        Parameters
        ----------
        programme : CellProgramme
            The whole of it, or what remains of it.
        at : Position
            Cycle and run that it begins with: the first step gets the run behind that of ``at``.

        Raises
        ------
        RequestRefused
            It cannot be done, or makes no sense; nothing was started.
        InstrumentRefused
            A programme runs, or the instrument does not understand ours.
        """

    def adopt(self, programme: CellProgramme) -> None:
        """Say which programme runs, found running after a restart: without it no met `End` can be named."""

    def poll(self) -> list[Said]:
        """Return what came since the last call, in order; works on a programme somebody else has started."""

    def end_step(self) -> None:
        """End the step that runs, as a condition of its own would; the programme goes on with the next."""

    def rest(self, interval: float, at: Position = BEGINNING) -> None:
        """End what runs and rest at open circuit, with a sample (step 0) every ``interval`` s, for 30 days at most."""

    def running(self) -> bool:
        """Whether a programme, or a rest, runs, as far as the last poll has shown."""

    def ended(self) -> ProgrammeEnd | None:
        """Return how the last programme ended; None while one runs and before the first."""

    def clock(self) -> ClockReading | None:
        """Return how the instrument's clock runs; None before the first packet."""

    def abort(self) -> None:
        """End the programme; the cell is at open circuit afterwards."""

    def cell_off(self) -> None:
        """Bring the cell to open circuit, whatever runs."""

    def verify_open(self) -> float:
        """Read the safe state back: return the open-circuit voltage, V, as measured with the cell switched off.

        Raises
        ------
        InstrumentRefused
            The cell is on, or a programme runs.
        NoReply
            Nobody answers: the state cannot be verified.
        """

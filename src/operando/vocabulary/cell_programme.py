"""A cell programme as an instrument runs it: currents in A, voltages at the cell's terminals, in V.

What a user writes, with C-rates, scales of potential and pulses, is the business of `operando.config.programme`.
Charge is positive: a current that charges the cell is above zero, and so is the charge that it passed.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Limit(StrEnum):
    """What can end a step."""

    TIME = "time"
    """s since the step began. Every step has one: nothing else ends it for certain."""
    VOLTAGE = "voltage"
    """V between the terminals."""
    CURRENT = "current"
    """A, without its sign: the taper of a constant voltage."""
    CHARGE = "charge"
    """A h that passed in this step, without its sign."""
    TEMPERATURE = "temperature"
    """°C at the cell."""
    MEASUREMENT = "measurement"
    """Somebody says that a measurement, such as a map, is done."""


HOSTED = frozenset({Limit.TEMPERATURE, Limit.MEASUREMENT})
"""What the instrument cannot know: the environment service tells it to end the step."""


@dataclass(frozen=True, slots=True)
class End:
    """One of the conditions of which the first that is met ends a step.

    Parameters
    ----------
    limit : Limit
        What is looked at.
    value : float
        In its unit; without meaning for a measurement.
    below : bool
        Met at the value and below it; else at the value and above it.
    """

    limit: Limit
    value: float = 0.0
    below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What all steps have.

    Parameters
    ----------
    number : int
        From 1, in the order of reading; the same in each pass of a loop.
    name : str
        As its author called it, or its kind.
    ends : tuple of End
        In the order in which they are looked at; one of them is a time.
    sample_interval : float
        s between two samples.
    """

    kind: ClassVar[str]
    number: int
    name: str
    ends: tuple[End, ...]
    sample_interval: float

    @property
    def longest(self) -> float:
        """Return the s after which the step ends in any case."""
        return next(end.value for end in self.ends if end.limit is Limit.TIME)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest(Step):
    """Open circuit."""

    kind: ClassVar[str] = "rest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantCurrent(Step):
    """A current (A, charging positive)."""

    kind: ClassVar[str] = "constant_current"
    current: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantVoltage(Step):
    """A voltage (V) between the terminals.

    Parameters
    ----------
    voltage : float
        V.
    current_limit : float
        A, without its sign: what the cell may draw; the instrument's range is chosen by it.
    """

    kind: ClassVar[str] = "constant_voltage"
    voltage: float
    current_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class VoltageRamp(Step):
    """A voltage that changes at a constant rate.

    Parameters
    ----------
    begin : float or None
        V between the terminals; None where the cell is at open circuit.
    end : float
        V between the terminals.
    rate : float
        V/s, without its sign.
    current_limit : float
        A, without its sign.
    """

    kind: ClassVar[str] = "voltage_ramp"
    begin: float | None
    end: float
    rate: float
    current_limit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Impedance(Step):
    """An impedance spectrum, from the high to the low frequency.

    Parameters
    ----------
    galvanostatic : bool
        A current is modulated (GEIS); else a voltage (EIS).
    amplitude : float
        V or A, rms.
    bias : float or None
        V between the terminals or A; None for the open-circuit voltage, or no current.
    high_frequency, low_frequency : float
        Hz.
    points_per_decade : int
        At equal distances of the logarithm; both ends are measured.
    current_limit : float
        A, without its sign: the instrument's range is chosen by it.
    """

    kind: ClassVar[str] = "impedance"
    galvanostatic: bool
    amplitude: float
    bias: float | None
    high_frequency: float
    low_frequency: float
    points_per_decade: int
    current_limit: float


@dataclass(frozen=True, slots=True)
class Loop:
    """Parts that are done several times.

    Parameters
    ----------
    passes : int
        At least 1.
    parts : tuple of Step or Loop
        At least one.
    cycles : bool
        A pass is a cycle: the cycle number goes up by one behind each.
    """

    passes: int
    parts: "tuple[Step | Loop, ...]"
    cycles: bool = False


@dataclass(frozen=True, slots=True)
class Safety:
    """What ends the whole programme, at open circuit, when it lasts longer than a delay.

    Parameters
    ----------
    upper_voltage, lower_voltage : float or None
        V between the terminals.
    current : float or None
        A, without its sign.
    charge : float or None
        A h since the programme began, without its sign.
    delay : float
        s.
    """

    upper_voltage: float | None = None
    lower_voltage: float | None = None
    current: float | None = None
    charge: float | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class CellProgramme:
    """A programme, ready to be run.

    Parameters
    ----------
    name : str
        As its author called it.
    parts : tuple of Step or Loop
        In order.
    safety : Safety
        Kept by the instrument.
    source : str
        The text in the programme language, from which all this was compiled.
    hash : str
        SHA-256 of ``source``, hexadecimal.
    counter_electrode_potential : float
        V vs Li/Li+, by which potentials were converted to the terminals.
    """

    name: str
    parts: tuple[Step | Loop, ...]
    safety: Safety
    source: str
    hash: str
    counter_electrode_potential: float

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return every step once, in the order of reading."""
        return tuple(_steps(self.parts))


def _steps(parts: tuple[Step | Loop, ...]) -> Iterator[Step]:
    for part in parts:
        if isinstance(part, Loop):
            yield from _steps(part.parts)
        else:
            yield part


def begun(parts: Sequence[Step | Loop]) -> int:
    """Return how many steps parts begin, each pass of a loop counted."""
    return sum(part.passes * begun(part.parts) if isinstance(part, Loop) else 1 for part in parts)


def depth(parts: Sequence[Step | Loop]) -> int:
    """Return how many loops lie in each other at most."""
    return max((1 + depth(part.parts) for part in parts if isinstance(part, Loop)), default=0)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a programme stands.

    Parameters
    ----------
    passes : tuple of int
        Which pass of each loop around the step, from 1, the outermost first.
    step : int
        Number of the step; 0 before the first.
    cycle : int
        From 1.
    run : int
        Steps begun since the start, this one included: unlike the step's number it never comes again.
    elapsed : float
        s that the step has lasted.
    charge : float
        A h that passed in the step, charging positive.
    passed : float
        A h that passed since the programme began, charging positive: a limit of safety counts it.
    """

    passes: tuple[int, ...] = ()
    step: int = 0
    cycle: int = 1
    run: int = 0
    elapsed: float = 0.0
    charge: float = 0.0
    passed: float = 0.0

"""What a plan can wait for at a cell.

Each of these is itself alone, not equal to another of the same content: a plan that is interrupted and resumed asks for
the same object again, and goes on with the same wait.
"""

from dataclasses import dataclass
from enum import StrEnum


class CellEvent(StrEnum):
    """What happens to a cell under its programme."""

    STEP_ENDED = "the end of a step"
    CYCLE_BEGUN = "another cycle"
    HALF_CYCLE_BEGUN = "another half-cycle"
    SPECTRUM_MEASURED = "the end of an impedance spectrum"
    PROGRAMME_ENDED = "the end of the programme"


@dataclass(frozen=True, slots=True, eq=False)
class Crossing:
    """A reading of the cell reaches a value.

    Parameters
    ----------
    quantity : str
        As the main cell's are called in the table of quantities, also for another channel: ``voltage``, ``charge``.
    value : float
        In its unit.
    below : bool
        Met at the value and below it; else at the value and above it.
    """

    quantity: str
    value: float
    below: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """A charge passes, net, from the first sample on that comes after it was asked for.

    Parameters
    ----------
    increment : float
        A h, charging positive.
    """

    increment: float


@dataclass(frozen=True, slots=True, eq=False)
class StepBegun:
    """A step runs.

    Parameters
    ----------
    step : int or str
        Its number or its name; of several with one name, any.
    cycle : int or None
        In which cycle; None for any.
    """

    step: int | str
    cycle: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Next:
    """Something happens, after it was asked for.

    Parameters
    ----------
    event : CellEvent
        What.
    """

    event: CellEvent


Awaited = Crossing | Passed | StepBegun | Next
"""What a plan can wait for."""

DONE = "done"
"""Said of a measurement for which a step has waited."""

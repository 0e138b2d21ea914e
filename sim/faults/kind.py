"""One kind of fault: what it is called, how much of it there can be, how it begins and ends."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from operando.sim.faults.equipment import Equipment
from operando.sim.faults.refused import FaultRefused

End = Callable[[float], None]
"""Takes the time, s of the monotonic clock."""

Begin = Callable[[Equipment, float, float], End | None]
"""Takes the equipment, the amount and the time (s); returns how it ends, or None where it was over at once."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of a fault.

    Parameters
    ----------
    unit : str
        Of all of them.
    default, low, high : float
        Without a word about it; and what can be asked for.
    """

    unit: str
    default: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Kind:
    """A line of the table of faults.

    Parameters
    ----------
    target : str
        The instrument.
    name : str
        Of the kind.
    effect : str
        What it does, in a sentence.
    begin : callable
        Does it.
    amount : Amount or None
        None where there is no more or less of it.
    lasts : bool
        False for what happens in an instant.
    """

    target: str
    name: str
    effect: str
    begin: Begin
    amount: Amount | None = None
    lasts: bool = True

    def checked_value(self, value: float | None) -> float:
        """Return the amount to begin with.

        Raises
        ------
        FaultRefused
            It cannot be had in this amount.
        """
        if self.amount is None:
            if value is not None:
                raise FaultRefused(f"{self.target} {self.name}: takes no value; {value:g} was given")
            return 0.0
        if value is None:
            return self.amount.default
        if not self.amount.low <= value <= self.amount.high:
            limits = f"{self.amount.low:g} to {self.amount.high:g} {self.amount.unit}"
            raise FaultRefused(f"{self.target} {self.name}: {value:g} {self.amount.unit}; {limits} are possible")
        return value

    def checked_seconds(self, seconds: float | None) -> float:
        """Return how long it shall last, s; infinity until cleared.

        Raises
        ------
        FaultRefused
            It cannot last so long.
        """
        if seconds is None:
            return math.inf
        if not self.lasts:
            raise FaultRefused(f"{self.target} {self.name}: happens in an instant and lasts for no {seconds:g} s")
        if not 0.0 < seconds < math.inf:
            raise FaultRefused(f"{self.target} {self.name}: for {seconds:g} s; a positive number of seconds is wanted")
        return seconds

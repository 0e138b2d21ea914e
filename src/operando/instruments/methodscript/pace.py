"""How often a step looks at its cell."""

import math
from dataclasses import dataclass

from operando.instruments.methodscript.capabilities import SHORTEST_INTERVAL
from operando.vocabulary import Step, VoltageRamp

LOOK = 0.1
"""s between two looks at the limits, where samples are further apart; whole periods of mains of 50 and 60 Hz."""
ROUNDING = 1e-6
"""Of a quotient."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a step looks at the cell.

    Parameters
    ----------
    interval : float
        s between two looks.
    every : int
        Looks in a sample interval.
    looks : int
        Up to the end of the step.
    """

    interval: float
    every: int
    looks: int

    @property
    def time(self) -> float:
        """How long the measurement loop may last, s: past the last look, and not as far as another one."""
        return (self.looks + 0.4) * self.interval


def pace(step: Step) -> Pace:
    """Divide a step's time into equal looks, no further apart than the sample interval and than `LOOK`."""
    longest = max(step.longest, SHORTEST_INTERVAL)
    sample = min(max(step.sample_interval, SHORTEST_INTERVAL), longest)
    every = math.ceil(sample / LOOK - ROUNDING)
    looks = math.ceil(longest * every / sample - ROUNDING)
    return Pace(longest / looks, every, looks)


def ramp_pace(step: VoltageRamp, stair: float) -> Pace:
    """As `pace`, with a look for each stair of a ramp, which must not be lower than ``stair``, V."""
    finest = max(SHORTEST_INTERVAL, stair / step.rate)
    sample = max(step.sample_interval, finest)
    every = max(1, min(math.ceil(sample / LOOK - ROUNDING), math.floor(sample / finest + ROUNDING)))
    return Pace(sample / every, every, max(1, math.floor(step.longest * every / sample + ROUNDING)))

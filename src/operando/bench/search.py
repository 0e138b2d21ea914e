"""One search for gains, the same for everybody: downhill simplex on the logarithms, least rms of the true pressure."""

import math
from collections.abc import Callable, Sequence

import numpy as np
from scipy.optimize import minimize

from operando.bench.contenders import Contender
from operando.bench.loop import errors
from operando.bench.plant import Plant
from operando.bench.segments import Segment
from operando.bench.weather import drawn

WRONG = 1e6
"""kPa, for gains that end in no number."""


def best_gains(
    build: Callable[[Sequence[float]], Contender], starts: Sequence[Sequence[float]], segment: Segment, trials: int
) -> tuple[float, ...]:
    """Return the gains with the least error in a segment, on weather that no verdict uses.

    Parameters
    ----------
    build : callable
        Makes a contender from gains.
    starts : sequence
        Positive gains to begin from, each with as many trials.
    segment : Segment
        What is done.
    trials : int
        For each start.
    """
    weather = drawn(segment.swelling, TRAINING)

    def cost(logarithms: Sequence[float]) -> float:
        contender = build([math.exp(value) for value in logarithms])
        found = errors(contender, Plant(weather), segment.setpoint).rms
        return found if math.isfinite(found) else WRONG

    options = {"maxfev": trials, "xatol": 0.02, "fatol": 1e-3}
    tried = [minimize(cost, np.log(start), method="Nelder-Mead", options=options) for start in starts]
    return tuple(float(gain) for gain in np.exp(min(tried, key=lambda result: float(result.fun)).x))


TRAINING = 1000
"""Seed of the search."""

"""When a move counts as arrived: the readback within tolerance for the settle time."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settling:
    """How long the readback has been good, as far as that still counts.

    Parameters
    ----------
    inside : float
        s counted within tolerance, at most the settle time. Time outside counts backwards: one noisy sample does
        not start the wait anew, and a readback that is outside half of the time never settles.
    settled : bool
        The settle time is reached, and the readback is within tolerance now.
    """

    inside: float = 0.0
    settled: bool = False


def step(
    state: Settling,
    readback: float | None,
    setpoint: float,
    dt: float,
    *,
    tolerance: float,
    settle_time: float,
) -> Settling:
    """Judge one readback.

    Parameters
    ----------
    state : Settling
        Before.
    readback : float or None
        In the unit of the quantity; None where there is no good one, which counts as outside.
    setpoint : float
        Same unit.
    dt : float
        s since the last step.
    tolerance : float
        Same unit; half-width of the band.
    settle_time : float
        s.
    """
    within = readback is not None and math.isfinite(readback) and abs(readback - setpoint) <= tolerance
    if not within:
        return Settling(max(state.inside - dt, 0.0))
    inside = min(state.inside + dt, settle_time)
    return Settling(inside, inside >= settle_time)

"""How far the pressure that is read may be from the true one: standard uncertainty, after JCGM 100:2008 (GUM)."""

import math
from dataclasses import dataclass

BOUND = math.sqrt(3.0)
"""A bound divided by this is a standard uncertainty: anything within it is equally likely (GUM 4.3.7)."""


@dataclass(frozen=True, slots=True)
class LoadPath:
    """What is known of the way from the cell to the load cell.

    Parameters
    ----------
    area : float
        mm².
    area_uncertainty : float
        Relative, standard; twice that of the diameter.
    zero_per_kelvin : float
        N/K, bound: what the load cell's zero does with its temperature.
    zero_per_root_day : float
        N after one day, standard: a zero wanders like a random walk.
    friction : float
        N, bound: what guides and seals carry beside the load cell, with stick-slip and unknown sign.
    """

    area: float
    area_uncertainty: float
    zero_per_kelvin: float
    zero_per_root_day: float
    friction: float


def stack_pressure_uncertainty(path: LoadPath, pressure: float, warming: float, age: float) -> float:
    """Return the standard uncertainty of a stack pressure, MPa; the load cell's noise is not in it.

    Parameters
    ----------
    path : LoadPath
        From cell to load cell.
    pressure : float
        MPa, as read.
    warming : float
        K, since the tare.
    age : float
        s, since the tare.

    Examples
    --------
    An electrode of 10 mm known to 0.02 mm, at 85 MPa:

    >>> area_alone = LoadPath(78.54, 2 * 0.02 / 10, 0.0, 0.0, 0.0)
    >>> round(stack_pressure_uncertainty(area_alone, 85.0, 0.0, 0.0), 3)
    0.34
    """
    newton = math.hypot(
        path.zero_per_kelvin * warming / BOUND,
        path.zero_per_root_day * math.sqrt(max(age, 0.0) / 86_400.0),
        path.friction / BOUND,
    )
    return math.hypot(path.area_uncertainty * pressure, newton / path.area)

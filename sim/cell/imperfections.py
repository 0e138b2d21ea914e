"""What a regulator cannot see: the sources of a difference between a pressure that is read and one that is true."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Imperfections:
    """Of the load path and its sensor.

    Parameters
    ----------
    diameter : float
        mm; the true electrode deviates from the nominal by a draw within ± this. A punch of 10 mm wears by
        hundredths; 0.02 mm are 0.4 % of the area.
    friction : float
        N, at which the guide between load cell and cell breaks away.
    zero_per_kelvin : float
        N/K, of the load cell's own temperature: 0.02 % of 10 kN in 10 K, the class of good strain-gauge cells.
    zero_wander : float
        N rms, slow drift of the load cell's zero: 0.01 % of 10 kN.
    """

    diameter: float = 0.02
    friction: float = 30.0
    zero_per_kelvin: float = 0.2
    zero_wander: float = 1.0


PERFECT = Imperfections(diameter=0.0, friction=0.0, zero_per_kelvin=0.0, zero_wander=0.0)
"""A rig whose load cell tells the truth but for its noise."""

"""Positive electrodes: equilibrium potential and kinetics against the charge taken out."""

import math
from collections.abc import Callable
from dataclasses import dataclass


def nmc811(charge: float) -> float:
    """Equilibrium potential of LiNi0.8Mn0.1Co0.1O2 in V vs Li/Li+.

    A smooth curve that rises everywhere, through the steps of the operando voltage profiles in Märker et al.,
    Chem. Mater. 31 (2019) 2545: near 3.6 V when full of lithium, 4.26 V at 196 mA h/g.

    Parameters
    ----------
    charge : float
        mA h/g, taken out of the active material.
    """
    return (
        3.5
        + 0.12 * _first_lithium(charge, 6.0)
        + 0.0016 * charge
        + 0.20 * _rise(charge, 125.0, 20.0)
        + 0.36 * _rise(charge, 205.0, 16.0)
    )


def lco(charge: float) -> float:
    """Equilibrium potential of LiCoO2 in V vs Li/Li+.

    The plateau of the two hexagonal phases near 3.92 V, the slope behind it, the order of lithium and vacancies at
    half the lithium near 4.17 V (Reimers and Dahn, J. Electrochem. Soc. 139 (1992) 2091), 4.3 V near 157 mA h/g.

    Parameters
    ----------
    charge : float
        mA h/g, taken out of the active material.
    """
    return (
        3.45
        + 0.455 * _first_lithium(charge, 4.0)
        + 0.0003 * charge
        + 0.13 * _rise(charge, 104.0, 11.0)
        + 0.11 * _rise(charge, 140.0, 5.0)
        + 0.42 * _rise(charge, 175.0, 14.0)
    )


@dataclass(frozen=True, slots=True)
class Material:
    """A positive electrode.

    Parameters
    ----------
    name : str
        As ``[simulation] material`` says it.
    specific_capacity : float
        mA h/g; the nominal capacity divided by it is the active mass, where nobody says that.
    open_circuit_potential : callable
        V vs Li/Li+, of the charge in mA h/g.
    sluggish_below : float
        mA h/g; below this charge lithium goes back in ever more slowly, which is what ends a discharge above the
        composition that was charged from (for NMC811 Märker et al., Chem. Mater. 31 (2019) 2545).
    sluggish_width : float
        mA h/g over which the resistance to that grows by a factor e.
    """

    name: str
    specific_capacity: float
    open_circuit_potential: Callable[[float], float]
    sluggish_below: float
    sluggish_width: float

    def sluggishness(self, charge: float) -> float:
        """Return the factor by which diffusion is slower while lithium goes in."""
        return 1.0 + math.exp(min(8.0, (self.sluggish_below - charge) / self.sluggish_width))

    def slope(self, charge: float) -> float:
        """Return dE/dQ in V g/(mA h)."""
        reach = 0.01
        return (self.open_circuit_potential(charge + reach) - self.open_circuit_potential(charge - reach)) / (
            2.0 * reach
        )


NMC811 = Material("NMC811", 200.0, nmc811, sluggish_below=79.0, sluggish_width=6.0)
LCO = Material("LCO", 160.0, lco, sluggish_below=20.0, sluggish_width=2.0)

MATERIALS = {material.name: material for material in (NMC811, LCO)}
"""By name."""


def _first_lithium(charge: float, width: float) -> float:
    """Rise from 0 to 1 with the first lithium; falls steeply where more goes in than there was at assembly."""
    return -math.expm1(-max(charge / width, -2.2))


def _rise(charge: float, middle: float, width: float) -> float:
    return 1.0 / (1.0 + math.exp(min(700.0, -(charge - middle) / width)))  # e^710 is no number

"""What stands in the way of the current: electrolyte, contacts, charge transfer, diffusion; with pressure and heat.

Resistances in Ω cm² and capacities in F/cm² of geometric electrode area; they are those of a usual pressed sulfide
cell, for 85 MPa and 25 °C.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

PRESSURE, TEMPERATURE = 85.0, 25.0
"""MPa and °C, at which the numbers hold."""

ELECTROLYTE = 40.0
"""Ω cm²: 0.8 mm of Li6PS5Cl at 2 mS/cm."""

CONTACT = 15.0
"""Ω cm², of the interfaces: goes as one over the pressure, for the area truly touching is proportional to the load
(Greenwood and Williamson, Proc. R. Soc. A 295 (1966) 300)."""

ADHESION = 0.02
"""MPa, that hold a contact without load: no pressure is a resistance of tens of kΩ cm², not an infinite one."""

CHARGE_TRANSFER = 45.0
"""Ω cm²."""

DOUBLE_LAYER = 1e-5
"""F/cm²: with the charge transfer, a semicircle with its top at 350 Hz."""

DIFFUSION = 230.0
"""Ω cm², of a Warburg element of finite length at zero frequency."""

DIFFUSION_TIME = 1500.0
"""s, square of the length over the diffusion coefficient."""

BRANCHES = 11
"""Of the series that stands for the Warburg element: good from its end up to some 10 Hz."""

LEAKAGE = 8e7
"""Ω cm²: 0.8 mm of electrolyte, which conducts electrons with 1 nS/cm; a charged cell loses a per cent in nine days."""

PARTICLE_CONTACT = 3.0
"""MPa, over which particles of the electrode lose touch when the pressure goes."""

ELECTROLYTE_ENERGY, CHARGE_TRANSFER_ENERGY, DIFFUSION_ENERGY = 0.38, 0.5, 0.4
"""eV, of activation."""

BOLTZMANN = 8.617333262e-5
"""eV/K (CODATA 2018)."""

ZERO_CELSIUS = 273.15
"""K."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A resistance with a capacity across it.

    Parameters
    ----------
    resistance : float
        Ω cm².
    time_constant : float
        s.
    sluggish : bool
        Whether the resistance grows where lithium goes back in slowly.
    energy : float
        eV, of activation of both.
    """

    resistance: float
    time_constant: float
    sluggish: bool
    energy: float


def branches() -> tuple[Branch, ...]:
    """Return charge transfer and diffusion."""
    charge_transfer = Branch(CHARGE_TRANSFER, CHARGE_TRANSFER * DOUBLE_LAYER, False, CHARGE_TRANSFER_ENERGY)
    return (charge_transfer, *_warburg())


def _warburg() -> Iterator[Branch]:
    """Yield a Warburg element of finite length, R tanh(√(jωτ)) / √(jωτ).

    It is the sum over all odd n of R 8 / (n²π²) with the time constant 4τ / (n²π²). The first terms are branches of
    their own; then, as n doubles from branch to branch, the terms between are taken together with their mean time.
    """
    first = 1
    for number in range(BRANCHES):
        behind = first + 2 if number < 3 else 2 * first - 1
        odd = range(first, behind, 2)
        shares = [8.0 / (n * math.pi) ** 2 for n in odd]
        times = [4.0 * DIFFUSION_TIME / (n * math.pi) ** 2 for n in odd]
        mean = sum(share * time for share, time in zip(shares, times, strict=True)) / sum(shares)
        yield Branch(DIFFUSION * sum(shares), mean, True, DIFFUSION_ENERGY)
        first = odd[-1] + 2


def series(pressure: float, temperature: float) -> float:
    """Return the resistance (Ω cm²) that has no capacity: electrolyte and contacts.

    Parameters
    ----------
    pressure : float
        MPa, stack pressure.
    temperature : float
        °C.
    """
    return ELECTROLYTE * activation(ELECTROLYTE_ENERGY, temperature) + CONTACT * (PRESSURE + ADHESION) / (
        max(0.0, pressure) + ADHESION
    )


def touching(pressure: float) -> float:
    """Return the share of the electrode's particles that take part; nearly 1 above ten MPa."""
    return -math.expm1(-(max(0.0, pressure) + ADHESION) / PARTICLE_CONTACT)


def activation(energy: float, temperature: float) -> float:
    """Return the factor on a resistance at ``temperature`` (°C), after Arrhenius."""
    return math.exp(energy / BOLTZMANN * (1.0 / (temperature + ZERO_CELSIUS) - 1.0 / (TEMPERATURE + ZERO_CELSIUS)))

"""Voltage and charge of an NMC811 | solid electrolyte | Li-In cell."""

import math
from dataclasses import dataclass

SPECIFIC_CAPACITY = 200.0
"""mA h/g of active material; the nominal capacity divided by it is the active mass."""

OHMIC = 100.0
"""Ω cm², electrolyte and contacts of a pressed sulfide cell."""

SLUGGISH_BELOW = 79.5
"""mA h/g; below this charge lithium goes back in ever more slowly, which is what ends a discharge of NMC811 above
the composition it was charged from (Märker et al., Chem. Mater. 31 (2019) 2545)."""

SLUGGISH_WIDTH = 6.0
"""mA h/g over which that resistance grows by a factor e."""


@dataclass(slots=True)
class DiffusionBranch:
    """One first-order part of the diffusion overpotential.

    Parameters
    ----------
    resistance : float
        Ω cm².
    time_constant : float
        s.
    sluggish : bool
        Whether it grows where lithium goes back in slowly.
    """

    resistance: float
    time_constant: float
    sluggish: bool
    overpotential: float = 0.0
    """V, positive on charge."""


def open_circuit_potential(charge: float) -> float:
    """Equilibrium potential of NMC811 in V vs Li/Li+.

    A smooth curve that rises everywhere, through the steps of the operando voltage profiles in Märker et al.,
    Chem. Mater. 31 (2019) 2545: near 3.6 V when full of lithium, 4.26 V at 196 mA h/g.

    Parameters
    ----------
    charge : float
        mA h/g, taken out of the active material.
    """
    return (
        3.5
        + 0.12 * -math.expm1(-max(charge, -20.0) / 6.0)
        + 0.0016 * charge
        + 0.20 / (1.0 + math.exp(-(charge - 125.0) / 20.0))
        + 0.36 / (1.0 + math.exp(-(charge - 205.0) / 16.0))
    )


class Electrochemistry:
    """A cell under an imposed current.

    Parameters
    ----------
    electrode_diameter : float
        mm.
    nominal_capacity : float
        mA h.
    counter_electrode_potential : float
        V vs Li/Li+.
    speed : float
        Divides resistances and diffusion time constants. Charge is the integral of the true current over true seconds.
    """

    def __init__(
        self, electrode_diameter: float, nominal_capacity: float, counter_electrode_potential: float, speed: float = 1.0
    ) -> None:
        self.mass = nominal_capacity / SPECIFIC_CAPACITY
        """g of active material."""
        self.current = 0.0
        """A, imposed by the potentiostat; positive on charge, zero at open circuit."""
        self.extracted = 0.0
        """mA h, lithium taken out of the positive electrode."""
        self._counter = counter_electrode_potential
        self._area = math.pi * electrode_diameter**2 / 400.0
        self._speed = speed
        self._branches = (DiffusionBranch(115.0, 60.0, True), DiffusionBranch(115.0, 600.0, False))

    @property
    def charge(self) -> float:
        """Charge taken out of the active material, in mA h/g."""
        return self.extracted / self.mass

    @property
    def voltage(self) -> float:
        """Voltage between the terminals, in V."""
        overpotential = sum(branch.overpotential for branch in self._branches)
        return open_circuit_potential(self.charge) - self._counter + self._drop(OHMIC) + overpotential

    def step(self, dt: float) -> None:
        """Advance by ``dt`` (s) at the present current."""
        self.extracted += self.current * 1000.0 * dt / 3600.0
        for branch in self._branches:
            goal = self._drop(branch.resistance) * (self._sluggishness() if branch.sluggish else 1.0)
            reached = -math.expm1(-dt * self._speed / branch.time_constant)
            branch.overpotential += (goal - branch.overpotential) * reached

    def _drop(self, resistance: float) -> float:
        return self.current * resistance / self._area / self._speed

    def _sluggishness(self) -> float:
        if self.current >= 0.0:
            return 1.0
        return 1.0 + math.exp(min(20.0, (SLUGGISH_BELOW - self.charge) / SLUGGISH_WIDTH))

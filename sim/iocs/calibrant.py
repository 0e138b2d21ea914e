"""Calibrants that can stand in the simulated beam in place of the cell."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from operando.sim.iocs.crystal import Crystal, cubic

FURTHEST = 15
"""Largest Miller index of a line: d down to 0.3 Å."""

SCREENING = 0.15
"""1/Å, sin θ/λ at which an atom of one electron would scatter half; grows with the cube root of its electrons. A
screened Coulomb charge: strengths are right to a fifth or so, enough for rings to be seen; places are exact."""

WEAKEST = 0.2
"""% of the strongest line: weaker ones are left out."""

Atom = tuple[int, float, float, float]
"""Electrons, and place in the unit cell in units of its edge."""


@dataclass(frozen=True, slots=True)
class Calibrant:
    """A cubic powder with a certified edge of the unit cell.

    Parameters
    ----------
    edge : float
        Å, at 22.5 °C.
    atoms : tuple of Atom
        All of a unit cell.
    """

    edge: float
    atoms: tuple[Atom, ...]

    def powder(self) -> tuple[Crystal, NDArray[np.float64]]:
        """Return its lines, the strongest 100 and as high as 003 of NMC811, and their d spacings, Å."""
        found: dict[int, tuple[tuple[int, int, int], float]] = {}
        indices = range(FURTHEST + 1)
        for hkl in product(indices, indices, indices):
            square = sum(index * index for index in hkl)
            if not 0 < square <= FURTHEST**2:
                continue
            _, before = found.get(square, (hkl, 0.0))  # lines of equal length stand as one: 333 beside 511
            found[square] = hkl, before + self._strength(hkl)
        strongest = max(strength for _, strength in found.values())
        lines = tuple(
            (*hkl, 100.0 * strength / strongest)
            for hkl, strength in (found[square] for square in sorted(found))
            if strength > 0.01 * WEAKEST * strongest
        )
        crystal = Crystal(scale=1.0, lines=lines)
        return crystal, crystal.spacings(cubic(self.edge))

    def _strength(self, hkl: tuple[int, int, int]) -> float:
        """Return |F|² times the Lorentz factor of small angles, d², for all signs of one hkl."""
        square = sum(index * index for index in hkl)
        reach = np.sqrt(square) / (2.0 * self.edge)
        amplitude = sum(
            electrons
            / (1.0 + (reach / (SCREENING * electrons ** (1.0 / 3.0))) ** 2)
            * np.exp(2j * np.pi * np.dot(hkl, place))
            for electrons, *place in self.atoms
        )
        return float(2 ** np.count_nonzero(hkl) * abs(amplitude) ** 2 / square)


_FACES = ((0.0, 0.0, 0.0), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5), (0.5, 0.5, 0.0))


def _on_faces(electrons: int, *places: float) -> tuple[Atom, ...]:
    """Return an atom at (p, p, p) for each place p, and at the same distance from the middle of every face."""
    return tuple((electrons, x + p, y + p, z + p) for p in places for x, y, z in _FACES)


_BORON = 0.1993

CALIBRANTS = {
    "CeO2": Calibrant(5.411651, _on_faces(58, 0.0) + _on_faces(8, 0.25, 0.75)),
    "LaB6": Calibrant(
        4.156826,
        (
            (57, 0.0, 0.0, 0.0),
            *((5, s * _BORON, 0.5, 0.5) for s in (1, -1)),
            *((5, 0.5, s * _BORON, 0.5) for s in (1, -1)),
            *((5, 0.5, 0.5, s * _BORON) for s in (1, -1)),
        ),
    ),
    "Si": Calibrant(5.431179, _on_faces(14, 0.0, 0.25)),
}
"""By name; edges of the certificates of NIST SRM 674b, 660c and 640e."""

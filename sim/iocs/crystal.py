"""Crystals of the simulated electrode: which powder lines, where and how strong."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Line = tuple[int, int, int, float]
"""h, k, l and the relative intensity of the powder line."""


@dataclass(frozen=True, slots=True)
class Crystal:
    """A phase in the beam.

    Relative intensities are kinematic sums over all equivalent reflections with the Lorentz-polarisation factor of
    a powder ring at 60 keV, from form factors of the International Tables C (1992) and the cited structures;
    lines of equal length in any cell of the lattice stand as one.

    Parameters
    ----------
    scale : float
        Intensity of its strongest line, in that of 003 of NMC811.
    lines : tuple of Line
        Strongest scaled to 100.
    """

    scale: float
    lines: tuple[Line, ...]

    def spacings(self, cell: tuple[float, float, float, float, float, float]) -> NDArray[np.float64]:
        """Return the d spacing of every line, Å.

        Parameters
        ----------
        cell : tuple of float
            a, b, c in Å and alpha, beta, gamma in degrees.
        """
        hkl = np.array([line[:3] for line in self.lines], dtype=np.float64)
        reciprocal = np.linalg.inv(metric_tensor(cell))
        return np.asarray(1.0 / np.sqrt(np.einsum("ni,ij,nj->n", hkl, reciprocal, hkl)))

    def strengths(self) -> NDArray[np.float64]:
        """Return the intensity of every line, in that of 003 of NMC811."""
        return self.scale / 100.0 * np.array([line[3] for line in self.lines])


def metric_tensor(cell: tuple[float, float, float, float, float, float]) -> NDArray[np.float64]:
    """Return the scalar products of the basis vectors of any lattice, Å².

    Examples
    --------
    >>> np.round(metric_tensor((2.0, 3.0, 4.0, 90.0, 90.0, 90.0)).diagonal()).tolist()
    [4.0, 9.0, 16.0]
    """
    lengths = np.array(cell[:3])
    alpha, beta, gamma = np.cos(np.radians(cell[3:]))
    cosines = np.array([[1.0, gamma, beta], [gamma, 1.0, alpha], [beta, alpha, 1.0]])
    return np.asarray(np.outer(lengths, lengths) * cosines)


def hexagonal(a: float, c: float) -> tuple[float, float, float, float, float, float]:
    """Return the cell of a hexagonal lattice (Å, degrees)."""
    return a, a, c, 90.0, 90.0, 120.0


def cubic(a: float) -> tuple[float, float, float, float, float, float]:
    """Return the cell of a cubic lattice (Å, degrees)."""
    return a, a, a, 90.0, 90.0, 90.0


NMC811 = Crystal(
    scale=1.0,
    lines=(
        (0, 0, 3, 100.0), (1, 0, 1, 44.7), (0, 0, 6, 6.3), (0, 1, 2, 16.9), (1, 0, 4, 78.9), (0, 1, 5, 16.2),
        (0, 0, 9, 2.5), (1, 0, 7, 17.7), (0, 1, 8, 23.1), (1, 1, 0, 23.8), (1, 1, 3, 18.4), (0, 2, 1, 5.2),
        (1, 0, 10, 3.7), (1, 1, 6, 6.5), (2, 0, 2, 3.1), (0, 0, 12, 3.3), (0, 2, 4, 10.6), (0, 1, 11, 6.2),
        (2, 0, 5, 3.1), (1, 1, 9, 4.0), (0, 2, 7, 3.9), (2, 0, 8, 5.5), (1, 0, 13, 1.3), (0, 0, 15, 1.0),
        (0, 1, 14, 1.5), (2, 1, 1, 3.4), (0, 2, 10, 1.3), (1, 2, 2, 2.2), (1, 1, 12, 6.4), (2, 1, 4, 6.9),
        (2, 0, 11, 2.2), (1, 2, 5, 2.3),
    ),
)  # fmt: skip
"""LiNi0.8Mn0.1Co0.1O2, R-3m: Li 3a, metal 3b, O 6c with z = 0.2407 (Märker et al., Chem. Mater. 31 (2019) 2545)."""

LI6PS5CL = Crystal(
    scale=0.35,
    lines=(
        (1, 1, 1, 38.3), (2, 0, 0, 14.7), (2, 2, 0, 78.4), (3, 1, 1, 100.0), (2, 2, 2, 94.7), (3, 3, 1, 9.9),
        (4, 2, 2, 46.6), (5, 1, 1, 53.8), (4, 4, 0, 59.3), (5, 3, 1, 17.1), (6, 0, 0, 4.7), (6, 2, 0, 13.3),
        (5, 3, 3, 10.3), (6, 2, 2, 17.8), (7, 1, 1, 4.9), (6, 4, 0, 4.1), (6, 4, 2, 14.1), (7, 3, 1, 18.2),
        (8, 0, 0, 6.0), (8, 2, 2, 11.2), (7, 5, 1, 8.1), (6, 6, 2, 8.8), (9, 1, 1, 3.9), (6, 6, 4, 2.9),
        (9, 3, 1, 4.6), (8, 4, 4, 12.4), (9, 3, 3, 1.1), (10, 2, 0, 5.6), (9, 5, 1, 4.1),
    ),
)  # fmt: skip
"""Argyrodite, F-43m (Kraft et al., J. Am. Chem. Soc. 139 (2017) 10909)."""

LI6PS5CL_CELL = cubic(9.85)

LIIN = Crystal(
    scale=0.03,
    lines=(
        (1, 1, 1, 100.0), (2, 2, 0, 99.9), (3, 1, 1, 52.7), (4, 0, 0, 17.3), (3, 3, 1, 21.7), (4, 2, 2, 33.7),
        (5, 1, 1, 15.2), (4, 4, 0, 9.6), (5, 3, 1, 13.5), (6, 2, 0, 11.9), (5, 3, 3, 4.4),
    ),
)  # fmt: skip
"""NaTl type, Fd-3m: what of the counter electrode the beam grazes."""

LIIN_CELL = cubic(6.786)

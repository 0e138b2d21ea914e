"""Lattice parameters of the active material against charge."""

from collections.abc import Sequence

import numpy as np


class Lattice:
    """Straight lines between the measured points; constant beyond them.

    Parameters
    ----------
    charge : sequence of float
        mA h/g, rising.
    a, c : sequence of float
        Å.
    """

    def __init__(self, charge: Sequence[float], a: Sequence[float], c: Sequence[float]) -> None:
        self._charge = np.asarray(charge, dtype=np.float64)
        self._a = np.asarray(a, dtype=np.float64)
        self._c = np.asarray(c, dtype=np.float64)

    def at(self, charge: float) -> tuple[float, float]:
        """Return a and c (Å) at ``charge`` (mA h/g)."""
        return float(np.interp(charge, self._charge, self._a)), float(np.interp(charge, self._charge, self._c))

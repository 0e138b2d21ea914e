"""Where the lines of a crystal stand.

Plane spacings (B. E. Warren, *X-Ray Diffraction*, Dover 1990, chapter 2):
hexagonal 1/d² = 4/3·(h² + hk + k²)/a² + l²/c², cubic 1/d² = (h² + k² + l²)/a².
Scattering vector: q = 2π/d = 4π·sin θ/λ.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from operando.errors import AnalysisError

PER_ANGSTROM = 10.0  # nm⁻¹
Q_TIMES_D = 20 * np.pi
"""Scattering vector in nm⁻¹ times lattice spacing in Å."""


def d_spacing(system: str, reflections: ArrayLike, a: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Return the plane spacings.

    Parameters
    ----------
    system : str
        ``hexagonal`` or ``cubic`` (then ``c`` is not used).
    reflections : array of (h, k, l)
        Miller indices.
    a, c : float or array
        Å, lattice parameters; arrays are taken together as numpy broadcasts them.

    Returns
    -------
    ndarray
        Å; the first axis is that of the reflections, those of ``a`` and ``c`` follow.
    """
    a_squared, c_squared = np.square(np.asarray(a, np.float64)), np.square(np.asarray(c, np.float64))
    indices = np.asarray(reflections, np.float64).reshape(-1, 3).T
    h, k, along_c = (index.reshape(-1, *[1] * np.broadcast(a_squared, c_squared).ndim) for index in indices)
    if system == "hexagonal":
        inverse_square = 4 / 3 * (h**2 + h * k + k**2) / a_squared + along_c**2 / c_squared
    elif system == "cubic":
        inverse_square = (h**2 + k**2 + along_c**2) / a_squared + 0 * c_squared
    else:
        raise AnalysisError(f"crystal system {system!r}; hexagonal and cubic are known; nothing is fitted")
    return np.asarray(1 / np.sqrt(inverse_square))


def scattering_vector(system: str, reflections: ArrayLike, a: ArrayLike, c: ArrayLike) -> NDArray[np.float64]:
    """Return q in nm⁻¹ for each reflection; everything else as in `d_spacing`."""
    return 2 * np.pi * PER_ANGSTROM / d_spacing(system, reflections, a, c)


def q_from_two_theta(two_theta: ArrayLike, wavelength: float) -> NDArray[np.float64]:
    """Return q in nm⁻¹ for 2θ in degrees and a wavelength in Å."""
    theta = np.radians(np.asarray(two_theta, np.float64)) / 2
    return np.asarray(4 * np.pi * PER_ANGSTROM * np.sin(theta) / wavelength)

"""The shape of a line: pseudo-Voigt, as near to a true Voigt profile as makes no difference here.

P. Thompson, D. E. Cox and J. B. Hastings, J. Appl. Cryst. 20 (1987) 79, doi:10.1107/S0021889887087090: a Gaussian from
beam and pixel and a Lorentzian from grains and strain, folded.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def voigt_width(gaussian: ArrayLike, lorentzian: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fold two widths.

    Parameters
    ----------
    gaussian, lorentzian : float or array
        Full widths at half maximum, in one unit, not both 0.

    Returns
    -------
    width, mixing : ndarray
        Full width at half maximum of the folded profile, and the Lorentzian's share in its pseudo-Voigt.
    """
    g, w = np.asarray(gaussian, np.float64), np.asarray(lorentzian, np.float64)
    terms = g**5 + 2.69269 * g**4 * w + 2.42843 * g**3 * w**2 + 4.47163 * g**2 * w**3 + 0.07842 * g * w**4 + w**5
    width = terms**0.2
    share = w / width
    return np.asarray(width), np.asarray(share * (1.36603 + share * (-0.47719 + share * 0.11116)))


def pseudo_voigt(distance: ArrayLike, width: ArrayLike, mixing: ArrayLike) -> NDArray[np.float64]:
    """Return the profile of unit area.

    Parameters
    ----------
    distance : array
        From the line's centre, in the unit of ``width``.
    width : array
        Full width at half maximum.
    mixing : array
        Share of the Lorentzian, 0 to 1.
    """
    share = np.asarray(mixing, np.float64)
    square = (2 * np.asarray(distance) / width) ** 2
    gaussian = np.sqrt(np.log(2) / np.pi) * np.exp(-np.log(2) * square)
    lorentzian = 1 / (np.pi * (1 + square))
    return np.asarray(2 / np.asarray(width) * (share * lorentzian + (1 - share) * gaussian))

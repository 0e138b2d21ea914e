"""Cakes: intensity by sector of the azimuth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.matrix import Matrix, ordered, take_engine
from operando.vocabulary import Recipe

Array = NDArray[np.float64]

SEAM = 180.0
"""°, where pyFAI's azimuth begins anew."""


@dataclass(frozen=True, slots=True)
class Cake:
    """Intensity against azimuth and scattering vector or angle, free of NaN.

    Parameters
    ----------
    azimuth, radial : ndarray
        Centres of the sectors in °, and of the bins in the recipe's unit.
    intensity, sigma : ndarray
        As in `Pattern`, one row a sector.
    """

    azimuth: Array
    radial: Array
    intensity: Array
    sigma: Array | None


def cake_matrix(
    geometry: AzimuthalIntegrator,
    recipe: Recipe,
    unit: str,
    bounds: tuple[float, float] | None,
    azimuth: tuple[float, float] | None,
) -> Matrix:
    """Ask pyFAI for the matrix of cakes, as `pattern_matrix` for patterns; by itself a cake is a whole turn."""
    result = geometry.integrate2d(
        np.zeros(geometry.detector.shape, np.float32),
        recipe.npt,
        recipe.sectors,
        method=(recipe.split, "csc", "cython"),
        unit=unit,
        radial_range=bounds,
        azimuth_range=azimuth or (-SEAM, SEAM),
        correctSolidAngle=False,
    )
    engine = take_engine(geometry)
    radial, sector = np.divmod(np.asarray(engine.indices, np.int64), recipe.sectors)
    return ordered(result.radial, result.azimuthal, engine.data, sector * recipe.npt + radial, engine.indptr, geometry)

"""Means over parts of the detector: one number a frame for each region that a recipe names."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.compiled import compiled
from operando.analysis.corrections import Corrections
from operando.analysis.crystal import Q_TIMES_D
from operando.analysis.pixels import Pixels
from operando.errors import AnalysisError
from operando.vocabulary import Recipe, Region


class Regions:
    """The regions of a recipe on one detector; a pixel belongs to a region if its centre does.

    Parameters
    ----------
    geometry : AzimuthalIntegrator
        Where the pixels are.
    recipe : Recipe
        Names the regions.
    tables : Corrections
        Valid pixels, gain and dark.
    dark : ndarray
        In one row.

    Raises
    ------
    AnalysisError
        For a region without a valid pixel.
    """

    def __init__(
        self, geometry: AzimuthalIntegrator, recipe: Recipe, tables: Corrections, dark: NDArray[np.float32]
    ) -> None:
        self._gain, self._dark = tables.gain.reshape(-1), dark
        inside = [np.flatnonzero(tables.valid & _inside(geometry, recipe.unit, each)) for each in recipe.regions]
        for region, found in zip(recipe.regions, inside, strict=True):
            if not found.size:
                raise AnalysisError(f"recipe: region {region.name} holds no valid pixel; nothing is integrated")
        self._pixels = np.concatenate(inside).astype(np.uint32)
        self._ends = np.cumsum([len(each) for each in inside])

    def means(self, frame: Pixels, scale: float) -> NDArray[np.float64]:
        """Return Σ(x − d) / Σω of each region; NaN for one without a valid pixel in this frame."""
        found = np.zeros(len(self._ends))
        average(frame.values, self._pixels, self._ends, frame.low, frame.high, self._gain, self._dark, found)
        return found * scale


def _inside(geometry: AzimuthalIntegrator, unit: str, region: Region) -> NDArray[np.bool_]:
    shape = geometry.detector.shape
    inside = np.ones(shape, bool)
    if region.radial_range is not None:
        if unit == "d_A":
            radial = Q_TIMES_D / np.maximum(geometry.array_from_unit(shape, "center", "q_nm^-1"), 1e-12)
        else:
            radial = geometry.array_from_unit(shape, "center", unit)
        inside &= (radial >= region.radial_range[0]) & (radial < region.radial_range[1])
    if region.azimuth_range is not None:
        low, high = region.azimuth_range
        azimuth = np.degrees(geometry.chiArray(shape))
        inside &= (azimuth - low) % 360 < high - low
    return inside


def _average(values: Any, pixels: Any, ends: Any, low: Any, high: Any, gain: Any, dark: Any, found: Any) -> None:
    start = 0
    for region in range(ends.size):
        signal, divisor = 0.0, 0.0
        for entry in range(start, ends[region]):
            pixel = pixels[entry]
            value = values[pixel]
            if low is None:
                valid = value < high
            else:
                valid = low <= value < high
            if valid:
                signal += np.float64(value) - dark[pixel]
                divisor += gain[pixel]
        found[region] = signal / divisor if divisor > 0 else np.nan
        start = ends[region]


average = compiled(_average)

"""Azimuthal integration: frames become patterns, by pyFAI's sums.

With the signal x of a pixel, its solid-angle and polarisation correction ω, and the share c of it that falls into a
bin, the bin is I = Σc·x / Σc·ω and, for photon counts, σ = √(Σc²·x) / Σc·ω
(G. Ashiotis et al., J. Appl. Cryst. 48 (2015) 510, doi:10.1107/S1600576715004306; pyFAI's page on the weighted mean).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabio
import numpy as np
from numpy.typing import NDArray

from operando.analysis.geometry import ANGSTROM, pixels, read_geometry
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

_SPLITS = ("no", "bbox", "full")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Intensity against scattering vector or angle, free of NaN.

    Parameters
    ----------
    radial : ndarray
        Bin centres in the recipe's unit.
    intensity : ndarray
        Counts per pixel, corrected for solid angle and polarisation; 0 in a bin without a valid pixel.
    sigma : ndarray or None
        Standard deviation of ``intensity``: Poisson's, that of a single count in a bin without counts,
        and 0 in a bin without a valid pixel (and only there). None without an error model.
    """

    radial: NDArray[np.float64]
    intensity: NDArray[np.float64]
    sigma: NDArray[np.float64] | None


class Integrator:
    """Integrates frames of one shape with one geometry and one recipe.

    The sparse matrix is built here, once; a frame then costs one conversion to float32 and one product.
    The product is pyFAI's column-wise engine, one thread in the order of the pixels: the same frame, the same bits.

    Parameters
    ----------
    poni : str
        Text of a PONI file.
    recipe : Recipe
        What to do with the frames.
    shape : (int, int)
        Rows and columns of the frames.

    Raises
    ------
    AnalysisError
        For a geometry, recipe, mask and shape that do not fit together.
    """

    def __init__(self, poni: str, recipe: Recipe, shape: tuple[int, int]) -> None:
        if recipe.split not in _SPLITS:
            raise AnalysisError(
                f"recipe: split = {recipe.split!r}; allowed: {', '.join(_SPLITS)}; nothing is integrated"
            )
        later = ("azimuth_range", "sectors", "regions", "dark", "flat", "saturation", "monitor_reference", "parasitic")
        asked = [name for name in later if getattr(recipe, name)]
        if asked or recipe.unit == "d_A" or recipe.error_model == "pyfai_poisson":
            raise AnalysisError(
                f"recipe: {', '.join(asked) or 'unit or error_model'}: not there yet; nothing is integrated"
            )
        self.recipe = recipe
        self.shape = (int(shape[0]), int(shape[1]))
        self._geometry = read_geometry(poni, recipe.orientation, self.shape)
        if recipe.mask is not None:
            self._geometry.mask = _read_mask(recipe.mask, self.shape) | self._detector_mask()
        self.wavelength: float = float(self._geometry.wavelength) / ANGSTROM
        self.radial: NDArray[np.float64] = self.integrate(np.zeros(self.shape, np.int32)).radial

    def integrate(self, frame: NDArray[Any]) -> Pattern:
        """Integrate one frame.

        Parameters
        ----------
        frame : ndarray
            Counts per pixel. With ``mask_negative``, pixels below zero are left out of this frame; in unsigned frames
            the same marks −1 and −2 are the two highest values of the type. NaN is never data.

        Raises
        ------
        AnalysisError
            For a frame of another shape.
        """
        if frame.shape != self.shape:
            raise AnalysisError(
                f"frame of {pixels(frame.shape)}, geometry and recipe for {pixels(self.shape)}; it is not integrated"
            )
        signal = frame.astype(np.float32)
        if self.recipe.mask_negative:
            signal[_marked(frame)] = np.nan
        counting = self.recipe.error_model == "poisson"
        result = self._geometry.integrate1d(
            signal,
            self.recipe.npt,
            method=(self.recipe.split, "csc", "cython"),
            unit=self.recipe.unit,
            radial_range=self.recipe.radial_range,
            polarization_factor=self.recipe.polarization_factor,
            correctSolidAngle=self.recipe.solid_angle,
            # The counts are the variance; pyFAI's own Poisson model takes max(x, 1), too much for mostly empty frames.
            variance=np.maximum(signal, 0) if counting else None,
            safe=False,
        )
        return _pattern(result, counting)

    def _detector_mask(self) -> NDArray[np.bool_]:
        """Return the gaps of a detector that pyFAI knows by name (True is not valid)."""
        known = self._geometry.detector.mask
        return np.zeros(self.shape, bool) if known is None else np.asarray(known, bool)


def _marked(frame: NDArray[Any]) -> NDArray[np.bool_]:
    """Return the pixels that a hybrid detector marks as gap (−1) or dead (−2)."""
    if np.issubdtype(frame.dtype, np.unsignedinteger):
        return np.asarray(frame >= np.iinfo(frame.dtype).max - 1)
    return np.asarray(frame < 0)


def _pattern(result: Any, counting: bool) -> Pattern:
    """Divide pyFAI's sums in double precision."""
    norm = np.asarray(result.sum_normalization, np.float64)
    filled = norm > 0
    divisor = np.where(filled, norm, 1.0)
    intensity = np.where(filled, result.sum_signal / divisor, 0.0)
    sigma = None
    if counting:
        variance = np.asarray(result.sum_variance, np.float64)
        sigma = np.where(filled, np.sqrt(np.where(variance > 0, variance, 1.0)) / divisor, 0.0)
    return Pattern(np.array(result.radial, np.float64), intensity, sigma)


def _read_mask(path: Path, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Read a mask file (0 is valid); True is not valid."""
    try:
        with fabio.open(path) as image:
            mask: NDArray[np.bool_] = np.asarray(image.data) != 0
    except (OSError, ValueError) as error:
        raise AnalysisError(f"mask {path}: {error}; nothing is integrated") from error
    if mask.shape != shape:
        raise AnalysisError(f"mask {path}: {pixels(mask.shape)}, frames of {pixels(shape)}; nothing is integrated")
    return mask

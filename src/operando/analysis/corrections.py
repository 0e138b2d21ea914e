"""What is known of each pixel before a frame comes: is it valid, its gain and its dark counts; and what a recipe is.

Masks, darks and flats are images that fabio reads, or the datasets ``/entry/data/mask``, ``dark``, ``flat`` of HDF5.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fabio
import h5py
import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.geometry import pixels
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

Mask = NDArray[np.bool_]
Table = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Corrections:
    """Tables of the pixels.

    Parameters
    ----------
    masked : ndarray
        By the detector's gaps and the recipe's mask.
    valid : ndarray
        Not masked, and with a gain above 0 and known dark counts.
    gain : ndarray
        Solid angle × polarisation × flat, what a count is divided by; 1 where a correction is not asked for.
    dark : ndarray or None
        Counts to subtract.
    """

    masked: Mask
    valid: Mask
    gain: Table
    dark: Table | None


def corrections(geometry: AzimuthalIntegrator, recipe: Recipe, shape: tuple[int, int]) -> Corrections:
    """Read and compute the tables.

    Raises
    ------
    AnalysisError
        For a file that cannot be read or is of another shape.
    """
    masked = np.zeros(shape, bool) if geometry.detector.mask is None else np.array(geometry.detector.mask, bool)
    if recipe.mask is not None:
        masked |= _image(recipe.mask, "mask", shape) != 0
    dark = None if recipe.dark is None else _image(recipe.dark, "dark", shape).astype(np.float32)
    gain = np.ones(shape, np.float64)
    if recipe.flat is not None:
        gain *= _image(recipe.flat, "flat", shape)
    if recipe.solid_angle:
        gain *= geometry.solidAngleArray(shape, True)
    if recipe.polarization_factor is not None:
        gain *= geometry.polarization(shape, recipe.polarization_factor)
    valid = ~masked & np.isfinite(gain) & (gain > 0)
    if dark is not None:
        valid &= np.isfinite(dark)
        dark = np.where(valid, dark, np.float32(0))
    return Corrections(masked, valid, np.where(valid, gain, 1.0).astype(np.float32), dark)


def recipe_digest(recipe: Recipe) -> str:
    """Return the SHA-256 of what a recipe says and of what its files hold, wherever they lie.

    Raises
    ------
    AnalysisError
        For a file that cannot be read.
    """
    return recipe.digest(_bytes)


def _bytes(path: Path, kind: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AnalysisError(f"{kind} {path}: {error}; nothing is integrated") from error


def _image(path: Path, kind: str, shape: tuple[int, int]) -> NDArray[Any]:
    try:
        found = _read(path, kind)
    except (OSError, KeyError, ValueError) as error:
        raise AnalysisError(f"{kind} {path}: {error}; nothing is integrated") from error
    if found.shape != shape:
        raise AnalysisError(f"{kind} {path}: {pixels(found.shape)}, frames of {pixels(shape)}; nothing is integrated")
    return found


def _read(path: Path, kind: str) -> NDArray[Any]:
    if path.is_file() and h5py.is_hdf5(path):
        with h5py.File(path, "r") as file:
            return np.asarray(file[f"/entry/data/{kind}"])
    with fabio.open(path) as image:
        return np.asarray(image.data)

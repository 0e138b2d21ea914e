"""Which pixels of a frame are data, and the form in which kernels read them."""

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.vocabulary import Recipe

FINITE = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Pixels:
    """The values of a frame in one row, and the bounds between which they are data.

    Parameters
    ----------
    values : ndarray
        Unsigned integers, or floats.
    low : float or None
        Least value that counts, inclusive; None for unsigned integers, where marks are above ``high``.
    high : number
        From here on a value is a mark, saturated or not finite.
    """

    values: NDArray[Any]
    low: float | None
    high: Any


def read_pixels(frame: NDArray[Any], recipe: Recipe) -> Pixels:
    """Return the pixels of a frame; without a copy where the frame lies in one piece and negative values are marks.

    A signed integer read as an unsigned one is above half the range where it is negative: one comparison finds gaps,
    dead and saturated pixels.
    """
    values = np.ascontiguousarray(frame).reshape(-1)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    if not values.dtype.isnative:
        values = values.astype(values.dtype.newbyteorder("="))
    saturation = recipe.saturation
    if values.dtype.kind in "iu" and recipe.mask_negative:
        unsigned = np.dtype(f"u{values.dtype.itemsize}").type
        bound = np.iinfo(values.dtype).max + 1 if values.dtype.kind == "i" else np.iinfo(values.dtype).max - 1
        limit = bound if saturation is None else min(bound, ceil(saturation))
        return Pixels(values.view(unsigned), None, unsigned(limit))
    if values.dtype not in (np.float32, np.float64):
        values = values.astype(np.float64)
    return Pixels(values, 0.0 if recipe.mask_negative else -FINITE, FINITE if saturation is None else float(saturation))


def count_saturated(frame: NDArray[Any], recipe: Recipe, left_out: NDArray[np.uint32]) -> int:
    """Return how many of the pixels that were left out are saturated, and no marks."""
    if recipe.saturation is None or not left_out.size:
        return 0
    values = frame.reshape(-1)[left_out]
    saturated = values >= recipe.saturation
    if recipe.mask_negative and values.dtype.kind == "u":
        saturated &= values < np.iinfo(values.dtype).max - 1
    return int(np.count_nonzero(saturated))

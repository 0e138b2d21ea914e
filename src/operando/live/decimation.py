"""Fewer numbers for a screen than a detector gives."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def decimated(values: NDArray[Any], most: int, axis: int = -1) -> NDArray[np.float64]:
    """Return means of as many neighbours along an axis as leave at most a number of values.

    Parameters
    ----------
    values : ndarray
        Intensities, or the axis they stand on: both must be treated alike.
    most : int
        Along ``axis``, afterwards. Each value is the mean of equally many; the last one may be of fewer.

    Examples
    --------
    >>> decimated(np.array([1.0, 3.0, 5.0, 7.0, 9.0]), 3)
    array([2., 6., 9.])
    """
    length = values.shape[axis]
    together = max(1, -(-length // most))
    if together == 1:
        return np.asarray(values, np.float64)
    starts = np.arange(0, length, together)
    counts = np.diff(np.append(starts, length))
    shape = [1] * values.ndim
    shape[axis] = len(counts)
    sums = np.add.reduceat(np.asarray(values, np.float64), starts, axis=axis)
    means: NDArray[np.float64] = sums / counts.reshape(shape)
    return means

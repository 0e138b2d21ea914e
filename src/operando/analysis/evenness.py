"""The pass over a frame that looks for grains, compiled, without the GIL, in the order of the pixels."""

from typing import Any

import numpy as np

from operando.analysis.compiled import compiled

UNUSED = np.uint16(65535)
"""Patch of a pixel that is part of no pattern."""


def _gather(
    values: Any,
    low: Any,
    high: Any,
    stride: int,
    level: Any,
    patch: Any,
    gain: Any,
    dark: Any,
    expected: Any,
    sums: Any,
    moments: Any,
) -> None:
    """Add up counts x and expectations E of the pixels in every ``stride``-th row.

    Parameters
    ----------
    values : ndarray, shape (rows * columns,)
        Counts, and marks among them.
    low, high : number
        Of `operando.analysis.pixels.Pixels`: what is data; ``low`` may be None.
    stride : int
        Every so many rows one is looked at; all tables have a row for each of those.
    level, patch : ndarray of uint16
        Place of each pixel in ``expected``; number of its patch.
    gain : ndarray of float32
        Solid angle times polarisation and flat.
    dark : ndarray of float32
        Counts without beam.
    expected : ndarray of float32
        Intensity against level.
    sums : ndarray, shape (2, patches)
        Gains Σx and ΣE of each patch.
    moments : ndarray, shape (4,)
        Gains Σx², ΣxE, ΣE², and the sum of all counts with those of the dark.
    """
    square, mixed, power, raw = 0.0, 0.0, 0.0, 0.0
    for row in range(patch.shape[0]):
        first = row * stride * patch.shape[1]
        last = UNUSED
        x_sum, e_sum = 0.0, 0.0
        for column in range(patch.shape[1]):
            where = patch[row, column]
            if where != last:  # neighbours share a patch: what they add up to stays in registers
                if last != UNUSED:
                    sums[0, last] += x_sum
                    sums[1, last] += e_sum
                x_sum, e_sum = 0.0, 0.0
                last = where
            if where == UNUSED:
                continue
            value = values[first + column]
            if low is None:
                valid = value < high
            else:
                valid = low <= value < high
            if not valid:
                continue
            x = np.float64(value)
            raw += x
            x -= np.float64(dark[row, column])
            e = np.float64(gain[row, column]) * np.float64(expected[level[row, column]])
            x_sum += x
            e_sum += e
            square += x * x
            mixed += x * e
            power += e * e
        if last != UNUSED:
            sums[0, last] += x_sum
            sums[1, last] += e_sum
    moments[0] += square
    moments[1] += mixed
    moments[2] += power
    moments[3] += raw


gather = compiled(_gather)

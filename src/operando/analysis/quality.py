"""What a frame is worth: how even its rings are, and how far its pattern moved.

A powder ring is the same all around but for counting noise. With x the counts of a pixel and E what the pattern expects
there (its intensity at the pixel's angle, times solid angle, polarisation and flat), the variance beyond counting,
Σ((x − aE)² − aE) / Σ(aE)², is 0 for a perfect powder and 1/N for N equal grains in the reach of one pixel: rings of
grains are spotty. What neighbouring sectors have in common is no grain but texture, or a beam centre that is off.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.analysis.evenness import gather
from operando.analysis.integration import Pattern
from operando.analysis.pixels import read_pixels
from operando.analysis.rings import SECTORS, RingTables

UNCERTAIN = 0.04
"""Standard deviation of the variance beyond counting above which nothing is said of it: a spottiness of 0.2 would be
one of 0."""


@dataclass(frozen=True, slots=True)
class Evenness:
    """How even the rings of a frame are; not a number where the counts are too few to tell.

    Parameters
    ----------
    spottiness : float
        Relative standard deviation along the rings, beyond counting noise and texture.
    texture : float
        Relative standard deviation along the rings that neighbouring sectors of 10° share.
    """

    spottiness: float = math.nan
    texture: float = math.nan


@dataclass(frozen=True, slots=True)
class Quality:
    """What one frame says about itself; everything about the pixels that make its pattern.

    Parameters
    ----------
    counts_total : float
        Counts.
    saturated_pixels : int
        Pixels at or above the recipe's saturation; 0 where it names none.
    evenness : Evenness
        How even its rings are.
    """

    counts_total: float
    saturated_pixels: int
    evenness: Evenness


def frame_quality(frame: NDArray[Any], pattern: Pattern, tables: RingTables) -> Quality:
    """Return what a frame says about itself.

    Parameters
    ----------
    frame : ndarray
        Counts per pixel.
    pattern : Pattern
        What became of it.
    tables : RingTables
        Of its geometry and recipe.
    """
    return Quality(pattern.counts, pattern.saturated, evenness(frame, pattern.intensity, tables))


def evenness(frame: NDArray[Any], intensity: NDArray[np.floating], tables: RingTables) -> Evenness:
    """Say how even the rings of a frame are.

    Safe in several threads at once, and without the GIL. Without an error model nothing is said: the noise of a
    detector that does not count photons is not known.

    Parameters
    ----------
    frame : ndarray
        Counts per pixel.
    intensity : ndarray
        Its pattern, on whatever scale.
    tables : RingTables
        Of its geometry and recipe.
    """
    if tables.recipe.error_model is None:
        return Evenness()
    sums = np.zeros((2, tables.rings * SECTORS), np.float64)
    moments = np.zeros(4, np.float64)
    pixels, expected = read_pixels(frame, tables.recipe), tables.looked_up(intensity)
    looked_at = tables.stride, tables.level, tables.patch, tables.gain, tables.dark
    gather(pixels.values, pixels.low, pixels.high, *looked_at, expected, sums, moments)
    return _evenness(sums, moments)


def change(pattern: NDArray[np.floating], other: NDArray[np.floating], used: NDArray[np.bool_]) -> float:
    """Return how far two patterns differ: 1 − r, with Pearson's r over the bins that are used.

    0 is the same shape, whatever the scale. Not a number where one of them is flat.
    """
    one, two = (np.asarray(each, np.float64)[used] for each in (pattern, other))
    if not one.size:
        return math.nan
    one, two = one - one.mean(), two - two.mean()
    power = float(one @ one) * float(two @ two)
    return 1.0 - float(one @ two) / math.sqrt(power) if power > 0 else math.nan


def _evenness(sums: NDArray[np.float64], moments: NDArray[np.float64]) -> Evenness:
    """Return spottiness and texture from the sums over patches and over all pixels."""
    counts, expected = float(sums[0].sum()), float(sums[1].sum())
    if not (counts > 0 and expected > 0):
        return Evenness()
    scale = counts / expected
    square, mixed, power, variance = (float(each) for each in moments * (1.0, scale, scale**2, 1.0))
    # Each pixel's (x − m)² − m has the variance 2m² + m.
    if math.sqrt(2 * power + variance) > UNCERTAIN * power:
        return Evenness()
    beyond = (square - 2 * mixed + power - variance) / power
    shared = max(0.0, _shared(sums[0] - scale * sums[1], scale * sums[1]))
    return Evenness(math.sqrt(max(0.0, beyond - shared)), math.sqrt(shared))


def _shared(residual: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Return the relative covariance of neighbouring sectors: neither their noise nor their grains are shared."""
    residual, expected = residual.reshape(-1, SECTORS), expected.reshape(-1, SECTORS)
    power = float(np.sum(expected * np.roll(expected, 1, axis=1)))
    return float(np.sum(residual * np.roll(residual, 1, axis=1))) / power if power > 0 else 0.0

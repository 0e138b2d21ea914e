"""Which pixel is on which ring: tables for one geometry, recipe and frame shape, built once."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.evenness import UNUSED
from operando.vocabulary import Recipe

LEVELS = 1 << 14
"""Steps of the axis on which a pattern is looked up: a tenth of a bin where there are 1500 of them."""
SECTORS = 36
"""Of 10° each."""
RING_BINS = 8
"""Bins in a ring of patches; some four pixels."""
MOST_RINGS = 1800
"""So that patches can be counted in 16 bits."""
ENOUGH = 700_000
"""Pixels looked at, at most: of larger frames every second, third, fourth row, for spots reach over several."""


@dataclass(frozen=True, slots=True)
class RingTables:
    """What is known of each pixel in every ``stride``-th row.

    Parameters
    ----------
    stride : int
        Rows from one that is looked at to the next.
    level : ndarray of uint16
        Place on an axis of `LEVELS` steps from the first bin of the pattern to the last.
    patch : ndarray of uint16
        Ring and sector, ``ring * SECTORS + sector``; ``UNUSED`` where a pixel is part of no pattern.
    gain : ndarray of float32
        Solid angle times polarisation and flat.
    dark : ndarray of float32
        Counts without beam.
    rings : int
        Number of rings.
    lower, share : ndarray, shape (LEVELS,)
        The bin below each level, and how far the level is on its way to the next one.
    recipe : Recipe
        How frames are integrated.
    """

    stride: int
    level: NDArray[np.uint16]
    patch: NDArray[np.uint16]
    gain: NDArray[np.float32]
    dark: NDArray[np.float32]
    rings: int
    lower: NDArray[np.intp]
    share: NDArray[np.float64]
    recipe: Recipe

    @classmethod
    def build(
        cls,
        geometry: AzimuthalIntegrator,
        recipe: Recipe,
        axis: NDArray[np.float64],
        valid: NDArray[np.bool_],
        gain: NDArray[np.floating],
        dark: NDArray[np.floating] | None = None,
    ) -> "RingTables":
        """Build the tables.

        Parameters
        ----------
        geometry : AzimuthalIntegrator
            Where each pixel looks.
        recipe : Recipe
            How its frames are integrated.
        axis : ndarray
            Bin centres in the recipe's unit.
        valid, gain, dark : ndarray
            Of each pixel: whether it is used, what it is divided by, what is subtracted.
        """
        stride = -(-valid.size // ENOUGH)
        spacings = recipe.unit == "d_A"
        centres = 20 * math.pi / axis if spacings else axis
        radius = geometry.center_array(valid.shape, unit="q_nm^-1" if spacings else recipe.unit)[::stride]
        place = (radius - centres[0]) / (centres[-1] - centres[0])
        half = 0.5 / (len(axis) - 1)
        used = valid[::stride] & (place >= -half) & (place <= 1 + half)
        place = np.clip(place, 0.0, 1.0)
        rings = max(1, min(MOST_RINGS, len(axis) // RING_BINS))
        ring = np.minimum((place * rings).astype(np.int64), rings - 1)
        turns = geometry.center_array(valid.shape, unit="chi_rad")[::stride] / (2 * math.pi)
        sector = np.floor(turns * SECTORS).astype(np.int64) % SECTORS
        position = np.linspace(0, len(axis) - 1, LEVELS)
        lower = np.minimum(position.astype(np.intp), len(axis) - 2)
        return cls(
            stride=stride,
            level=np.rint(place * (LEVELS - 1)).astype(np.uint16),
            patch=np.where(used, ring * SECTORS + sector, int(UNUSED)).astype(np.uint16),
            gain=np.ascontiguousarray(gain[::stride], np.float32),
            dark=np.zeros(place.shape, np.float32)
            if dark is None
            else np.ascontiguousarray(dark[::stride], np.float32),
            rings=rings,
            lower=lower,
            share=position - lower,
            recipe=recipe,
        )

    def looked_up(self, intensity: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return a pattern at every level."""
        bins = np.asarray(intensity, np.float64)
        below, above = bins[self.lower], bins[self.lower + 1]
        return np.asarray(below + self.share * (above - below), np.float32)

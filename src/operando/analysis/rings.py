"""Which pixel is on which ring: tables for one geometry, recipe and frame shape, built once."""

from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray

from operando.analysis.evenness import UNUSED
from operando.analysis.integration import Integrator
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
    def of(cls, integrator: Integrator) -> "RingTables":
        """Build the tables of an integrator's geometry and recipe."""
        recipe, valid, geometry = integrator.recipe, integrator.valid, integrator.geometry
        stride = -(-valid.size // ENOUGH)
        in_angle = recipe.unit == "2th_deg"
        axis = integrator.radial if in_angle else integrator.q
        radius = geometry.center_array(valid.shape, unit="2th_deg" if in_angle else "q_nm^-1")[::stride]
        place = (radius - axis[0]) / (axis[-1] - axis[0])
        half = 0.5 / (len(axis) - 1)
        turns = geometry.center_array(valid.shape, unit="chi_rad")[::stride] / (2 * pi)
        used = valid[::stride] & (place >= -half) & (place <= 1 + half)
        if recipe.azimuth_range is not None:
            low, high = (bound / 360 for bound in recipe.azimuth_range)
            used &= (turns - low) % 1 <= high - low
        place = np.clip(place, 0.0, 1.0)
        rings = max(1, min(MOST_RINGS, len(axis) // RING_BINS))
        ring = np.minimum((place * rings).astype(np.int64), rings - 1)
        sector = np.floor(turns * SECTORS).astype(np.int64) % SECTORS
        position = np.linspace(0, len(axis) - 1, LEVELS)
        lower = np.minimum(position.astype(np.intp), len(axis) - 2)
        return cls(
            stride=stride,
            level=np.rint(place * (LEVELS - 1)).astype(np.uint16),
            patch=np.where(used, ring * SECTORS + sector, int(UNUSED)).astype(np.uint16),
            gain=np.ascontiguousarray(integrator.gain[::stride], np.float32),
            dark=_dark(integrator, stride),
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


def _dark(integrator: Integrator, stride: int) -> NDArray[np.float32]:
    if integrator.dark is None:
        return np.zeros(integrator.valid[::stride].shape, np.float32)
    return np.ascontiguousarray(integrator.dark[::stride], np.float32)

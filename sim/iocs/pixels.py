"""What is wrong with the pixels of a detector: dark current, hot and dead ones, and no mark says so."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from operando.sim.cell.state import TrueState
from operando.sim.iocs.exposure import Exposure, FrameSource

HOT_RATE = 2000.0
"""Counts per second of a hot pixel, in the dark, too."""

OF_PIXELS = 12
"""Their own stream of random numbers."""


class ImperfectPixels:
    """Frames of another source as these pixels count them.

    Parameters
    ----------
    source : FrameSource
        Of perfect pixels, −1 in gaps.
    seed : int
        Of the endstation's random numbers; the same pixels are bad whenever it starts.
    dark_rate : float
        Counts per second and pixel without light.
    hot, dead : int
        Pixels that count `HOT_RATE` besides, and that never count.
    """

    def __init__(self, source: FrameSource, *, seed: int, dark_rate: float, hot: int, dead: int) -> None:
        self.shape = source.shape
        self._source = source
        self._dark_rate = dark_rate
        self._random = np.random.default_rng((seed, OF_PIXELS))
        chosen = self._random.choice(self.shape[0] * self.shape[1], hot + dead, replace=False)
        self.hot, self.dead = chosen[:hot], chosen[hot:]
        """Flat indices."""

    def frame(self, exposure: Exposure, states: Sequence[TrueState]) -> NDArray[np.int32]:
        """Return the counts of each pixel, −1 in gaps."""
        frame = np.array(self._source.frame(exposure, states), dtype=np.int32)
        counts = frame.reshape(-1)
        live = counts >= 0
        seconds = (exposure.end_ns - exposure.start_ns) * 1e-9
        if self._dark_rate > 0.0:
            counts[live] += self._random.poisson(self._dark_rate * seconds, int(live.sum())).astype(np.int32)
        hot = self.hot[live[self.hot]]
        counts[hot] += self._random.poisson(HOT_RATE * seconds, hot.size).astype(np.int32)
        counts[self.dead[live[self.dead]]] = 0
        return frame

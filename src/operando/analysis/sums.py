"""From one frame to the sums of its bins, and from those to means.

With the counts x of a pixel, its dark counts d, its gain ω (solid angle, polarisation, flat) and the share c of it
that falls into a bin, a bin is I = Σc·(x − d) / Σc·ω with σ² = Σc²·x / (Σc·ω)². What does not depend on the frame
(Σc·ω, Σc·d) is summed once; a pixel that is invalid in one frame only is taken out of it again.
"""

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.analysis import scatter
from operando.analysis.matrix import Layout
from operando.analysis.pixels import Pixels

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Means:
    """What one frame brings to each bin.

    Parameters
    ----------
    intensity : ndarray
        Mean by sector and radial bin; 0 in a bin without a valid pixel.
    sigma : ndarray
        Its standard deviation: that of a single count where there is none; 0 in a bin without a valid pixel.
    counts : float
        Σc·x over all bins.
    left_out : ndarray
        Pixels that are no data in this frame.
    """

    intensity: Array
    sigma: Array
    counts: float
    left_out: NDArray[np.uint32]


class Summation:
    """Sums frames over the bins of one layout, from any thread.

    Parameters
    ----------
    layout : Layout
        Where each pixel falls.
    gain, dark : ndarray
        Of each pixel, in one row; float32.
    floor : float or None
        Least variance of a pixel; None: its counts.
    """

    def __init__(
        self, layout: Layout, gain: NDArray[np.float32], dark: NDArray[np.float32], floor: float | None
    ) -> None:
        self.layout = layout
        self._gain, self._dark, self._floor = gain, dark, floor
        self._mine = threading.local()
        self._expected = np.zeros((layout.bins, 3))  # gain, number, dark
        self._take_out(np.concatenate([np.arange(*run, dtype=np.uint32) for run in layout.runs]), False, self._expected)
        self._take_out(np.arange(len(layout.more_pixels), dtype=np.uint32), True, self._expected)

    def means(self, pixels: Pixels, scale: float) -> Means:
        """Sum one frame, whose pixels are those of the layout, and divide; ``scale`` multiplies the means."""
        sums, list_of = self._scratch()
        sums[:] = 0.0
        layout, bounds = self.layout, (pixels.low, pixels.high, self._floor)
        if layout.shares is None:
            count = scatter.whole(pixels.values, layout.runs, layout.first, *bounds, sums, list_of)
        else:
            count = scatter.shared(pixels.values, layout.runs, layout.first, layout.shares, *bounds, sums, list_of)
        left_out = list_of[:count].copy()
        lost = np.zeros_like(self._expected) if count else None
        if lost is not None:
            self._take_out(left_out, False, lost)
        if layout.more_pixels.size:
            more = layout.more_pixels, layout.more_first, layout.more_shares
            further = scatter.more(pixels.values, *more, *bounds, sums, list_of)
            if lost is not None:
                self._take_out(list_of[:further], True, lost)
        intensity, sigma = np.empty(layout.shape), np.empty(layout.shape)
        kind = layout.shares is not None, self._floor is None
        flat = intensity.reshape(-1), sigma.reshape(-1)
        counts = scatter.divide(sums, *kind, self._expected, lost, scale, *flat)
        return Means(intensity, sigma, counts, left_out)

    def _take_out(self, entries: NDArray[np.uint32], further: bool, lost: Array) -> None:
        layout, tables = self.layout, (self._gain, self._dark, lost)
        if further:
            scatter.remove(entries, layout.more_pixels, layout.more_first, layout.more_shares, *tables)
        elif layout.shares is None:
            scatter.remove_whole(entries, layout.first, *tables)
        else:
            scatter.remove(entries, None, layout.first, layout.shares, *tables)

    def _scratch(self) -> tuple[Array, NDArray[np.uint32]]:
        """Return this thread's own memory: an allocation of this size is given back to the system each time."""
        found: tuple[Array, NDArray[np.uint32]] | None = getattr(self._mine, "scratch", None)
        if found is None:
            size = max(self.layout.first.size, self.layout.more_pixels.size)
            found = self._mine.scratch = _aligned(self.layout.bins), np.zeros(size, np.uint32)
        return found


def _aligned(rows: int) -> Array:
    """Return rows of four doubles, each in one line of the cache."""
    memory = np.zeros(rows * 4 + 8)
    start = (-memory.ctypes.data // 8) % 8
    return memory[start : start + rows * 4].reshape(rows, 4)

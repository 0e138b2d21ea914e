"""pyFAI's sparse matrix in the order in which a frame lies in memory.

Which share of a pixel falls into which bin is pyFAI's to say: splitting, ranges, the seam of the azimuth. Here its
matrix becomes what `operando.analysis.scatter` reads beside a frame: for each pixel its first bin and the shares of
that and the next one. A pixel in more bins has further entries in a list. Bins of a cake lie sector after sector.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.compiled import compiled
from operando.errors import AnalysisError
from operando.vocabulary import Recipe


@dataclass(frozen=True, slots=True)
class Matrix:
    """What pyFAI says.

    Parameters
    ----------
    radial, azimuth : ndarray
        Centres of the bins, in the unit asked for and in °; without sectors there is one azimuth.
    pointer : ndarray
        Where the entries of each pixel begin.
    bins, shares : ndarray
        Of each entry; bins of a pixel ascend, sector after sector.
    """

    radial: NDArray[np.float64]
    azimuth: NDArray[np.float64]
    pointer: NDArray[np.int64]
    bins: NDArray[np.int64]
    shares: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Sectors and radial bins."""
        return len(self.azimuth), len(self.radial)


def pattern_matrix(
    geometry: AzimuthalIntegrator,
    recipe: Recipe,
    unit: str,
    bounds: tuple[float, float] | None,
    azimuth: tuple[float, float] | None,
) -> Matrix:
    """Ask pyFAI for the matrix of patterns.

    Parameters
    ----------
    geometry : AzimuthalIntegrator
        With its mask.
    recipe : Recipe
        Number of bins and splitting.
    unit, bounds, azimuth : str, pair, pair
        pyFAI's unit, radial range in it, and azimuthal range in °.
    """
    method = (recipe.split, "csc", "cython")
    result = geometry.integrate1d(
        np.zeros(geometry.detector.shape, np.float32),
        recipe.npt,
        method=method,
        unit=unit,
        radial_range=bounds,
        azimuth_range=azimuth,
        correctSolidAngle=False,
    )
    engine = take_engine(geometry)
    return ordered(result.radial, [0.0], engine.data, engine.indices, engine.indptr, geometry)


def place_seam(geometry: AzimuthalIntegrator, azimuth: tuple[float, float] | None) -> tuple[float, float] | None:
    """Let pyFAI's azimuth begin anew where a range (°) does not reach; return the range as pyFAI counts then.

    Raises
    ------
    AnalysisError
        For a range across both 0° and 180°, where pyFAI knows to begin.
    """
    if azimuth is None:
        return None
    width = azimuth[1] - azimuth[0]
    for seam, set_seam in ((-180.0, geometry.setChiDiscAtPi), (0.0, geometry.setChiDiscAtZero)):
        low = (azimuth[0] - seam) % 360 + seam
        if low + width <= seam + 360:
            set_seam()
            return low, low + width
    raise AnalysisError(
        f"recipe: azimuth_range = [{azimuth[0]:g}, {azimuth[1]:g}]° reaches across 0° and 180°, and pyFAI's azimuth "
        "begins anew at one of them; nothing is integrated"
    )


def take_engine(geometry: AzimuthalIntegrator) -> Any:
    """Return the engine that was built last, and make room for the next."""
    (engine,) = (each.engine for each in geometry.engines.values())
    geometry.engines.clear()
    return engine


def ordered(radial: Any, azimuth: Any, shares: Any, bins: Any, pointer: Any, geometry: AzimuthalIntegrator) -> Matrix:
    """Return a matrix whose entries ascend within each pixel."""
    pixels = int(np.prod(geometry.detector.shape))
    starts = np.full(pixels + 1, pointer[-1], np.int64)
    starts[: len(pointer)] = pointer
    of_pixel = np.repeat(np.arange(pixels), np.diff(starts))
    bins = np.asarray(bins, np.int64)
    shares = np.asarray(shares, np.float32)
    if np.any((np.diff(bins) <= 0) & (np.diff(of_pixel) == 0)):
        order = np.lexsort((bins, of_pixel))
        bins, shares = bins[order], shares[order]
    return Matrix(np.array(radial, np.float64), np.array(azimuth, np.float64), starts, bins, shares)


@dataclass(frozen=True, slots=True)
class Layout:
    """A matrix as kernels read it.

    Parameters
    ----------
    shape : (int, int)
        Sectors and radial bins.
    runs : ndarray
        First and last + 1 of each run of pixels that are integrated.
    first : ndarray
        First bin of each pixel.
    shares : ndarray or None
        Of the first bin and the next; None: each pixel falls into one bin as a whole.
    more_pixels, more_first, more_shares : ndarray
        The same for the further bins of pixels that fall into more.
    """

    shape: tuple[int, int]
    runs: NDArray[np.uint64]
    first: NDArray[Any]
    shares: NDArray[np.float32] | None
    more_pixels: NDArray[np.uint32]
    more_first: NDArray[Any]
    more_shares: NDArray[np.float32]

    @property
    def bins(self) -> int:
        """Number of bins."""
        return self.shape[0] * self.shape[1]

    @property
    def pixels(self) -> int:
        """Number of pixels that are integrated."""
        return int(np.diff(self.runs.astype(np.int64)).sum())


def lay_out(matrix: Matrix, valid: NDArray[np.bool_]) -> Layout:
    """Bring a matrix into the order of the memory; pixels that are not valid are left out."""
    kept = (matrix.shares != 0) & np.repeat(valid.reshape(-1), np.diff(matrix.pointer))
    pointer = np.concatenate([[0], np.cumsum(kept)])[matrix.pointer]
    bins, shares = matrix.bins[kept], matrix.shares[kept]
    index = np.uint16 if matrix.shape[0] * matrix.shape[1] <= np.iinfo(np.uint16).max else np.uint32
    used = np.diff(pointer) > 0
    first, pair = np.zeros(len(used), index), np.zeros((len(used), 2), np.float32)
    spare = len(bins) - int(np.count_nonzero(used))
    pixels, more, more_pair = np.zeros(spare, np.uint32), np.zeros(spare, index), np.zeros((spare, 2), np.float32)
    count = pack(pointer, bins, shares, matrix.shape[1], first, pair, pixels, more, more_pair)
    undivided = not count and bool((pair[used] == (1.0, 0.0)).all())
    edges = np.flatnonzero(np.diff(np.concatenate([[False], used, [False]])))
    return Layout(
        matrix.shape,
        edges.reshape(-1, 2).astype(np.uint64),
        first,
        None if undivided else pair,
        pixels[:count].copy(),
        more[:count].copy(),
        more_pair[:count].copy(),
    )


def _pack(
    pointer: Any, bins: Any, shares: Any, row: int, first: Any, pair: Any, pixels: Any, more: Any, more_pair: Any
) -> int:
    """Write the entries of each pixel as pairs of neighbouring bins of a sector; return how many are not the first."""
    count = 0
    for pixel in range(pointer.size - 1):
        entry = pointer[pixel]
        while entry < pointer[pixel + 1]:
            joined = (
                entry + 1 < pointer[pixel + 1] and bins[entry + 1] == bins[entry] + 1 and bins[entry + 1] % row != 0
            )
            second = shares[entry + 1] if joined else np.float32(0)
            if entry == pointer[pixel]:
                first[pixel] = bins[entry]
                pair[pixel, 0], pair[pixel, 1] = shares[entry], second
            else:
                pixels[count], more[count] = pixel, bins[entry]
                more_pair[count, 0], more_pair[count, 1] = shares[entry], second
                count += 1
            entry += 2 if joined else 1
    return count


pack = compiled(_pack)

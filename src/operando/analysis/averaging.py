"""Averages of frames that show the same: darks, flat fields, calibrants; and which pixels do not behave.

Mean and spread are gathered frame by frame (B. P. Welford, Technometrics 4 (1962) 419): memory for a few frames,
however many there are. A pixel is judged against all others: against their median, by their robust standard deviation
(1.4826 times the median absolute deviation), which a few bad ones do not change.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.analysis.geometry import pixels
from operando.analysis.pixels import read_pixels
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

NORMAL = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""


@dataclass(frozen=True, slots=True)
class Averaged:
    """What frames have in common.

    Parameters
    ----------
    mean : array, float64
        Counts per frame; NaN in pixels that were data in no frame.
    spread : array, float64
        Counts, standard deviation from frame to frame; NaN where there were fewer than two.
    count : array, int32
        In how many frames a pixel was data.
    frames : int
        How many there were.
    digest : str
        SHA-256 of the values of all frames.
    """

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    count: NDArray[np.int32]
    frames: int
    digest: str


class Average:
    """Gathers frames one at a time; marks of hybrid detectors, saturated pixels and NaN are left out.

    Parameters
    ----------
    recipe : Recipe
        Which values are no data: ``mask_negative``, ``saturation``.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._recipe = recipe
        self._digest = hashlib.sha256()
        self._mean = np.zeros((0, 0))
        self._squares = np.zeros((0, 0))
        self._count = np.zeros((0, 0), np.int32)
        self.frames = 0

    def add(self, frame: NDArray[Any]) -> None:
        """Take the next frame.

        Raises
        ------
        AnalysisError
            It is of another shape than the first.
        """
        if not self.frames:
            self._mean, self._squares = np.zeros(frame.shape), np.zeros(frame.shape)
            self._count = np.zeros(frame.shape, np.int32)
        if frame.shape != self._mean.shape:
            raise AnalysisError(
                f"frame {self.frames + 1} of {pixels(frame.shape)}, the first of {pixels(self._mean.shape)}; "
                "nothing is averaged"
            )
        data = self._is_data(frame)
        self._digest.update(np.ascontiguousarray(frame).tobytes())
        self.frames += 1
        self._count += data
        step = np.where(data, frame.astype(np.float64) - self._mean, 0.0)
        self._mean += step / np.maximum(self._count, 1)
        self._squares += step * np.where(data, frame - self._mean, 0.0)

    def result(self) -> Averaged:
        """Return the average of all frames so far.

        Raises
        ------
        AnalysisError
            There was none.
        """
        if not self.frames:
            raise AnalysisError("no frame to average; nothing is written")
        mean = np.where(self._count > 0, self._mean, np.nan)
        spread = np.sqrt(np.where(self._count > 1, self._squares / np.maximum(self._count - 1, 1), np.nan))
        return Averaged(mean, spread, self._count.copy(), self.frames, self._digest.hexdigest())

    def _is_data(self, frame: NDArray[Any]) -> NDArray[np.bool_]:
        found = read_pixels(frame, self._recipe)
        data = found.values < found.high
        if found.low is not None:
            data &= found.values >= found.low
        return np.asarray(data.reshape(frame.shape))


@dataclass(frozen=True, slots=True)
class BadPixels:
    """Pixels that do not behave (True), by what is wrong with them; a pixel may be in several.

    Parameters
    ----------
    marked : array
        Not data in every frame: gaps, dead by the detector's own word, saturated.
    high, low : array
        Their mean is far above, far below that of the others.
    unsteady : array
        They vary from frame to frame far more than the others.
    """

    marked: NDArray[np.bool_]
    high: NDArray[np.bool_]
    low: NDArray[np.bool_]
    unsteady: NDArray[np.bool_]

    @property
    def all(self) -> NDArray[np.bool_]:
        """Every one of them: the mask."""
        return np.asarray(self.marked | self.high | self.low | self.unsteady)


def bad_in_the_dark(dark: Averaged, limit: float = 6.0) -> BadPixels:
    """Find the pixels that count, or vary, more or less than the others in the dark.

    Parameters
    ----------
    dark : Averaged
        Of frames without light.
    limit : float
        Robust standard deviations of the other pixels; never less than their noise, and one photon among all frames,
        allow.
    """
    marked = dark.count < dark.frames
    means, spreads = dark.mean[~marked], dark.spread[~marked]
    if not means.size:
        raise AnalysisError("dark frames: no pixel is data in all of them; nothing is written")
    noise = _noise(means, spreads[np.isfinite(spreads)], dark.frames)
    middle, width = _middle(means, noise / np.sqrt(dark.frames))
    usual, scatter = _middle(spreads[np.isfinite(spreads)], noise / np.sqrt(2.0 * max(1, dark.frames - 1)))
    with np.errstate(invalid="ignore"):
        return BadPixels(
            marked=marked,
            high=~marked & (dark.mean > middle + limit * width),
            low=~marked & (dark.mean < middle - limit * width),
            unsteady=~marked & (dark.spread > max(usual, noise) + limit * scatter),
        )


def flat_field(lit: Averaged, dark: NDArray[Any] | None, gain: NDArray[Any]) -> NDArray[np.float64]:
    """Return the response of each pixel, median 1; NaN where there is none.

    Parameters
    ----------
    lit : Averaged
        Of frames of even light.
    dark : array or None
        Counts to subtract, of the same exposure time.
    gain : array
        How even the light is: the solid angle of the pixels for light from the sample, else 1.
    """
    counts = lit.mean if dark is None else lit.mean - dark
    response = np.where(counts > 0, counts, np.nan) / gain
    middle = np.nanmedian(response) if np.isfinite(response).any() else np.nan
    if not middle > 0:
        raise AnalysisError("flat field: no pixel saw light; was the shutter open? Nothing is written")
    return np.asarray(response / middle)


def bad_in_the_light(lit: Averaged, flat: NDArray[np.float64], bounds: tuple[float, float] = (0.5, 1.5)) -> BadPixels:
    """Find the pixels that respond to light far less or more than the others.

    Parameters
    ----------
    lit : Averaged
        Of frames of even light.
    flat : array
        Response, from `flat_field`.
    bounds : (float, float)
        Outside of these, relative to the median, a pixel is bad.
    """
    marked = lit.count < lit.frames
    with np.errstate(invalid="ignore"):
        return BadPixels(
            marked=marked,
            high=~marked & (flat > bounds[1]),
            low=~marked & ~(flat >= bounds[0]),
            unsteady=np.zeros(flat.shape, bool),
        )


def _noise(means: NDArray[np.float64], spreads: NDArray[np.float64], frames: int) -> float:
    """Return the standard deviation of a usual pixel in one frame.

    That of counted photons, or less where the pixels vary less: counts of a detector that integrates are no photons,
    and most of them are an offset without noise. Never less than one photon among all frames makes.
    """
    variance = float(np.median(means))
    if spreads.size:
        degrees = frames - 1
        median = (1.0 - 2.0 / (9.0 * degrees)) ** 3  # of χ²/degrees (Wilson, Hilferty, PNAS 17 (1931) 684)
        variance = min(variance, float(np.median(spreads)) ** 2 / median)
    return float(np.sqrt(max(variance, 1.0 / frames)))


def _middle(values: NDArray[np.float64], least: float) -> tuple[float, float]:
    """Return median and robust standard deviation, the latter at least as large as given."""
    if not values.size:
        return 0.0, least
    middle = float(np.median(values))
    return middle, max(NORMAL * float(np.median(np.abs(values - middle))), float(least))

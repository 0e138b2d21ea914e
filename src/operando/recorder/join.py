"""What a quantity did during an exposure, from the environment log."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.recorder.window import Sampled
from operando.vocabulary import Quality

ENOUGH = 3
"""Samples inside an exposure that make a mean; a 0.1 s frame holds two at 20 Hz, and is interpolated instead."""

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Exposure:
    """When photons were counted.

    Parameters
    ----------
    start_ns, end_ns : int
        UTC, ns since the epoch.
    """

    start_ns: int
    end_ns: int

    @property
    def middle_ns(self) -> int:
        """UTC, ns since the epoch."""
        return (self.start_ns + self.end_ns) // 2


@dataclass(frozen=True, slots=True)
class Statistics:
    """A quantity over an exposure, in the quantity's unit.

    Parameters
    ----------
    mean : float
        Of the good samples inside; interpolated at the middle of the exposure where they are fewer than three.
        Not a number: missing for good.
    minimum, maximum : float
        Of the good samples inside.
    std : float
        Standard deviation of the good samples inside; not a number for fewer than two.
    count : int
        Good samples inside. 0 with a mean is interpolated from neighbours alone.
    """

    mean: float = NAN
    minimum: float = NAN
    maximum: float = NAN
    std: float = NAN
    count: int = 0


MISSING = Statistics()


def over_exposure(
    history: Sampled,
    quantity: str,
    exposure: Exposure,
    reach_ns: int,
    committed_ns: int,
    final: bool = False,
) -> Statistics | None:
    """Join a quantity with an exposure; None while samples still to be written could change the answer.

    Parameters
    ----------
    history : Sampled
        The environment log.
    exposure : Exposure
        Its end must be committed.
    reach_ns : int
        ns before and after the exposure within which a neighbour may help.
    committed_ns : int
        UTC, ns since the epoch: every sample up to here is written, none after it is looked at.
    final : bool
        Nothing more will be written.
    """
    latest = exposure.end_ns + reach_ns
    samples = history.samples(quantity, exposure.start_ns - reach_ns, min(latest, committed_ns))
    time, value = samples.time_ns, samples.value
    good = (samples.quality == Quality.GOOD) & np.isfinite(value)
    inside = (time >= exposure.start_ns) & (time <= exposure.end_ns)
    count = int(np.count_nonzero(inside & good))
    if count >= ENOUGH:
        return _statistics(value[inside & good], float(np.mean(value[inside & good])))
    if count == 0 and np.any(inside):
        return MISSING  # it was looked at during the exposure, and could not be trusted
    after = good & (time > exposure.end_ns)
    if not np.any(after) and committed_ns < latest and not final:
        return None
    before = good & (time < exposure.start_ns)
    if count == 0 and not (np.any(before) and np.any(after)):
        return MISSING
    near = np.concatenate([np.flatnonzero(before)[-1:], np.flatnonzero(inside & good), np.flatnonzero(after)[:1]])
    return _statistics(value[inside & good], float(np.interp(exposure.middle_ns, time[near], value[near])))


def _statistics(inside: NDArray[np.float64], mean: float) -> Statistics:
    if inside.size == 0:
        return Statistics(mean=mean)
    std = float(np.std(inside, ddof=1)) if inside.size > 1 else NAN
    return Statistics(mean, float(np.min(inside)), float(np.max(inside)), std, int(inside.size))

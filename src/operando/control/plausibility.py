"""Whether a reading may be believed: finite, fresh, alive, and reachable from the one before."""

import math
from dataclasses import dataclass

from operando.vocabulary import Quality, Reading


@dataclass(frozen=True, slots=True)
class Plausibility:
    """What is believed of a quantity.

    Parameters
    ----------
    oldest : float
        s; an older reading is INVALID.
    fastest : float
        Unit of the quantity per second; a faster change is SUSPECT.
    noise : float
        Unit of the quantity; a change this small is believed at any rate.
    """

    oldest: float
    fastest: float
    noise: float = 0.0


def judge(reading: Reading, previous: Reading | None, now_ns: int, bounds: Plausibility) -> Quality:
    """Return the quality of a reading, never better than the instrument's own word.

    A jump is SUSPECT, and so is every reading after it until one lies within reach of the last good one: the reach
    grows with time, so a true step is believed again after a while.

    Parameters
    ----------
    reading : Reading
        The one to judge.
    previous : Reading or None
        The last that was judged GOOD.
    now_ns : int
        UTC, ns since the epoch.
    bounds : Plausibility
        What is believed.
    """
    if not math.isfinite(reading.value) or (now_ns - reading.time_ns) * 1e-9 > bounds.oldest:
        return Quality.INVALID
    if reading.quality is not Quality.GOOD or previous is None:
        return reading.quality
    elapsed = max(reading.time_ns - previous.time_ns, 0) * 1e-9
    jumped = abs(reading.value - previous.value) > bounds.noise + bounds.fastest * elapsed
    return Quality.SUSPECT if jumped else Quality.GOOD


@dataclass(frozen=True, slots=True)
class Repetition:
    """How often exactly the same number came in a row.

    A sensor with noise above its resolution repeats itself rarely: 0.2 N rms at 0.001 N gives the same number twice in
    1 of 700 readings, and five times in 1 of 2e11. One that hangs repeats itself for ever, with good status bits.

    Parameters
    ----------
    value : float
        The last number.
    count : int
        Times in a row, from 1.
    """

    value: float = math.nan
    count: int = 0

    def then(self, value: float) -> "Repetition":
        """Return the count with one more number."""
        return Repetition(value, self.count + 1 if value == self.value else 1)

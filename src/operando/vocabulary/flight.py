"""A series of frames that a detector takes by itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flight:
    """Frames at a rate of the detector's own.

    Parameters
    ----------
    frames : int
        How many.
    exposure : float
        s, of each.
    period : float
        s from the begin of one to that of the next; 0 is as fast as the detector can.
    """

    frames: int
    exposure: float
    period: float = 0.0

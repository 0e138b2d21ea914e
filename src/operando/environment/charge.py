"""Charge passed since the start of a programme, counted on the instrument's own clock."""

import math
from dataclasses import dataclass

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class ChargeCount:
    """Where the count stands after a sample.

    Parameters
    ----------
    charge : float
        A h, charging positive.
    elapsed : float
        s since the start, on the instrument's clock, up to where the current is counted.
    current : float
        A, at ``elapsed``.
    part : tuple of int
        Cycle and step that ``current`` belongs to; (0, 0) before the first sample.
    """

    charge: float = 0.0
    elapsed: float = 0.0
    current: float = 0.0
    part: tuple[int, int] = (0, 0)

    def counted(self, elapsed: float, current: float, part: tuple[int, int]) -> "ChargeCount":
        """Return the count after a sample.

        Within a step the current is taken as linear between samples. Across a change of step the new current
        counts from the last sample on: cutoffs are judged on a sample, which is then the last of its step.

        Parameters
        ----------
        elapsed : float
            s since the start.
        current : float
            A; where it is not a number, its time is counted with the next one that is.
        part : tuple of int
            Cycle and step.

        Examples
        --------
        >>> ChargeCount().counted(1800.0, 1e-3, (1, 1)).charge
        0.0005
        """
        if not math.isfinite(current) or elapsed <= self.elapsed:
            return self
        mean = (self.current + current) / 2 if part == self.part else current
        charge = self.charge + mean * (elapsed - self.elapsed) / SECONDS_PER_HOUR
        return ChargeCount(charge, elapsed, current, part)

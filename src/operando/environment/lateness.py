"""How late things come, counted by size: no memory is taken and nothing is sorted while a loop runs."""

from bisect import bisect_left

SHORTEST = 1e-5
"""s; what is shorter is counted as this."""
TO_THE_DECADE = 50
"""Bins; a quantile is known to 5 %."""
DECADES = 6
EDGES = tuple(SHORTEST * 10 ** (index / TO_THE_DECADE) for index in range(DECADES * TO_THE_DECADE + 1))
"""s, upper edges of the bins: 10 µs to 10 s."""


class Lateness:
    """Counts of durations. One thread adds; any other may look, and sees a count that is at most one behind.

    Examples
    --------
    >>> lateness = Lateness()
    >>> for late in (1e-4, 1e-4, 1e-4, 0.03):
    ...     lateness.add(late)
    >>> lateness.quantile(0.5) < 1.05e-4, lateness.quantile(0.99), lateness.largest
    (True, 0.03, 0.03)
    """

    def __init__(self) -> None:
        self._bins = [0] * (len(EDGES) + 1)
        self.largest = 0.0
        """s."""

    @property
    def count(self) -> int:
        """How many durations there were."""
        return sum(self._bins)

    def add(self, seconds: float) -> None:
        """Count one duration."""
        self._bins[bisect_left(EDGES, seconds)] += 1
        if seconds > self.largest:
            self.largest = seconds

    def quantile(self, share: float) -> float:
        """Return the duration (s) that at least this share of all did not exceed: the upper edge of its bin."""
        bins = list(self._bins)
        wanted, passed = share * sum(bins), 0
        for edge, number in zip(EDGES, bins, strict=False):
            passed += number
            if passed >= wanted:
                return min(edge, self.largest)
        return self.largest

    def clear(self) -> None:
        """Begin anew; what is added at that very moment may be lost."""
        self._bins = [0] * (len(EDGES) + 1)
        self.largest = 0.0

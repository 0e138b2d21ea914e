"""Faults of the measuring chain of a load cell: from the force to what the converter makes of it."""

SPIKE_PERIOD = 1.0
"""s from one spike to the next."""

SPIKE_LENGTH = 0.06
"""s; whoever reads at 20 Hz meets each spike once or twice."""


class Stuck:
    """The first force for ever, while everything else says that all is well."""

    def __init__(self) -> None:
        self._force: float | None = None

    def __call__(self, force: float, now: float) -> float:
        """Return the force (N) at which it got stuck."""
        if self._force is None:
            self._force = force
        return self._force


class Drift:
    """A growing offset.

    Parameters
    ----------
    rate : float
        N/s.
    """

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._began: float | None = None

    def __call__(self, force: float, now: float) -> float:
        """Return the force (N) and what it has drifted by."""
        if self._began is None:
            self._began = now
        return force + self._rate * (now - self._began)


class Spike:
    """A short offset, once a second; the first comes at once.

    Parameters
    ----------
    height : float
        N.
    """

    def __init__(self, height: float) -> None:
        self._height = height
        self._began: float | None = None

    def __call__(self, force: float, now: float) -> float:
        """Return the force (N), with the spike while it lasts."""
        if self._began is None:
            self._began = now
        return force + (self._height if (now - self._began) % SPIKE_PERIOD < SPIKE_LENGTH else 0.0)

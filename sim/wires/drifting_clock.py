"""An instrument's own clock: a crystal that is nobody's standard."""


class DriftingClock:
    """Seconds of an instrument, which are not quite those of the host.

    Parameters
    ----------
    error : float
        By how much it is fast: s in a s.
    """

    def __init__(self, error: float = 0.0) -> None:
        self._error = error
        self._host = 0.0
        self._local = 0.0

    @property
    def error(self) -> float:
        """By how much it is fast: s in a s."""
        return self._error

    def change(self, error: float, now: float) -> None:
        """Let it go at another rate from ``now`` on (s of the host's clock); it does not jump."""
        self._local, self._host, self._error = self.local(now), now, error

    def local(self, now: float) -> float:
        """Return its time (s) at an instant of the host's clock (s)."""
        return self._local + (now - self._host) * (1.0 + self._error)

    def host(self, local: float) -> float:
        """Return the instant of the host's clock (s) at a time of its own (s)."""
        return self._host + (local - self._local) / (1.0 + self._error)

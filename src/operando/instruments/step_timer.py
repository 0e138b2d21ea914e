"""The seconds of a programme, by a timer of the instrument that begins anew with each step."""

import math

ROUNDING = 0.1
"""s, of seven digits at the turn of the timer."""
CLOSE = 0.5
"""s between the two clocks, of an answer that has just been asked for."""


class StepTimer:
    """Adds up what the timer said each time it was set to zero; few digits of it are then enough.

    Parameters
    ----------
    turn : float
        s after which the timer begins anew by itself.
    """

    def __init__(self, turn: float) -> None:
        self._turn = turn
        self._zero = 0.0
        self._timer = 0.0
        self._seen = 0.0
        self._ahead = math.inf

    def begin(self, zero: float, timer: float, now: float) -> None:
        """Begin anew.

        Parameters
        ----------
        zero : float
            s of the programme at which the timer was zero.
        timer : float
            s that it says.
        now : float
            s of the host's clock, monotonic.
        """
        self._zero, self._timer, self._seen = zero, timer, now

    def believes(self, timer: float, now: float) -> bool:
        """Return whether the timer can say so: it is late, never early, unless it says so twice."""
        ahead, before = timer - self.expected(now), self._ahead
        self._ahead = ahead
        return ahead < CLOSE or abs(ahead - before) < CLOSE

    def elapsed(self, timer: float, now: float) -> float:
        """Return the s of the programme at which the timer said so."""
        expected = self.expected(now)
        if timer < self._timer - ROUNDING:  # or it was set to zero, and the answer to that was lost
            self._zero += self._turn if expected >= self._turn - 1.0 else expected - timer
        self._timer, self._seen = timer, now
        return self._zero + timer

    def zeroed(self, timer: float, now: float) -> float:
        """Return the s of the programme at which the timer was set to zero, having come so far, if that can be."""
        expected = self.expected(now)
        if abs(timer - expected) > CLOSE and expected < self._turn - 1.0:
            timer = expected
        self.begin(self.elapsed(timer, now), 0.0, now)
        return self._zero

    def expected(self, now: float) -> float:
        """Return what the timer should say by the host's clock."""
        return self._timer + now - self._seen

    def at(self, now: float) -> float:
        """Return what the time of the programme should be by the host's clock."""
        return self._zero + self.expected(now)

"""The seconds of a programme, by a timer of the instrument that begins anew with each step."""


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

    def elapsed(self, timer: float, now: float) -> float:
        """Return the s of the programme at which the timer said so."""
        if timer < self._timer - 1.0:
            self._zero += self._turn
        self._timer, self._seen = timer, now
        return self._zero + timer

    def zeroed(self, timer: float, now: float) -> float:
        """Return the s of the programme at which the timer was set to zero, having come so far."""
        self.begin(self.elapsed(timer, now), 0.0, now)
        return self._zero

    def at(self, now: float) -> float:
        """Return what the time of the programme should be by the host's clock."""
        return self._zero + self._timer + now - self._seen

"""A programme that runs and says nothing: each sample that is missed is told as one that is not a number."""

from operando.vocabulary import Impedance, Step

SHORTEST_DELAY = 0.25
"""s that a sample may be late: the line is listened to every 20 ms, and a host may be busy."""
PERIODS = 10.0
"""Of the lowest frequency: what an instrument takes for a point of a spectrum, ranging included."""
SETTLING = 5.0
"""s of ranging before a spectrum."""


def patience(step: Step) -> float:
    """Return the s after a packet at which the next is missed."""
    if isinstance(step, Impedance):
        return PERIODS / step.low_frequency + SETTLING
    return max(1.5 * step.sample_interval, step.sample_interval + SHORTEST_DELAY)


class Silence:
    """Counts the s since the last packet."""

    def __init__(self) -> None:
        self._quiet = 0.0
        self._next = 0.0

    def heard(self) -> None:
        """Take notice of a packet."""
        self._quiet = self._next = 0.0

    def missed(self, dt: float, step: Step, lost: bool) -> bool:
        """Return whether a sample is missed now.

        Parameters
        ----------
        dt : float
            s since the last call.
        step : Step
            That runs, or is to begin.
        lost : bool
            Nobody answers at all: it is not waited any longer.
        """
        self._quiet += dt
        due = self._next or (0.0 if lost else patience(step))
        if self._quiet < due:
            return False
        self._next = self._quiet + step.sample_interval
        return True

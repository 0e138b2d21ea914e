"""A programme that runs and says nothing: each sample that is missed is told as one that is not a number."""

from operando.vocabulary import Impedance, Step, VoltageRamp

SHORTEST_DELAY = 0.25
"""s that a sample may be late: the line is listened to every 20 ms, and a host may be busy."""
PERIODS = 10.0
"""Of the lowest frequency: what an instrument takes for a point of a spectrum, ranging included."""
SETTLING = 5.0
"""s of ranging before a spectrum."""
STAIR = 0.5e-3
"""V: a ramp is a staircase with a sample on each stair, and no instrument's converter has higher ones."""


def patience(step: Step) -> float:
    """Return the s after a packet at which the next is missed."""
    if isinstance(step, Impedance):
        return PERIODS / step.low_frequency + SETTLING
    interval = interval_of(step)
    return max(1.5 * interval, interval + SHORTEST_DELAY)


def interval_of(step: Step) -> float:
    """Return the s between two samples of a step, at most."""
    return max(step.sample_interval, STAIR / step.rate) if isinstance(step, VoltageRamp) else step.sample_interval


class Silence:
    """Counts the s since the last packet."""

    def __init__(self) -> None:
        self._quiet = 0.0
        self._next = 0.0
        self._just_heard = False

    def heard(self) -> None:
        """Take notice of a packet."""
        self._quiet = self._next = 0.0
        self._just_heard = True

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
        if self._just_heard:  # the time before it was no silence, however long this thread had to wait
            self._just_heard = False
            return False
        self._quiet += dt
        due = self._next or (0.0 if lost else patience(step))
        if self._quiet < due:
            return False
        self._next = self._quiet + step.sample_interval
        return True

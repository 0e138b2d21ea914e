"""What a service finds of the one before it, in the environment log."""

from operando.environment.programme import LastCount
from operando.history import EnvironmentHistory
from operando.vocabulary import Quality

YOUNG = 600 * 1_000_000_000
"""ns: an older target is no longer what somebody wants; what is measured is held instead."""


def previous_target(history: EnvironmentHistory, quantity: str, now_ns: int, low: float, high: float) -> float | None:
    """Return the target of a quantity where a service regulated to it a moment ago.

    Parameters
    ----------
    history : EnvironmentHistory
        The log.
    quantity : str
        ``stack_pressure`` or ``temperature``.
    now_ns : int
        UTC, ns since the epoch.
    low, high : float
        Limits of today's configuration; a target outside is not taken over.
    """
    last = history.last(f"{quantity}_target", now_ns)
    if last is None or last.quality is not Quality.GOOD or now_ns - last.time_ns > YOUNG:
        return None
    return last.value if low <= last.value <= high else None


def last_count(history: EnvironmentHistory) -> LastCount | None:
    """Return where the count of charge was left."""
    charge = history.last("charge")
    if charge is None:
        return None
    current, cycle, step = (history.last(name, charge.time_ns) for name in ("current", "cycle", "step"))
    if current is None or cycle is None or step is None:
        return None
    return LastCount(charge.value, current.value, (int(cycle.value), int(step.value)), charge.time_ns)

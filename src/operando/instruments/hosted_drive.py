"""What an instrument that only sources and measures is told for a step, so that it keeps the cell's limits alone."""

import math
from dataclasses import dataclass

from operando.errors import RequestRefused
from operando.vocabulary import CellProgramme, ConstantCurrent, ConstantVoltage, Limit, Rest, Safety, Step

BEYOND = 1.1
"""Of the current that is not exceeded; less may be noise."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What the instrument gives.

    Parameters
    ----------
    voltage : float or None
        V, to which it drives the cell and beyond which it does not; None at open circuit.
    current : float
        A, without its sign: what it does not exceed on the way there.
    """

    voltage: float | None = None
    current: float = 0.0

    def exceeded(self, ampere: float) -> bool:
        """Return whether an instrument that does as told cannot have measured this current."""
        return self.voltage is not None and abs(ampere) > BEYOND * self.current


REST = Drive()


def check(
    programme: CellProgramme, instrument: str, kinds: frozenset[str], current: float, voltage: float, interval: float
) -> None:
    """Refuse what an instrument cannot do before anything is sent.

    Parameters
    ----------
    programme : CellProgramme
        What is to run.
    instrument : str
        Its name, for the refusal.
    kinds : frozenset of str
        The kinds of step that it can do.
    current, voltage : float
        A and V, without their signs: the most that it gives.
    interval : float
        s, the shortest between two samples.

    Raises
    ------
    RequestRefused
        Names the step, what it asks for, and the limit.
    """
    steps = programme.steps
    if not steps:
        raise RequestRefused(f"{instrument}: a programme without a step was asked for; nothing was started")
    for step in steps:
        place = f"{instrument}: step {step.number} ({step.name!r})"
        if step.kind not in kinds:
            raise RequestRefused(f"{place}: it can do no {step.kind}; nothing was started")
        if [end.limit for end in step.ends].count(Limit.TIME) != 1 or not 0 < step.longest < math.inf:
            raise RequestRefused(f"{place}: one time above 0 s after which it ends is wanted; nothing was started")
        if not step.sample_interval >= interval:
            raise RequestRefused(
                f"{place}: a sample interval of {step.sample_interval:g} s; it needs {interval:g} s; nothing was "
                "started"
            )
        try:
            drive = drive_of(step, programme.safety)
        except RequestRefused as refused:
            raise RequestRefused(f"{instrument}: {refused}; nothing was started") from None
        if drive.voltage is not None and not (abs(drive.voltage) <= voltage and 0 < drive.current <= current):
            raise RequestRefused(
                f"{place}: {drive.voltage:g} V and {drive.current:g} A were asked for; the limits are {voltage:g} V "
                f"and {current:g} A; nothing was started"
            )


def drive_of(step: Step, safety: Safety) -> Drive:
    """Return what an instrument is told for a step, so that it keeps the cell's limits with nobody watching.

    Raises
    ------
    RequestRefused
        It cannot be told that.
    """
    if isinstance(step, Rest):
        return REST
    if isinstance(step, ConstantVoltage):
        return Drive(step.voltage, step.current_limit)
    if not isinstance(step, ConstantCurrent):
        raise RequestRefused(f"step {step.number} ({step.name!r}): {step.kind} cannot be done by this instrument")
    charges = step.current > 0
    own = [end.value for end in step.ends if end.limit is Limit.VOLTAGE and end.below != charges]
    safe = safety.upper_voltage if charges else safety.lower_voltage
    limits = [*own, *([] if safe is None else [safe])]
    if not limits:
        side = "an upper" if charges else "a lower"
        raise RequestRefused(
            f"step {step.number} ({step.name!r}): {step.current:g} A without {side} limit of the voltage, of its own "
            "or of safety; the instrument must have one that it keeps by itself"
        )
    return Drive(min(limits) if charges else max(limits), abs(step.current))

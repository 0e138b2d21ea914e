"""What steps may not ask of each other: an end that is met where the step before it leaves the cell."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from operando.config.programme.lowered import Lowered
from operando.config.programme.wording import Words
from operando.vocabulary import ConstantCurrent, ConstantVoltage, Impedance, Limit, Loop, Rest, Step, VoltageRamp

FAR = 0.75
"""V: half of what a usual electrode goes through."""
SAME_VOLTAGE = 1e-3
"""V: closer than that two voltages are one."""


@dataclass(frozen=True, slots=True)
class Left:
    """Where a step leaves the cell.

    Parameters
    ----------
    by : Lowered
        The step.
    voltage : float
        V between the terminals.
    upwards : bool or None
        Whether it came from below; None where nobody knows.
    current : float or None
        A, without its sign: what flowed last, if that is known.
    rested : bool
        It has relaxed since.
    """

    by: Lowered
    voltage: float
    upwards: bool | None = None
    current: float | None = None
    rested: bool = False


def wrong_order(
    parts: Sequence[Step | Loop], steps: Mapping[int, Lowered], words: Words
) -> Iterator[tuple[Lowered, str]]:
    """Yield steps, and which of their ends is met before they begin; the field comes first.

    Parameters
    ----------
    parts : sequence of Step or Loop
        In order.
    steps : mapping
        Number → the step with its keys.
    words : Words
        For the voltages.
    """
    left: Left | None = None
    span = _span(steps.values())
    for step in _twice(parts):
        it = steps[step.number]
        if left is not None:
            yield from ((it, what) for what in _met_at_once(it, left, words))
            yield from ((it, what) for what in _wrong_sign(it, left, span, words))
        left = _leaves(it, left)


def _span(steps: Collection[Lowered]) -> float:
    """Return the V between the lowest and the highest voltage to which steps lead."""
    volts = [end.value for it in steps for end in it.ends(Limit.VOLTAGE)]
    volts += [it.step.voltage for it in steps if isinstance(it.step, ConstantVoltage)]
    return max(volts, default=0.0) - min(volts, default=0.0)


def _wrong_sign(it: Lowered, left: Left, span: float, words: Words) -> Iterator[str]:
    """Complain of a current that leads away from the voltage which is held behind it: the hold would go there alone."""
    step = it.step
    if not isinstance(step, ConstantCurrent):
        return
    end = it.end(Limit.VOLTAGE, below=step.current < 0)
    if end is None or it.key(end) != "voltage":
        return
    beyond = left.voltage - end.value if step.current > 0 else end.value - left.voltage
    # A step before it that ended early, or a rest, may have left the cell elsewhere; not that far.
    if beyond > max(span / 2.0, FAR):
        says = f"{it.key('current')} is {words.current(step.current)}"
        yield (
            f"{says}: leads away from voltage = {words.voltage(end.value)}, "
            f"as {left.by} leaves the cell at {words.voltage(left.voltage)}; is its sign meant?"
        )


def _twice(parts: Sequence[Step | Loop]) -> Iterator[Step]:
    """Yield each step as it comes, each loop with two passes: the last step of one is before the first of the next."""
    for part in parts:
        if isinstance(part, Loop):
            for _ in range(min(part.passes, 2)):
                yield from _twice(part.parts)
        else:
            yield part


def _leaves(it: Lowered, before: Left | None) -> Left | None:
    """Return what is known of the cell behind a step; nothing where its voltage may be anywhere."""
    match it.step:
        case Rest() | Impedance(bias=None) | Impedance(galvanostatic=True, bias=0.0):
            return before and replace(before, current=None, rested=True)
        case ConstantCurrent(current=current):
            end = it.end(Limit.VOLTAGE, below=current < 0)
            return Left(it, end.value, current > 0, abs(current)) if end else None
        case ConstantVoltage(voltage=voltage):
            same = before and before.current is not None and abs(before.voltage - voltage) < SAME_VOLTAGE
            return Left(it, voltage, before.upwards if before and same else None)
        case VoltageRamp(end=voltage):
            return Left(it, voltage)
        case _:
            return None


def _met_at_once(it: Lowered, left: Left, words: Words) -> Iterator[str]:
    step = it.step
    if isinstance(step, ConstantCurrent):
        charging = step.current > 0
        end = it.end(Limit.VOLTAGE, below=not charging)
        # Where it goes on in the same direction, or the cell has moved by itself, the end may lie ahead.
        if end is None or left.upwards is charging or (left.rested and left.upwards is None):
            return
        beyond = left.voltage - end.value if charging else end.value - left.voltage
        if beyond > 0 or (beyond == 0 and left.upwards is not None):
            side = "above" if charging else "below"
            yield (
                f"{it.key(end)} = {words.voltage(end.value)}: not {side} {words.voltage(left.voltage)}, where "
                f"{left.by} leaves the cell: it would be met at once"
            )
    if (
        isinstance(step, ConstantVoltage)
        and left.current is not None
        and abs(step.voltage - left.voltage) < SAME_VOLTAGE
    ):
        taper = it.end(Limit.CURRENT, below=True)
        if taper and taper.value >= left.current:
            yield (
                f"{it.key(taper)} is {words.current(taper.value)}: not below {words.current(left.current)}, with which "
                f"{left.by} reaches the voltage: it would be met at once"
            )

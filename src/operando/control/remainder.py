"""Where a cell programme stands, and what remains of it: loops unrolled from there."""

from collections.abc import Sequence
from dataclasses import replace

from operando.vocabulary import (
    CellProgramme,
    End,
    Impedance,
    Limit,
    Loop,
    Position,
    Rest,
    Step,
    VoltageRamp,
    begun,
)

Part = Step | Loop
SPENT = 1e-9
"""Of a limit: less than this is nothing."""


def step_of(programme: CellProgramme, number: int) -> Step:
    """Return a step by its number.

    Raises
    ------
    ValueError
        There is none.
    """
    for step in programme.steps:
        if step.number == number:
            return step
    raise ValueError(f"programme {programme.name!r} has no step {number}")


def located(programme: CellProgramme, ordinal: int) -> Position:
    """Return where a programme is that has begun some of its steps, one after the other.

    Parameters
    ----------
    programme : CellProgramme
        The whole of it.
    ordinal : int
        How many steps have begun, the one that runs included; from 1.

    Raises
    ------
    ValueError
        It has fewer steps.
    """
    if not 1 <= ordinal <= begun(programme.parts):
        raise ValueError(f"programme {programme.name!r} begins {begun(programme.parts)} steps, not {ordinal}")
    passes, step, cycles = _find(programme.parts, ordinal)
    return Position(passes, step.number, 1 + cycles, ordinal)


def remainder(programme: CellProgramme, position: Position) -> CellProgramme:
    """Return what remains of a programme from where it stands.

    Of the step there, its time and its charge remain, less what has passed; where nothing remains, it is a rest of one
    sample interval. A spectrum is measured anew: half of one is none. A ramp goes on from the voltage it had come to;
    one that began at open circuit, from where the cell is then.

    Parameters
    ----------
    programme : CellProgramme
        The whole of it.
    position : Position
        Where it stands; step 0 for its beginning.

    Raises
    ------
    ValueError
        There is no such position.
    """
    if position.step == 0:
        return programme
    parts = _rest(programme.parts, position.passes, position)
    if parts is None:
        raise ValueError(f"programme {programme.name!r} has no step {position.step} in pass {position.passes}")
    return replace(programme, parts=parts)


def _find(parts: Sequence[Part], ordinal: int) -> tuple[tuple[int, ...], Step, int]:
    """Return passes, step and cycles completed before, of the step with an ordinal that lies in these parts."""
    cycles = 0
    for part in parts:
        inside = begun((part,))
        if ordinal > inside:
            ordinal -= inside
            cycles += _cycles((part,))
        elif isinstance(part, Loop):
            passes, within = divmod(ordinal - 1, begun(part.parts))
            inner, step, further = _find(part.parts, within + 1)
            return (passes + 1, *inner), step, cycles + passes * _cycles_of_pass(part) + further
        else:
            return (), part, cycles
    raise ValueError(f"{ordinal} steps are more than there are")


def _cycles(parts: Sequence[Part]) -> int:
    return sum(part.passes * _cycles_of_pass(part) for part in parts if isinstance(part, Loop))


def _cycles_of_pass(loop: Loop) -> int:
    return _cycles(loop.parts) + loop.cycles


def _rest(parts: Sequence[Part], passes: tuple[int, ...], position: Position) -> tuple[Part, ...] | None:
    """Return what remains of parts from a step on; None where it is not among them."""
    for index, part in enumerate(parts):
        behind = tuple(parts[index + 1 :])
        if not isinstance(part, Loop):
            if part.number == position.step:
                return None if passes else (_shortened(part, position), *behind)
            continue
        inner = _rest(part.parts, passes[1:], position) if passes else None
        if inner is not None and 1 <= passes[0] <= part.passes:
            left = part.passes - passes[0]
            this = (Loop(1, inner, cycles=True),) if part.cycles else inner
            return (*this, *((replace(part, passes=left),) if left else ()), *behind)
    return None


def _shortened(step: Step, position: Position) -> Step:
    if isinstance(step, Impedance):
        return step
    step = replace(step, ends=tuple(_less(end, position) for end in step.ends))
    time_left = step.longest >= step.sample_interval  # one sample, at least
    charge_left = all(end.value > 0 for end in step.ends if end.limit is Limit.CHARGE)
    if isinstance(step, VoltageRamp) and step.begin is not None:
        done = step.rate * position.elapsed
        time_left = time_left and done < abs(step.end - step.begin) * (1 - SPENT)
        step = replace(step, begin=step.begin + (done if step.end > step.begin else -done))
    if time_left and charge_left:
        return step
    ends = (End(Limit.TIME, step.sample_interval),)
    return Rest(number=step.number, name=step.name, ends=ends, sample_interval=step.sample_interval)


def _less(end: End, position: Position) -> End:
    passed = {Limit.TIME: position.elapsed, Limit.CHARGE: abs(position.charge)}.get(end.limit)
    if not passed:
        return end
    left = end.value - passed
    return replace(end, value=left if left > SPENT * end.value else 0.0)

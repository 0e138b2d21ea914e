"""Compile a programme for one cell and one instrument, or say what is nonsense in it."""

import json
from collections.abc import Iterator, Sequence

from operando.config.programme import steps as written
from operando.config.programme.facts import Facts
from operando.config.programme.lowered import Lowered
from operando.config.programme.lowering import Lowering, Untold
from operando.config.programme.model import Programme
from operando.config.programme.sequence_checks import wrong_order
from operando.config.programme.step_checks import StepChecks
from operando.config.programme.wording import Words
from operando.errors import ConfigurationError
from operando.vocabulary import CellProgramme, Loop, Safety, Step, begun, depth, plain

LONGEST_TEXT = 65_000
"""Characters of a compiled programme in JSON: the EPICS record ``CELL:PROGRAMME`` holds 64 KiB."""
DEEPEST = 4
"""Loops around a step."""
MOST_STEPS = 1_000_000
"""Begun in one programme."""


def compile_programme(programme: Programme, facts: Facts) -> CellProgramme:
    """Return what the instrument runs.

    Parameters
    ----------
    programme : Programme
        As its author wrote it.
    facts : Facts
        What it must fit.

    Raises
    ------
    ConfigurationError
        One line for each thing that is nonsense: file, step and field.
    """
    where = f"{programme.file}: " if programme.file else "[programme] "
    try:
        lowering = Lowering(programme, facts.cell)
        parts = lowering.parts(programme.steps)
        safety = lowering.safety(programme.safety)
    except Untold as error:
        raise ConfigurationError(f"{where}{error}") from None
    if nonsense := list(dict.fromkeys(_nonsense(programme, parts, safety, lowering.steps, facts))):
        raise ConfigurationError("\n".join(f"{where}{line}" for line in nonsense))
    compiled = CellProgramme(
        name=programme.name,
        parts=parts,
        safety=safety,
        source=programme.source,
        hash=programme.hash,
        counter_electrode_potential=facts.cell.counter_electrode_potential,
    )
    if (size := len(json.dumps(plain(compiled)))) > LONGEST_TEXT:
        raise ConfigurationError(
            f"{where}steps: {len(lowering.steps)} of them and the source make {size} characters, of which the record "
            f"holds {LONGEST_TEXT}; loops, and fewer comments, make it shorter"
        )
    return compiled


def _nonsense(
    programme: Programme, parts: Sequence[Step | Loop], safety: Safety, steps: Sequence[Lowered], facts: Facts
) -> Iterator[str]:
    yield from _wrong_safety(safety, facts)
    yield from _wrong_loops(programme.steps)
    if (all_begun := begun(parts)) > MOST_STEPS:
        yield f"steps: {all_begun} would be begun, all passes counted; at most {MOST_STEPS} are allowed"
        return
    if (deep := depth(parts)) > DEEPEST:
        yield f"steps: {deep} loops lie in each other; at most {DEEPEST} are allowed"
        return
    checks = StepChecks(facts, safety)
    for lowered in steps:
        yield from (f"{lowered} {what}" for what in checks.wrong(lowered))
    words = Words(facts.cell.counter_electrode_potential)
    numbered = {lowered.step.number: lowered for lowered in steps}
    yield from (f"{lowered} {what}" for lowered, what in wrong_order(parts, numbered, words))


def _wrong_safety(safety: Safety, facts: Facts) -> Iterator[str]:
    words, instrument = Words(facts.cell.counter_electrode_potential), facts.instrument
    for key in ("upper_voltage", "lower_voltage"):
        volts = getattr(safety, key)
        if volts is not None and not instrument.lowest_voltage <= volts <= instrument.highest_voltage:
            reach = f"{instrument.lowest_voltage:g} to {instrument.highest_voltage:g} V at the terminals"
            yield f"[safety] {key} = {words.voltage(volts)}: {instrument.name} goes from {reach}: it would never act"
    lower, upper = safety.lower_voltage, safety.upper_voltage
    if lower is not None and upper is not None and lower >= upper:
        yield f"[safety] lower_voltage = {words.voltage(lower)}: not below upper_voltage = {words.voltage(upper)}"
    if safety.current is not None and safety.current > instrument.current_limit:
        says, most = words.current(safety.current), words.current(instrument.current_limit)
        yield f"[safety] current is {says}: {instrument.name} may use {most}: it would never act"


def _wrong_loops(entries: Sequence[object], counted: str = "") -> Iterator[str]:
    for entry in entries:
        if not isinstance(entry, written.Loop):
            continue
        name = entry.name or "loop"
        if entry.cycles and counted:
            yield f"loop ({name}) cycles: it lies in loop ({counted}), whose passes are cycles already"
        yield from _wrong_loops(entry.steps, counted or (name if entry.cycles else ""))

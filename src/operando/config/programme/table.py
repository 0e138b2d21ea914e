"""A compiled programme as a table for people, and its potentials on both scales for a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from operando.config.programme.facts import CellFacts
from operando.config.programme.wording import Words
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Step,
    VoltageRamp,
)


@dataclass(frozen=True, slots=True)
class Row:
    """One step.

    Parameters
    ----------
    number : int
        Of the step.
    name : str
        As its author called it.
    kind : str
        Of the step.
    passes : str
        Of the loops around it, the outermost first: ``3 × 60``; ``1`` without one.
    does : str
        What is applied.
    ends : str
        Of which the first that is met ends it.
    """

    number: int
    name: str
    kind: str
    passes: str
    does: str
    ends: str


@dataclass(frozen=True, slots=True)
class StatedPotential:
    """A potential of a programme on both scales.

    Parameters
    ----------
    step : int
        Number of the step; 0 for the safety limits.
    what : str
        What it is there: ``until_voltage_above``, ``voltage``, ``begin``, ``end``, ``bias``, ``upper_voltage`` …
    at_terminals : float
        V between the terminals.
    against_lithium : float
        V vs Li/Li+.
    """

    step: int
    what: str
    at_terminals: float
    against_lithium: float


def table(programme: CellProgramme, cell: CellFacts | None = None) -> tuple[Row, ...]:
    """Return a row a step, in the order of reading.

    Parameters
    ----------
    programme : CellProgramme
        Compiled.
    cell : CellFacts or None
        With it currents are given per gram and as a C-rate, too.
    """
    words = Words(programme.counter_electrode_potential)
    return tuple(
        Row(step.number, step.name, step.kind, passes, _does(step, words, cell), _ends(step, words))
        for step, passes in _with_passes(programme.parts, ())
    )


def potentials(programme: CellProgramme) -> tuple[StatedPotential, ...]:
    """Return every potential that a programme names."""
    counter = programme.counter_electrode_potential
    found = [(step.number, *named) for step in programme.steps for named in _named_potentials(step)]
    safety = programme.safety
    found += [(0, "upper_voltage", safety.upper_voltage), (0, "lower_voltage", safety.lower_voltage)]
    return tuple(
        StatedPotential(step, what, volts, volts + counter) for step, what, volts in found if volts is not None
    )


def voltage_range(programme: CellProgramme) -> tuple[float, float] | None:
    """Return the lowest and the highest voltage (V at the terminals) that the steps lead to; None if they name none."""
    volts = [stated.at_terminals for stated in potentials(programme) if stated.step]
    return (min(volts), max(volts)) if volts else None


def as_text(rows: Sequence[Row]) -> str:
    """Return the rows as aligned lines."""
    cells = [("", "step", "passes", "does", "until")]
    cells += [(str(row.number), row.name, row.passes, row.does, row.ends) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = (
        "  ".join([*(text.ljust(width) for text, width in zip(line, widths, strict=False)), line[4]]) for line in cells
    )
    return "\n".join(line.rstrip() for line in lines)


def _with_passes(parts: Sequence[Step | Loop], around: tuple[int, ...]) -> Iterator[tuple[Step, str]]:
    for part in parts:
        if isinstance(part, Loop):
            yield from _with_passes(part.parts, (*around, part.passes))
        else:
            yield part, " × ".join(map(str, around)) or "1"


def _does(step: Step, words: Words, cell: CellFacts | None) -> str:
    match step:
        case ConstantCurrent(current=current):
            return f"{'charge' if current > 0 else 'discharge'} with {_current(abs(current), words, cell)}"
        case ConstantVoltage(voltage=voltage, current_limit=limit):
            return f"hold {words.voltage(voltage)}, at most {words.current(limit)}"
        case VoltageRamp(begin=begin, end=end, rate=rate):
            start = "the open-circuit voltage" if begin is None else words.voltage(begin)
            return f"ramp from {start} to {words.voltage(end)} at {1000.0 * rate:g} mV/s"
        case Impedance():
            return _spectrum(step, words)
        case _:
            return "open circuit"


def _spectrum(step: Impedance, words: Words) -> str:
    span = f"{step.high_frequency:g} to {step.low_frequency:g} Hz, {step.points_per_decade} a decade"
    if step.galvanostatic:
        about = words.current(step.bias) if step.bias else "no current"
        return f"GEIS {span}, {words.current(step.amplitude)} rms about {about}"
    about = "the open-circuit voltage" if step.bias is None else words.voltage(step.bias)
    return f"EIS {span}, {1000.0 * step.amplitude:g} mV rms about {about}"


def _current(amperes: float, words: Words, cell: CellFacts | None) -> str:
    also = []
    if cell and cell.active_mass:
        also.append(f"{1000.0 * amperes / cell.active_mass:.5g} mA/g")
    if cell and cell.nominal_capacity:
        also.append(f"{amperes / cell.nominal_capacity:.5g} C")
    return words.current(amperes) + (f" ({', '.join(also)})" if also else "")


def _ends(step: Step, words: Words) -> str:
    return " or ".join(_end(end, words) for end in step.ends)


def _end(end: End, words: Words) -> str:
    side = "≤" if end.below else "≥"
    match end.limit:
        case Limit.TIME:
            return f"{end.value:g} s"
        case Limit.VOLTAGE:
            return f"{side} {words.voltage(end.value)}"
        case Limit.CURRENT:
            return f"{side} {words.current(end.value)}"
        case Limit.CHARGE:
            return words.charge(end.value)
        case Limit.TEMPERATURE:
            return f"{side} {end.value:g} °C"
        case Limit.MEASUREMENT:
            return "a measurement is done"


def _named_potentials(step: Step) -> Iterator[tuple[str, float | None]]:
    for end in step.ends:
        if end.limit is Limit.VOLTAGE:
            yield f"until_voltage_{'below' if end.below else 'above'}", end.value
    match step:
        case ConstantVoltage(voltage=voltage):
            yield "voltage", voltage
        case VoltageRamp(begin=begin, end=target):
            yield "begin", begin
            yield "end", target
        case Impedance(galvanostatic=False, bias=bias):
            yield "bias", bias

"""What an instrument cannot do, or what makes no sense, is refused before anything is sent."""

import math
from collections.abc import Iterator
from dataclasses import fields

from operando.errors import RequestRefused
from operando.instruments.methodscript.capabilities import LONGEST_STEP, SHORTEST_INTERVAL, Model
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Safety,
    Step,
    VoltageRamp,
)

LONGEST_SPECTRUM = 1000
"""Points."""
PERIODS = 3
"""Of the modulation that a point takes, about."""
LONGEST_POINT = 30.0
"""s in which a current may flow while the voltage is not looked at."""
SMALLEST = 1e-11
"""A or A h: a ten-thousandth of the finest range, and what it passes in an hour."""


def check(programme: CellProgramme, model: Model) -> None:
    """Raise `RequestRefused` for the first thing that cannot be, or return."""
    _check_parts(programme.parts)
    for complaint in _of_safety(programme.safety, model):
        raise RequestRefused(f"{model.name}: safety: {complaint}; nothing was started")
    for step in programme.steps:
        for complaint in (*_of_any_step(step, model), *_of_kind(step, model), *_beyond_safety(step, programme.safety)):
            raise RequestRefused(f"{model.name}: step {step.number} ({step.name!r}): {complaint}; nothing was started")


def _check_parts(parts: tuple[Step | Loop, ...]) -> None:
    if not parts:
        raise RequestRefused("EmStat4: a programme or a loop without a step was asked for; nothing was started")
    for part in parts:
        if isinstance(part, Loop):
            if part.passes < 1:
                raise RequestRefused(f"EmStat4: {part.passes} passes of a loop are less than one; nothing was started")
            _check_parts(part.parts)


def _of_any_step(step: Step, model: Model) -> Iterator[str]:
    for field in fields(step):
        value = getattr(step, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            yield f"{field.name} = {value:g} is no number"
    times = [end.value for end in step.ends if end.limit is Limit.TIME]
    if len(times) != 1 or not 0 < times[0] <= LONGEST_STEP:
        said = ", ".join(f"{time:g} s" for time in times) or "none"
        yield f"a step has one time after which it ends, above 0 s and up to 30 days; {said} was given"
    if not step.sample_interval > 0:
        yield f"a sample interval of {step.sample_interval:g} s is not above 0"
    for end in step.ends:
        yield from _of_end(end, model)


def _of_end(end: End, model: Model) -> Iterator[str]:
    without_sign = end.limit in (Limit.CURRENT, Limit.CHARGE)
    if not math.isfinite(end.value):
        yield f"the end at a {end.limit} of {end.value:g} is no number"
    elif without_sign and end.value < 0:
        yield f"the end at a {end.limit} of {end.value:g} is below zero, and is meant without its sign"
    elif without_sign and not end.below and end.value < SMALLEST:
        yield f"the end at a {end.limit} of {end.value:g} is smaller than what can be measured"
    elif end.limit is Limit.VOLTAGE:
        yield from _beyond("the end at a voltage", end.value, model.voltage_range, "V", model)


def _of_kind(step: Step, model: Model) -> Iterator[str]:
    match step:
        case ConstantCurrent():
            yield from _beyond("a current", step.current, model.current_limit, "A", model)
            if abs(step.current) < SMALLEST:
                yield f"a current of {step.current:g} A is a rest"
        case ConstantVoltage():
            yield from _beyond("a voltage", step.voltage, model.voltage_range, "V", model)
            yield from _limit(step.current_limit, model)
        case VoltageRamp():
            yield from _of_ramp(step, model)
        case Impedance():
            yield from _of_impedance(step, model)


def _of_ramp(step: VoltageRamp, model: Model) -> Iterator[str]:
    for end in (step.begin, step.end):
        yield from _beyond("an end of the ramp", end or 0.0, model.voltage_range, "V", model)
    if step.begin == step.end:
        yield f"a ramp from {step.end:g} V to where it begins"
    if not 0 < step.rate * SHORTEST_INTERVAL <= model.voltage_range:
        fastest = model.voltage_range / SHORTEST_INTERVAL
        yield f"a rate of {step.rate:g} V/s is not above 0 and up to {fastest:g} V/s"
    yield from _limit(step.current_limit, model)


def _of_impedance(step: Impedance, model: Model) -> Iterator[str]:
    low, high = step.low_frequency, step.high_frequency
    if not model.lowest_frequency <= low <= high <= model.highest_frequency:
        yield (
            f"frequencies of {low:g} and {high:g} Hz are not in order within {model.lowest_frequency:g} to "
            f"{model.highest_frequency:g} Hz ({model.name})"
        )
        return
    if step.points_per_decade < 1 or points(step) > LONGEST_SPECTRUM:
        yield f"{step.points_per_decade} points a decade make no spectrum of 1 to {LONGEST_SPECTRUM} points"
    for end in step.ends:
        if end.limit in (Limit.VOLTAGE, Limit.CURRENT):
            yield f"an end at a {end.limit}: a spectrum measures none"
    yield from _limit(step.current_limit, model)
    current = step.galvanostatic
    limit, unit = (model.current_limit, "A") if current else (model.largest_amplitude, "V")
    if not 0 < step.amplitude <= limit:
        yield f"an amplitude of {step.amplitude:g} {unit} is not between 0 and {limit:g} {unit}"
    if current and step.bias and PERIODS / low > LONGEST_POINT:
        yield (
            f"a bias of {step.bias:g} A down to {low:g} Hz: nobody looks at the voltage for {PERIODS / low:g} s, "
            f"{LONGEST_POINT:g} s are allowed"
        )
    extreme, largest = abs(step.bias or 0.0) + peak(step), model.current_limit if current else model.voltage_range
    yield from _beyond("bias and amplitude", extreme, largest, unit, model)


def peak(step: Impedance) -> float:
    """Return the largest excursion of the modulation, V or A."""
    return math.sqrt(2) * step.amplitude


def points(step: Impedance) -> int:
    """Return how many frequencies are measured, both ends included."""
    return round(math.log10(step.high_frequency / step.low_frequency) * step.points_per_decade) + 1


def _of_safety(safety: Safety, model: Model) -> Iterator[str]:
    for name in ("upper_voltage", "lower_voltage", "current", "charge", "delay"):
        value = getattr(safety, name)
        if value is not None and not math.isfinite(value):
            yield f"{name} = {value:g} is no number"
    for limit in (safety.upper_voltage, safety.lower_voltage):
        yield from _beyond("a voltage", limit or 0.0, model.voltage_range, "V", model)
    low, high = safety.lower_voltage, safety.upper_voltage
    if low is not None and high is not None and low >= high:
        yield f"a lower voltage of {low:g} V is not below the upper one of {high:g} V"
    for name, value in (("current", safety.current), ("charge", safety.charge)):
        if value is not None and value <= 0:
            yield f"{name} = {value:g} is not above 0"
    if safety.delay < 0:
        yield f"a delay of {safety.delay:g} s is below 0"


def _beyond_safety(step: Step, safety: Safety) -> Iterator[str]:
    """Refuse what the programme's own safety would stop at once, and what a script cannot watch: a spectrum."""
    voltages: tuple[float, ...] = ()
    current = 0.0
    match step:
        case ConstantCurrent():
            current = abs(step.current)
        case ConstantVoltage():
            voltages = (step.voltage,)
        case VoltageRamp():
            voltages = tuple(volts for volts in (step.begin, step.end) if volts is not None)
        case Impedance(galvanostatic=True):
            current = abs(step.bias or 0.0) + peak(step)
        case Impedance(bias=float() as bias):
            voltages = (bias - peak(step), bias + peak(step))
    for volts in voltages:
        if safety.upper_voltage is not None and volts > safety.upper_voltage:
            yield f"{volts:g} V is above the safety limit of {safety.upper_voltage:g} V"
        if safety.lower_voltage is not None and volts < safety.lower_voltage:
            yield f"{volts:g} V is below the safety limit of {safety.lower_voltage:g} V"
    if safety.current is not None and current > safety.current:
        yield f"{current:g} A is above the safety limit of {safety.current:g} A"


def _beyond(what: str, value: float, limit: float, unit: str, model: Model) -> Iterator[str]:
    if not abs(value) <= limit:
        yield f"{what}: {value:g} {unit} was asked for, the limit is {limit:g} {unit} ({model.name})"


def _limit(current: float, model: Model) -> Iterator[str]:
    if not current > 0:
        yield f"a current limit of {current:g} A is not above 0"
    yield from _beyond("a current limit", current, model.current_limit, "A", model)

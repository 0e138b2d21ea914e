"""What no single step may ask: more than the instrument has, ends that cannot come, a cell without a bound."""

import math
from collections.abc import Iterator

from operando.config.programme.facts import Facts
from operando.config.programme.lowered import Lowered
from operando.config.programme.wording import Words
from operando.vocabulary import (
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Rest,
    Safety,
    VoltageRamp,
)

OWN_END_WANTED = (Rest, ConstantCurrent, ConstantVoltage)
MOST_POINTS = 1000
"""Of a spectrum."""
SMALLEST_CHARGE = 1e-11
"""A h: less is lost in the noise of the smallest range."""
SHARE_OF_A_POINT = 0.05
"""Of the cell's capacity: what may pass within one point of a galvanostatic spectrum."""
PERIODS = 3.0
"""Of one frequency that an instrument may need for a point."""
SLOWEST_WITH_BIAS = 0.1
"""Hz: during a point nobody looks at the voltage, and a current that flows on may not do so for longer than 30 s."""
FASTEST_RAMP = 300.0
"""V/s."""
SLOWEST_RAMP = 1e-5
"""V/s: limits and time are looked at on each stair of a ramp, some 0.1 mV high, and nowhere between two."""
BEYOND_THEORY = 1.5
"""Times the theoretical capacity: what leaks and side reactions may take, not more."""
PEAK = math.sqrt(2.0)
"""Of a sine, over its root mean square."""


class StepChecks:
    """Looks at one step after the other.

    Parameters
    ----------
    facts : Facts
        What the programme must fit.
    safety : Safety
        The programme's own.
    """

    def __init__(self, facts: Facts, safety: Safety) -> None:
        self._instrument = facts.instrument
        self._temperatures = facts.temperatures
        self._safety = safety
        self._capacity = facts.cell.theoretical_capacity or math.inf
        self._nominal = facts.cell.nominal_capacity or self._capacity
        self._words = Words(facts.cell.counter_electrode_potential)

    def wrong(self, it: Lowered) -> Iterator[str]:
        """Yield what is wrong with a step; the field comes first."""
        step = it.step
        if step.kind not in self._instrument.kinds:
            yield f"kind: {self._instrument.name} does {', '.join(sorted(self._instrument.kinds))}; not {step.kind}"
            return
        if isinstance(step, OWN_END_WANTED) and not it.own_ends:
            yield "until_…: nothing says when it ends; an end is wanted"
        if not isinstance(step, Impedance) and step.longest < step.sample_interval:
            time = next(it.ends(Limit.TIME))
            yield f"{it.key(time)} = {step.longest:g} s: two samples are {step.sample_interval:g} s apart"
        if step.sample_interval < (least := self._instrument.shortest_interval):
            yield f"sample_interval_s = {step.sample_interval:g} s: {self._instrument.name} needs {least:g} s"
        yield from self._ends(it)
        match step:
            case ConstantCurrent():
                yield from self._current(it, step)
            case ConstantVoltage():
                yield from self._voltage(it, step)
            case VoltageRamp():
                yield from self._ramp(it, step)
            case Impedance():
                yield from self._spectrum(it, step)

    def _ends(self, it: Lowered) -> Iterator[str]:
        for end in it.ends(Limit.VOLTAGE):
            yield from self._reachable(it, end, end.value)
        above, below = it.end(Limit.VOLTAGE), it.end(Limit.VOLTAGE, below=True)
        if above and below and below.value >= above.value:
            yield f"{self._volts(it, below)}: not below {self._volts(it, above)}"
        for end in it.ends(Limit.TEMPERATURE):
            low, high = self._temperatures or (-math.inf, math.inf)
            if (end.below and end.value < low) or (not end.below and end.value > high):
                yield f"{it.key(end)} = {end.value:g} °C: the heater goes from {low:g} to {high:g} °C only"
        for end in it.ends(Limit.CHARGE):
            if self._safety.charge is not None and end.value >= self._safety.charge:
                limit = self._words.charge(self._safety.charge)
                yield f"{it.key(end)} is {self._words.charge(end.value)}: [safety] charge ends the programme at {limit}"
            if end.value < SMALLEST_CHARGE:
                least = self._words.charge(SMALLEST_CHARGE)
                yield f"{it.key(end)} is {self._words.charge(end.value)}: less than {least} cannot be measured"
            if end.value > BEYOND_THEORY * self._capacity:
                most = self._words.charge(self._capacity)
                yield f"{it.key(end)} is {self._words.charge(end.value)}: the active mass has {most} in theory"

    def _current(self, it: Lowered, step: ConstantCurrent) -> Iterator[str]:
        yield from self._in_range(it, "current", step.current)
        if self._safety.current is not None and abs(step.current) >= self._safety.current:
            limit = self._words.current(self._safety.current)
            yield f"{self._amperes(it, 'current', step.current)}: [safety] current ends the programme at {limit}"
        charging = step.current > 0
        if wrong := it.end(Limit.VOLTAGE, below=charging):
            does, wanted = ("charging raises", "above") if charging else ("discharging lowers", "below")
            yield f"{self._volts(it, wrong)}: {does} the voltage; until_voltage_{wanted} is wanted"
        elif not it.end(Limit.VOLTAGE, below=not charging) and not self._bounded(upwards=charging):
            side, limit = ("above", "upper") if charging else ("below", "lower")
            yield f"until_voltage_{side}: missing; it, or [safety] {limit}_voltage, must stop the cell's voltage"
        yield from self._charge_in_time(it, abs(step.current))

    def _voltage(self, it: Lowered, step: ConstantVoltage) -> Iterator[str]:
        yield from self._reachable(it, "voltage", step.voltage)
        yield from self._in_range(it, "current_limit", step.current_limit)
        taper = it.end(Limit.CURRENT, below=True)
        if taper and taper.value >= step.current_limit:
            limit = self._amperes(it, "current_limit", step.current_limit)
            yield f"{self._amperes(it, taper, taper.value)}: not below {limit}: it would be met at once"
        if taper and taper.value < self._instrument.smallest_current:
            least = self._words.current(self._instrument.smallest_current)
            yield f"{self._amperes(it, taper, taper.value)}: {self._instrument.name} measures from {least} on"
        yield from self._charge_in_time(it, step.current_limit)

    def _ramp(self, it: Lowered, step: VoltageRamp) -> Iterator[str]:
        for name, volts in (("begin", step.begin), ("end", step.end)):
            if volts is not None:
                yield from self._reachable(it, name, volts)
        yield from self._in_range(it, "current_limit", step.current_limit)
        if step.rate > FASTEST_RAMP:
            yield f"rate_mV_per_s = {1000.0 * step.rate:g}: at most {1000.0 * FASTEST_RAMP:g} mV/s"
        if step.rate < SLOWEST_RAMP:
            least = f"at least {1000.0 * SLOWEST_RAMP:g} mV/s"
            yield f"rate_mV_per_s = {1000.0 * step.rate:g}: {least}; nobody would look at the limits for too long"
        if step.begin is None:
            return
        if step.begin == step.end:
            yield f"end = {self._words.voltage(step.end)}: where it begins"
        takes = abs(step.end - step.begin) / step.rate
        if takes > step.longest:
            time = next(it.ends(Limit.TIME))
            yield f"{it.key(time)} = {step.longest:g} s: the ramp takes {takes:g} s"

    def _spectrum(self, it: Lowered, step: Impedance) -> Iterator[str]:
        low, high = self._instrument.lowest_frequency, self._instrument.highest_frequency
        for name in ("low_frequency", "high_frequency"):
            value = getattr(step, name)
            if not low <= value <= high:
                yield f"{it.key(name)} = {value:g} Hz: {self._instrument.name} measures from {low:g} to {high:g} Hz"
        if step.low_frequency >= step.high_frequency:
            yield f"low_frequency_Hz = {step.low_frequency:g} Hz: not below {step.high_frequency:g} Hz"
            return
        if (takes := spectrum_time(step)) > step.longest:
            time = next(it.ends(Limit.TIME))
            yield f"{it.key(time)} = {step.longest:g} s: one period of each frequency alone takes {takes:.3g} s"
        if (points := spectrum_points(step)) > MOST_POINTS:
            yield f"points_per_decade = {step.points_per_decade}: {points} frequencies; at most {MOST_POINTS}"
        yield from self._in_range(it, "current_limit", step.current_limit)
        if step.galvanostatic:
            yield from self._in_range(it, "amplitude", step.amplitude)
            yield from self._charge_of_a_period(it, step)
            if self._safety.current is not None and step.current_limit >= self._safety.current:
                limit = self._words.current(self._safety.current)
                says = self._amperes(it, "amplitude", step.current_limit)
                yield f"{says} at the peak: [safety] current ends the programme at {limit}"
            if step.bias and step.low_frequency < SLOWEST_WITH_BIAS:
                what = f"with a bias nobody looks at the voltage for {PERIODS / step.low_frequency:.3g} s of one point"
                yield f"low_frequency_Hz = {step.low_frequency:g} Hz: {what}; {SLOWEST_WITH_BIAS:g} Hz is the lowest"
            if step.bias and not self._bounded(upwards=step.bias > 0):
                limit = "upper" if step.bias > 0 else "lower"
                yield f"{self._amperes(it, 'bias', step.bias)}: [safety] {limit}_voltage must stop the cell's voltage"
        elif step.bias is not None:
            for peak in (step.bias - PEAK * step.amplitude, step.bias + PEAK * step.amplitude):
                yield from self._reachable(it, "bias", peak)

    def _charge_of_a_period(self, it: Lowered, step: Impedance) -> Iterator[str]:
        """Complain of a slow modulation that fills or empties the cell within a point, where nothing can watch."""
        amperes = PEAK * step.amplitude / math.pi + PERIODS * abs(step.bias or 0.0)
        charge = amperes / step.low_frequency / 3600.0
        if charge > SHARE_OF_A_POINT * self._nominal:
            most = self._words.charge(SHARE_OF_A_POINT * self._nominal)
            yield (
                f"low_frequency_Hz = {step.low_frequency:g} Hz: within one point {self._words.charge(charge)} would "
                f"pass, where no limit is looked at; at most {most} ({SHARE_OF_A_POINT:.0%} of the capacity) may"
            )

    def _reachable(self, it: Lowered, of: str | End, volts: float) -> Iterator[str]:
        low, high = self._instrument.lowest_voltage, self._instrument.highest_voltage
        says = f"{it.key(of)} = {self._words.voltage(volts)}"
        if not low <= volts <= high:
            yield f"{says}: {self._instrument.name} goes from {low:g} to {high:g} V at the terminals"
        upper, lower = self._safety.upper_voltage, self._safety.lower_voltage
        if upper is not None and volts >= upper:
            yield f"{says}: [safety] upper_voltage ends the programme at {self._words.voltage(upper)}"
        if lower is not None and volts <= lower:
            yield f"{says}: [safety] lower_voltage ends the programme at {self._words.voltage(lower)}"

    def _in_range(self, it: Lowered, of: str, amperes: float) -> Iterator[str]:
        least, most = self._instrument.smallest_current, self._instrument.current_limit
        if not least <= abs(amperes) <= most:
            allowed = (
                f"from {self._words.current(least)} to {self._words.current(most)} ([potentiostat] current_limit_A)"
            )
            yield f"{self._amperes(it, of, amperes)}: {self._instrument.name} may use {allowed}"

    def _charge_in_time(self, it: Lowered, amperes: float) -> Iterator[str]:
        most = amperes * it.step.longest / 3600.0
        time = next(it.ends(Limit.TIME))
        for end in it.ends(Limit.CHARGE):
            if end.value > most * (1 + 1e-9):
                what = f"{it.key(end)} is {self._words.charge(end.value)}"
                yield f"{what}: {it.key(time)} = {it.step.longest:g} s lets {self._words.charge(most)} pass at most"

    def _bounded(self, *, upwards: bool) -> bool:
        return (self._safety.upper_voltage if upwards else self._safety.lower_voltage) is not None

    def _volts(self, it: Lowered, end: End) -> str:
        return f"{it.key(end)} = {self._words.voltage(end.value)}"

    def _amperes(self, it: Lowered, of: str | End, amperes: float) -> str:
        return f"{it.key(of)} is {self._words.current(amperes)}"


def spectrum_points(step: Impedance) -> int:
    """Return how many frequencies are measured, both ends included."""
    return max(1, round(math.log10(step.high_frequency / step.low_frequency) * step.points_per_decade)) + 1


def spectrum_time(step: Impedance) -> float:
    """Return the s that one period of each frequency of a spectrum takes together."""
    count = spectrum_points(step)
    ratio: float = (step.high_frequency / step.low_frequency) ** (1.0 / (count - 1))
    return math.fsum(1.0 / (step.low_frequency * ratio**index) for index in range(count))

"""From what an author writes to what an instrument runs: A, V between the terminals, and sugar taken apart."""

import math
from collections.abc import Sequence
from typing import Any

from operando.config._model import Table
from operando.config.programme import steps as written
from operando.config.programme.amounts import Potential, given
from operando.config.programme.complaints import step_place
from operando.config.programme.facts import CellFacts
from operando.config.programme.lowered import Lowered
from operando.config.programme.model import Programme, SafetyLimits
from operando.vocabulary import (
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Rest,
    Safety,
    Step,
    VoltageRamp,
)

Keys = dict[str | End, str]


class Untold(ValueError):
    """Something of the cell that a programme needs and nobody has said."""


class Lowering:
    """Takes one programme apart.

    Parameters
    ----------
    programme : Programme
        As its author wrote it.
    cell : CellFacts
        What is known of the cell.
    """

    def __init__(self, programme: Programme, cell: CellFacts) -> None:
        self._programme = programme
        self._cell = cell
        self.steps: list[Lowered] = []
        """Every step once, in the order of reading."""

    def parts(self, entries: Sequence[Any], *, outermost: bool = True) -> tuple[Step | Loop, ...]:
        """Return what a list of steps and loops becomes.

        Raises
        ------
        Untold
            Something of the cell that it needs.
        """
        return tuple(part for entry in entries for part in self._parts(entry, outermost=outermost))

    def safety(self, limits: SafetyLimits) -> Safety:
        """Return what the instrument keeps.

        Raises
        ------
        Untold
            Something of the cell that it needs.
        """
        try:
            return Safety(
                upper_voltage=self._volts_if_given(limits.upper_voltage),
                lower_voltage=self._volts_if_given(limits.lower_voltage),
                current=self._amount(limits, "current"),
                charge=self._amount(limits, "charge"),
                delay=limits.delay_s,
            )
        except Untold as error:
            raise Untold(f"[safety] {error}") from None

    def _parts(self, entry: Any, *, outermost: bool) -> tuple[Step | Loop, ...]:
        if isinstance(entry, written.Loop):
            counts = entry.cycles if entry.cycles is not None else outermost and not _counts_inside(entry)
            return (Loop(entry.passes, self.parts(entry.steps, outermost=False), counts),)
        first = len(self.steps)
        try:
            self.steps.extend(self._steps(entry))
        except Untold as error:
            raise Untold(f"{step_place(first + 1, entry.name or entry.kind)} {error}") from None
        made = tuple(lowered.step for lowered in self.steps[first:])
        return (Loop(entry.pulses, made),) if isinstance(entry, written.Gitt) else made

    def _steps(self, entry: Any) -> list[Lowered]:
        match entry:
            case written.Rest():
                return [self._lowered(Rest, entry)]
            case written.ConstantCurrent():
                return [self._lowered(ConstantCurrent, entry, current=self._current(entry))]
            case written.ConstantVoltage():
                return [self._held(entry)]
            case written.CurrentThenVoltage():
                return self._current_then_voltage(entry)
            case written.Gitt():
                return self._pulse_and_rest(entry)
            case written.VoltageRamp():
                return [self._ramp(entry)]
            case _:
                return [self._spectrum(entry)]

    def _held(self, entry: written.ConstantVoltage) -> Lowered:
        limit = self._named(entry, "current_limit")
        return self._lowered(
            ConstantVoltage, entry, voltage=(self._volts(entry.voltage), "voltage"), current_limit=limit
        )

    def _current_then_voltage(self, entry: written.CurrentThenVoltage) -> list[Lowered]:
        (current, key), volts = self._current(entry), self._volts(entry.voltage)
        cutoff = End(Limit.VOLTAGE, volts, below=current < 0)
        first = self._lowered(
            ConstantCurrent, entry, 0, "current", (cutoff, "voltage"), "current_time_s", current=(current, key)
        )
        # What flowed last flows first; half as much again lets a range be chosen that it cannot overload.
        limit = (1.5 * abs(current), key)
        then = self._lowered(
            ConstantVoltage, entry, 1, "voltage", None, "hold_time_s", voltage=(volts, "voltage"), current_limit=limit
        )
        return [first, then]

    def _pulse_and_rest(self, entry: written.Gitt) -> list[Lowered]:
        pulse = self._lowered(ConstantCurrent, entry, 0, "pulse", None, "pulse_time_s", current=self._current(entry))
        time = End(Limit.TIME, entry.rest_time_s)
        name = f"{entry.name or entry.kind}, rest"
        number = len(self.steps) + 2
        rest = Rest(number=number, name=name, ends=(time,), sample_interval=self._interval(entry))
        return [pulse, Lowered(rest, {time: "rest_time_s"})]

    def _ramp(self, entry: written.VoltageRamp) -> Lowered:
        begin = self._volts_if_given(entry.begin)
        return self._lowered(
            VoltageRamp,
            entry,
            begin=(begin, "begin"),
            end=(self._volts(entry.end), "end"),
            rate=(entry.rate_mV_per_s / 1000.0, "rate_mV_per_s"),
            current_limit=self._named(entry, "current_limit"),
        )

    def _spectrum(self, entry: written.Eis | written.Geis) -> Lowered:
        if isinstance(entry, written.Eis):
            amplitude = (entry.amplitude_mV / 1000.0, "amplitude_mV")
            bias = (self._volts_if_given(entry.bias), "bias")
            limit = self._named(entry, "current_limit")
        else:
            amplitude, bias = self._named(entry, "amplitude"), (None, "bias_A")
            if given(entry, "bias"):
                bias = self._named(entry, "bias")
            limit = (abs(bias[0] or 0.0) + math.sqrt(2.0) * amplitude[0], amplitude[1])
        return self._lowered(
            Impedance,
            entry,
            galvanostatic=(isinstance(entry, written.Geis), "kind"),
            amplitude=amplitude,
            bias=bias,
            high_frequency=(entry.high_frequency_Hz, "high_frequency_Hz"),
            low_frequency=(entry.low_frequency_Hz, "low_frequency_Hz"),
            points_per_decade=(entry.points_per_decade, "points_per_decade"),
            current_limit=limit,
        )

    def _lowered(
        self,
        kind: type[Step],
        entry: Any,
        offset: int = 0,
        part: str = "",
        cutoff: tuple[End, str] | None = None,
        time_key: str = "until_time_s",
        **attributes: tuple[Any, str],
    ) -> Lowered:
        """Return a step of a kind; each attribute comes with the key that said it."""
        name = entry.name or entry.kind
        ends = {cutoff[0]: cutoff[1]} if cutoff else self._ends(entry, part)
        own = getattr(entry, time_key)
        time = End(Limit.TIME, own or self._programme.step_time_limit_s)
        ends[time] = time_key if own else "step_time_limit_s"
        step = kind(
            number=len(self.steps) + 1 + offset,
            name=f"{name}, {part}" if part else name,
            ends=tuple(ends),
            sample_interval=self._interval(entry),
            **{attribute: value for attribute, (value, _) in attributes.items()},
        )
        keys: Keys = {attribute: key for attribute, (_, key) in attributes.items()}
        keys.update((end, key) for end, key in ends.items())
        return Lowered(step, keys, own_ends=len(ends) > 1 or own is not None)

    def _ends(self, entry: Any, part: str) -> dict[End, str]:
        """Return the ends of a step but for its time, in the order in which they are looked at."""
        found: dict[End, str] = {}
        for below, side in ((False, "above"), (True, "below")):
            if potential := getattr(entry, key := f"until_voltage_{side}", None):
                found[End(Limit.VOLTAGE, self._volts(potential), below)] = key
        if part != "current" and (key := given(entry, "until_current_below")):
            found[End(Limit.CURRENT, self._amount(entry, "until_current_below") or 0.0, below=True)] = key
        if key := given(entry, "until_charge"):
            found[End(Limit.CHARGE, self._amount(entry, "until_charge") or 0.0)] = key
        for below, side in ((False, "above"), (True, "below")):
            if (celsius := getattr(entry, key := f"until_temperature_{side}_C", None)) is not None:
                found[End(Limit.TEMPERATURE, celsius, below)] = key
        if getattr(entry, "until_measurement", None):
            found[End(Limit.MEASUREMENT)] = "until_measurement"
        return found

    def _interval(self, entry: Any) -> float:
        own: float | None = entry.sample_interval_s
        return own or self._programme.sample_interval_s

    def _volts(self, potential: Potential) -> float:
        return potential.at_terminals(self._cell.counter_electrode_potential)

    def _volts_if_given(self, potential: Potential | None) -> float | None:
        return self._volts(potential) if potential else None

    def _current(self, entry: Table) -> tuple[float, str]:
        return self._named(entry, "current")

    def _named(self, entry: Table, stem: str) -> tuple[float, str]:
        return self._amount(entry, stem) or 0.0, given(entry, stem)

    def _amount(self, table: Table, stem: str) -> float | None:
        """Return A or A h."""
        key = given(table, stem)
        if not key:
            return None
        value: float = getattr(table, key)
        if key.endswith("_A"):
            return value
        if key.endswith("_mAh"):
            return value / 1000.0
        if key.endswith("_C_rate"):
            if self._cell.nominal_capacity is None:
                raise Untold(f"{key} = {value:g}: a C-rate needs [cell] nominal_capacity_mAh")
            return value * self._cell.nominal_capacity
        if self._cell.active_mass is None:
            raise Untold(f"{key} = {value:g}: what is per gram needs [cell] active_mass_mg")
        return value / 1000.0 * self._cell.active_mass


def _counts_inside(loop: written.Loop) -> bool:
    inner = [entry for entry in loop.steps if isinstance(entry, written.Loop)]
    return any(entry.cycles or _counts_inside(entry) for entry in inner)

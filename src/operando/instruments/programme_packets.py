"""The packets of our scripts: which of the three kinds one is, and what it says."""

from dataclasses import dataclass, replace
from typing import Literal

from operando.instruments.methodscript import wire
from operando.instruments.packets import Variable
from operando.instruments.roles import ImpedancePoint, Said, Sample, StepEnd
from operando.vocabulary import End, Impedance, Limit, Step, VoltageRamp

Kind = Literal["sample", "point", "end"]
Variables = dict[str, Variable]

PLACE = (wire.TURN, wire.CYCLE, wire.STEP, wire.RUN)
POTENTIALS = (wire.POTENTIAL, wire.APPLIED_POTENTIAL)
CURRENTS = (wire.CURRENT, wire.APPLIED_CURRENT)
LONGEST_TURN = 1e6
"""s; a turn is an hour, but nothing is counted while a point of a spectrum lasts: 3e5 s at 10 µHz."""
SPECTRUM = (wire.FREQUENCY, wire.REAL, wire.IMAGINARY)


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet of our own scripts.

    Parameters
    ----------
    kind : str
        Sample, point of a spectrum, or end of a step.
    variables : dict
        By their type.
    elapsed : float
        s since the programme started.
    """

    kind: Kind
    variables: Variables
    elapsed: float

    def said(self, time_ns: int, arrival_ns: int, uncertainty_ns: int) -> Said:
        """Return what it says, measured at a time and come at another one (UTC, ns since the epoch)."""
        cycle, step, run = (round(self._value(kind)) for kind in (wire.CYCLE, wire.STEP, wire.RUN))
        if self.kind == "end":
            end = StepEnd(cycle, step, run, None, self.elapsed, time_ns, uncertainty_ns=uncertainty_ns)
            return replace(end, step_charge=self._value(wire.CHARGE), charge_before=self._value(wire.BEFORE))
        if self.kind == "point":
            frequency, real, imaginary = (self._value(kind) for kind in SPECTRUM)
            status = self._status(SPECTRUM)
            return ImpedancePoint(
                frequency, real, imaginary, self.elapsed, cycle, step, run, time_ns, status, uncertainty_ns
            )
        return Sample(
            voltage=self._value(*POTENTIALS),
            current=self._value(*CURRENTS),
            elapsed=self.elapsed,
            cycle=cycle,
            step=step,
            status=self._status(POTENTIALS + CURRENTS),
            time_ns=time_ns,
            arrival_ns=arrival_ns,
            run=run,
            step_charge=self._value(wire.CHARGE),
            uncertainty_ns=uncertainty_ns,
            charge_before=self._value(wire.BEFORE),
        )

    def named(self, end: StepEnd, step: Step | None, told: bool) -> StepEnd:
        """Name what ended a step.

        Parameters
        ----------
        end : StepEnd
            Not named.
        step : Step or None
            As the programme has it; None where the programme is not known: then no condition is named either.
        told : bool
            The host has ended a measurement loop.
        """
        code = round(self._value(wire.ENDED))
        if code in wire.SAFETY:
            return replace(end, safety=wire.SAFETY[code])
        if step is None:
            return end
        time = next(each for each in step.ends if each.limit is Limit.TIME)
        others: list[End] = [each for each in step.ends if each.limit is not Limit.TIME]
        if 1 <= code <= len(others):
            return replace(end, end=others[code - 1])
        if code == wire.BY_TIME:
            return replace(end, end=time)
        if told:
            return end
        if isinstance(step, Impedance | VoltageRamp):
            return replace(end, complete=True)
        return replace(end, end=time)  # the loop itself has run out

    def _value(self, *kinds: str) -> float:
        return next(self.variables[kind].value for kind in kinds if kind in self.variables)

    def _status(self, kinds: tuple[str, ...]) -> int:
        status = 0
        for kind in kinds:
            if kind in self.variables:
                status |= self.variables[kind].status or 0
        return status


def packet_of_ours(variables: Variables) -> Packet | None:
    """Return a packet of our scripts; None for one of somebody else's, or a damaged one."""
    time, counts = variables.get(wire.TIME), [variables.get(kind) for kind in PLACE]
    if time is None or not 0 <= time.value < LONGEST_TURN:
        return None
    if any(count is None or not count.whole or count.value < 0 for count in counts):
        return None
    kind = _kind(variables)
    if kind is None or variables[wire.CYCLE].value < 1:
        return None
    return Packet(kind, variables, variables[wire.TURN].value * wire.TURN_LENGTH + time.value)


def _kind(variables: Variables) -> Kind | None:
    """Tell the kind: what was measured says how, and what ended says why."""
    ended, counts = variables.get(wire.ENDED), variables.keys() >= {wire.CHARGE, wire.BEFORE}
    if ended is not None:
        return "end" if ended.whole and ended.value >= 0 and counts else None
    if variables.keys() >= set(SPECTRUM):
        return "point"
    potential = next((variables[kind] for kind in POTENTIALS if kind in variables), None)
    current = next((variables[kind] for kind in CURRENTS if kind in variables), None)
    if potential is None or current is None or not counts:
        return None
    measured = current if potential.type == wire.APPLIED_POTENTIAL else potential
    return "sample" if measured.status is not None else None

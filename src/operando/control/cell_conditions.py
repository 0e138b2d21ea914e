"""What a cell's own samples show: a short circuit, a lead that is off. One look a sample, whatever the rate."""

import math
from dataclasses import dataclass
from typing import ClassVar

from operando.control.conditions import Look, Numbers, Verdict, measured
from operando.vocabulary import of_channel


def _with(look: Look, plain: str, channel: str) -> float | None:
    """Return another value of the sample that is looked at; None where there is none of the same moment."""
    reading = look.readings.get(of_channel(plain, channel))
    if reading is None or look.reading is None or reading.time_ns != look.reading.time_ns:
        return None
    return measured(reading)


def _run(look: Look, channel: str) -> float:
    """Return which realised step the sample belongs to; 0 where that is not known."""
    return _with(look, "run", channel) or 0.0


@dataclass(frozen=True, slots=True)
class ShortCircuit:
    """The voltage collapses at constant current: from one sample to the next by more than a limit beyond the expected.

    Expected is up to three times the fall before it: the end of a discharge falls ever faster, up to twice as fast
    with each sample. Charge or discharge, the first pair after a change of step or of current is not judged.

    Parameters
    ----------
    limit : float
        V.
    channel : str
        Of the cell; empty for the main one.
    """

    limit: float
    channel: str = ""
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = False
    SAME: ClassVar[float] = 0.02
    """Relative difference between two currents that are the same, as they are measured."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare with the sample before; voltage and current must be of the same sample."""
        voltage, flow, run = measured(look.reading), _with(look, "current", self.channel), _run(look, self.channel)
        if voltage is None or flow is None:
            return Verdict(None, memory=memory)
        alone = ((voltage, flow, math.nan, run),)
        if not memory or run != memory[0][3]:
            return Verdict(False, 0.0, alone)
        before, flow_before, last_fall, _ = memory[0]
        if not math.isclose(flow, flow_before, rel_tol=self.SAME, abs_tol=1e-9):
            return Verdict(False, 0.0, alone)
        fall = before - voltage
        excess = fall - 3.0 * max(last_fall, 0.0)
        return Verdict(excess > self.limit, fall, ((voltage, flow, fall, run),))  # not a number at the first pair: no

    def words(self, value: float, unit: str) -> str:
        """Name fall and limit."""
        return f"has fallen by {value:.4f} {unit} at constant current, {self.limit:g} {unit} more than expected"


@dataclass(frozen=True, slots=True)
class CurrentSurge:
    """The current grows at a voltage that is held: a short circuit, where no voltage can show it.

    At a constant voltage a current only fades. It surges when it is more than twice that of the sample before, and by
    more than a limit.

    Parameters
    ----------
    limit : float
        Share of the current that the step may draw.
    channel : str
        Of the cell; empty for the main one.
    """

    limit: float
    channel: str = ""
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = False

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare with the sample before, of the same step."""
        flow, allowed = measured(look.reading), _with(look, "allowed_current", self.channel)
        if flow is None or allowed is None:
            return Verdict(None, memory=memory)
        size, run = abs(flow), _run(look, self.channel)
        seen = ((size, run),)
        if not memory or memory[0][1] != run:
            return Verdict(False, size, seen)
        before = memory[0][0]
        return Verdict(size > 2.0 * before and size - before > self.limit * allowed, size, seen)

    def words(self, value: float, unit: str) -> str:
        """Name the current and the limit."""
        return f"has grown to {value:.3g} {unit} at a voltage that is held, by more than {self.limit:g} of its limit"


@dataclass(frozen=True, slots=True)
class LeadOff:
    """No current flows where one is asked for: a lead is off, or the cell is open inside.

    The instrument goes to the end of its voltage range, where its script ends the step for the voltage; so a single
    sample counts. One that was taken while the lead came off may still show most of its current, as a mean; its voltage
    has run away in the direction of the current. (A short circuit turns no voltage round, by a volt.)

    Parameters
    ----------
    limit : float
        Share of the current that is asked for, below which it does not flow.
    channel : str
        Of the cell; empty for the main one.
    """

    limit: float
    channel: str = ""
    every_step: ClassVar[bool] = False
    stands: ClassVar[bool] = False
    GONE: ClassVar[float] = 0.02
    """Of the current of the sample before, at a voltage that is held: no cell relaxes so fast."""
    RUN_AWAY: ClassVar[float] = 2.0
    """V from one sample of a step to the next: no cell at a constant current does that."""

    def judge(self, look: Look, memory: Numbers) -> Verdict:
        """Compare with what is asked for, and with the sample before."""
        flow, asked = measured(look.reading), _with(look, "asked_current", self.channel)
        if flow is None:
            return Verdict(None, memory=memory)
        size, run = abs(flow), _run(look, self.channel)
        before = memory[0][0] if memory and memory[0][1] == run else math.nan
        if asked is not None:
            voltage = _with(look, "voltage", self.channel)
            voltage = math.nan if voltage is None else voltage
            away = math.copysign(1.0, asked) * (voltage - before) > self.RUN_AWAY and (
                asked > 0 or voltage < -self.RUN_AWAY
            )
            none = size < self.limit * abs(asked)
            return Verdict(none or away, size if none else math.nan, ((voltage, run),))
        if _with(look, "allowed_current", self.channel) is None:
            return Verdict(None, memory=memory)
        return Verdict(size < self.GONE * before, size, ((size, run),))  # not a number at the first of a step: no

    def words(self, value: float, unit: str) -> str:
        """Name the current and the limit."""
        if math.isnan(value):
            return f"flows, but its voltage ran away by more than {self.RUN_AWAY:g} V at once: a lead is off"
        return f"is {value:.3g} {unit}, less than {self.limit:.0%} of what is asked for: a lead is off"

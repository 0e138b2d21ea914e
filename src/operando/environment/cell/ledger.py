"""What a runner knows of its cell, as readings for log and records: all of a sample at once."""

import math
from dataclasses import dataclass

from operando.control.accounting import Account
from operando.environment.cell.facts import CellFacts, Telling
from operando.environment.cell.silence import interval_of
from operando.instruments.cell_output import OVERLOAD
from operando.instruments.roles import ClockReading, ImpedancePoint, Sample
from operando.vocabulary import ConstantCurrent, ConstantVoltage, Quality, Reading, Step


@dataclass
class Ledger:
    """Tells readings under the time of their sample; belongs to one thread.

    Parameters
    ----------
    facts : CellFacts
        What charge is related to.
    telling : Telling
        Who is told.
    counter : float
        V vs Li/Li+, of the counter electrode; not a number where it is not known.
    """

    facts: CellFacts
    telling: Telling
    counter: float = math.nan

    def sample(self, sample: Sample, account: Account, extracted: float, step: Step) -> None:
        """Tell what was measured, and what follows from it.

        Parameters
        ----------
        sample : Sample
            From the instrument.
        account : Account
            After it.
        extracted : float
            A h, in the programmes before.
        step : Step
            That it belongs to.
        """
        quality, time_ns = sample.quality, sample.time_ns
        found = {
            "voltage": Reading(sample.voltage, time_ns, quality),
            "current": Reading(sample.current, time_ns, quality),
            "cell_overload": Reading(float(bool(sample.status & OVERLOAD)), time_ns),
            "time_uncertainty": Reading(sample.uncertainty_ns * 1e-9, time_ns),
            "step_time": Reading(account.step_time, time_ns),
            "sample_interval": Reading(interval_of(step), time_ns),
        }
        if math.isfinite(self.counter):
            found["potential"] = Reading(sample.voltage + self.counter, time_ns, quality)
        found |= _asked(step, time_ns)
        found |= self._place(sample, account)
        found |= self._charges(account, extracted, time_ns, quality)
        self.telling.sample(found)

    def point(self, point: ImpedancePoint, account: Account) -> None:
        """Tell in which cycle and step a point of a spectrum was measured."""
        for name, reading in self._place(point, account).items():
            self.telling.reading(name, reading)

    def ended(self, account: Account, extracted: float, time_ns: int) -> None:
        """Tell what had passed at the end of a step: a spectrum has no samples that would."""
        for name, reading in self._charges(account, extracted, time_ns, Quality.GOOD).items():
            self.telling.reading(name, reading)

    def silence(self, time_ns: int) -> None:
        """Tell that a sample was missed."""
        missed = Reading(math.nan, time_ns, Quality.INVALID)
        self.telling.sample({"voltage": missed, "current": missed})

    def _place(self, said: Sample | ImpedancePoint, account: Account) -> dict[str, Reading]:
        numbers = {"cycle": said.cycle, "step": said.step, "run": said.run, "half_cycle": account.half_cycle}
        found = {name: Reading(float(number), said.time_ns) for name, number in numbers.items()}
        age = account.rest_age(said.time_ns)
        if math.isfinite(age):
            found["rest_age"] = Reading(max(age, 0.0), said.time_ns)
        return found

    def _charges(self, account: Account, extracted: float, time_ns: int, quality: Quality) -> dict[str, Reading]:
        doubt = max(quality, Quality.SUSPECT if account.doubtful else Quality.GOOD)
        values = {
            "charge": account.charge,
            "step_charge": account.step_charge,
            "specific_capacity": account.capacity * 1e3 / self.facts.active_mass,
            "state_of_charge": (extracted + account.charge) / self.facts.theoretical_capacity,
            "efficiency": account.efficiency,
        }
        return {name: Reading(value, time_ns, doubt) for name, value in values.items() if math.isfinite(value)}

    def finished(self, account: Account, time_ns: int) -> None:
        """Tell the efficiency of the last half-cycle, which the end of a programme completes."""
        if math.isfinite(account.efficiency):
            doubt = Quality.SUSPECT if account.doubtful else Quality.GOOD
            self.telling.reading("efficiency", Reading(account.efficiency, time_ns, doubt))


def tell_clock(telling: Telling, clock: ClockReading, time_ns: int) -> None:
    """Tell how the instrument's clock drifts, and how well that is known."""
    quality = Quality.SUSPECT if clock.arrival_only else Quality.GOOD
    telling.reading("clock_drift", Reading(clock.drift, time_ns, quality))
    telling.reading("clock_drift_uncertainty", Reading(clock.drift_uncertainty, time_ns, quality))


def _asked(step: Step, time_ns: int) -> dict[str, Reading]:
    """Return what the step asks for, as the interlocks compare it with what flows; nothing where that is not known."""
    if isinstance(step, ConstantCurrent):
        return {"asked_current": Reading(step.current, time_ns)}
    if isinstance(step, ConstantVoltage) and step.current_limit > 0:
        return {"allowed_current": Reading(step.current_limit, time_ns)}
    return {}

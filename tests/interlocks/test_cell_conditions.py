"""What a cell's samples show, sample by sample: the cause that it is, at the sample that shows it, and no other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from interlocks.watched import START_NS, row

from operando.control.cell_conditions import CurrentSurge, LeadOff, ShortCircuit
from operando.control.conditions import Above, Below, HeldInSample, Missing
from operando.control.interlock import InterlockState, sampled, step
from operando.vocabulary import Quality, Reading

NAN = math.nan
CURRENT = 200e-6  # A
ASKED = {
    1: {"asked_current": CURRENT},
    2: {"allowed_current": 1.5 * CURRENT},
    4: {"asked_current": -CURRENT},
}  # of a charge, a hold and a discharge; 3 is a rest, 0 a pause
TABLE = (
    row(LeadOff(0.5), "current", name="lead_off"),
    row(ShortCircuit(0.05), "voltage", name="short_circuit"),
    row(CurrentSurge(0.25), "current", name="surge"),
    row(HeldInSample(), "cell_overload", name="overload", for_samples=2),
    row(Above(3.78, doubtful=True), "voltage", name="over_voltage", for_samples=2),
    row(Below(1.9, doubtful=True), "voltage", name="under_voltage", for_samples=2),
    row(Missing(), "current", name="silent", for_samples=2),
)


@dataclass
class Bench:
    """The rows of a cell, fed with samples half a second apart."""

    state: InterlockState = field(default_factory=InterlockState)
    readings: dict[str, Reading] = field(default_factory=dict)
    samples: int = 0
    run: int = 0
    last_step: int = 0

    def take(self, step_number: int, voltage: float, current: float, overload: bool = False) -> "Bench":
        """Take a sample, and then the looks between it and the next."""
        self.samples += 1
        self.run += step_number != self.last_step
        self.last_step = step_number
        now = START_NS + self.samples * 500_000_000
        quality = Quality.INVALID if math.isnan(current) else Quality.SUSPECT if overload else Quality.GOOD
        found = {"voltage": Reading(voltage, now, quality), "current": Reading(current, now, quality)}
        if not math.isnan(current):
            found |= {
                "step": Reading(step_number, now),
                "run": Reading(self.run, now),
                "cell_overload": Reading(float(overload), now),
                **{name: Reading(value, now) for name, value in ASKED.get(step_number, {}).items()},
            }
        self.readings |= found
        self.state = sampled(self.state, TABLE, self.readings, found.keys())
        for _ in range(10):
            self.state = step(self.state, TABLE, self.readings, 0.05)
        return self

    @property
    def tripped(self) -> list[str]:
        return [trip.name for trip in self.state.trips]


@dataclass(frozen=True)
class Case:
    """Samples, of which the last but ``late`` is the first that shows it; what trips at the last."""

    name: str
    samples: Sequence[tuple[int, float, float] | tuple[int, float, float, bool]]
    trips: tuple[str, ...] = ()


CHARGING = [(1, 3.50 + 0.001 * n, CURRENT) for n in range(6)]
HOLDING = [*CHARGING, *((2, 3.68, CURRENT * 0.9**n) for n in range(1, 8))]
DISCHARGING = [(4, 3.3 - 0.001 * n, -CURRENT) for n in range(6)]

TRIPS = [
    Case("lead off while charging", [*CHARGING, (1, 6.0, 0.0)], ("lead_off",)),
    Case("lead off while charging, overload told", [*CHARGING, (1, 6.0, 0.0, True)], ("lead_off",)),
    Case("lead off while discharging", [*DISCHARGING, (4, -6.0, 1e-9)], ("lead_off",)),
    Case("lead off late in a sample of a charge", [*CHARGING, (1, 6.0, 0.9 * CURRENT, True)], ("lead_off",)),
    Case("lead off late in a sample of a discharge", [*DISCHARGING, (4, -6.0, -0.9 * CURRENT)], ("lead_off",)),
    Case("lead off while holding", [*HOLDING, (2, 3.68, 1e-9)], ("lead_off",)),
    Case("lead off in a rest shows at the next current", [(3, 3.6, 0.0), (3, 3.6, 0.0), (4, -6.0, 0.0)], ("lead_off",)),
    Case("short while charging", [*CHARGING, (1, 0.4, CURRENT)], ("short_circuit",)),
    Case("soft short while charging", [*CHARGING, (1, 3.44, CURRENT)], ("short_circuit",)),
    Case("short while discharging", [*DISCHARGING, (4, -0.002, -CURRENT)], ("short_circuit",)),
    Case("short in a rest", [(3, 3.6, 0.0), (3, 3.6, 0.0), (3, 3.6, 0.0), (3, 1.95, 0.0)], ("short_circuit",)),
    Case("short while holding", [*HOLDING, (2, 3.68, 0.001, True)], ("surge",)),
    Case("overload", [*CHARGING, (1, 3.506, CURRENT, True), (1, 3.507, CURRENT, True)], ("overload",)),
    Case("beyond the limit", [*CHARGING, (1, 3.9, CURRENT), (1, 3.9, CURRENT)], ("over_voltage",)),
    Case("beyond, as it seems", [*CHARGING, (1, 3.9, CURRENT, True), (1, 3.9, CURRENT)], ("over_voltage",)),
    Case("below the limit", [(4, 1.95, -CURRENT), (4, 1.89, -CURRENT), (4, 1.86, -CURRENT)], ("under_voltage",)),
    Case("two samples missed", [*CHARGING, (0, NAN, NAN), (0, NAN, NAN)], ("silent",)),
]

NOTHING = [
    Case("a charge, a hold, a rest, a discharge", [*HOLDING, (3, 3.67, 0.0), (3, 3.66, 0.0), *DISCHARGING]),
    Case("the current begins with a large step of voltage", [(3, 3.4, 0.0), (3, 3.4, 0.0), (4, 3.1, -CURRENT)]),
    Case("a hold begins at once with all that it may draw", [(3, 3.4, 0.0), (2, 3.68, 3e-4), (2, 3.68, 2.9e-4)]),
    Case("an overshoot", [*CHARGING, (1, 3.54, CURRENT), (1, 3.506, CURRENT)]),
    Case("a current that is a little off", [*CHARGING, (1, 3.5, 0.6 * CURRENT)]),
    Case("one overload, as with a change of range", [*CHARGING, (1, 3.5, CURRENT, True), (1, 3.5, CURRENT)]),
    Case("one sample missed", [*CHARGING, (0, NAN, NAN), (1, 3.506, CURRENT), (0, NAN, NAN)]),
    Case("one sample beyond", [*CHARGING, (1, 3.79, CURRENT), (1, 3.77, CURRENT)]),
    Case("a rest without current", [(3, 3.4 - 1e-4 * n, 0.0) for n in range(10)]),
    Case("a hold that is warmed", [*HOLDING, (2, 3.68, CURRENT * 0.6)]),
    Case("a pause", [*CHARGING, (0, 3.4, 0.0), (0, 3.39, 0.0)]),
]


@pytest.mark.parametrize("case", TRIPS, ids=lambda case: case.name)
def test_the_cause_trips_with_its_own_sample_and_is_the_first(case: Case) -> None:
    bench = Bench()
    for sample in case.samples[:-1]:
        bench.take(*sample)
        assert bench.tripped == []
    bench.take(*case.samples[-1])
    assert tuple(bench.tripped[:1]) == case.trips
    assert bench.state.trips[0].time_ns == START_NS + bench.samples * 500_000_000


@pytest.mark.parametrize("case", NOTHING, ids=lambda case: case.name)
def test_what_cells_do_trips_nothing(case: Case) -> None:
    bench = Bench()
    for sample in case.samples:
        bench.take(*sample)
    assert bench.tripped == []


def test_words_name_what_was_found_and_the_limit() -> None:
    told = {}
    for case in TRIPS:
        bench = Bench()
        for sample in case.samples:
            bench.take(*sample)
        told[case.name] = bench.state.trips[0].words
    assert told["lead off while charging"] == "current is 0 A, less than 50% of what is asked for: a lead is off"
    assert (
        told["short while holding"]
        == "current has grown to 0.001 A at a voltage that is held, by more than 0.25 of its limit"
    )
    assert told["overload"] == "cell_overload is so, in 2 samples"
    assert told["beyond the limit"] == "voltage 3.9 V is above 3.78 V, in 2 samples"
    assert told["two samples missed"] == "current is not measured: nothing comes from the instrument, in 2 samples"

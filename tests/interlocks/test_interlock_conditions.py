"""Each condition as a row of a table, in virtual time: it trips when it should, and not on noise."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pytest
from interlocks.watched import PERIOD, Course, Watched, row, trip_time

from operando.control.cell_conditions import ShortCircuit
from operando.control.conditions import Above, Below, Doubtful, Holds, Saturated, Stale
from operando.control.interlock import Interlock
from operando.control.patterns import Couplings, NoEffect, RisesFaster, Runaway, Unexplained

NOISE = np.random.default_rng(3).standard_normal(20_000)
PRESSURE_NOISE = 0.0025  # MPa rms
TEMPERATURE_NOISE = 0.02  # K rms
COUPLINGS = Couplings(drive=0.153, temperature=0.78, charge=4960.0)
CURRENT = 200e-6  # A


def noisy(mean: Course, rms: float) -> Course:
    """A course with noise; one number for each step."""

    def course(seconds: float) -> float | None:
        value = mean(seconds)
        return None if value is None else value + rms * float(NOISE[round(seconds / PERIOD) % len(NOISE)])

    return course


def steady(value: float) -> Course:
    return lambda _: value


def step_at(when: float, before: float, after: float) -> Course:
    return lambda seconds: before if seconds < when - 1e-9 else after


def every(interval: float, course: Course) -> Course:
    """A slower quantity: no new reading between."""
    steps = round(interval / PERIOD)
    return lambda seconds: course(seconds) if round(seconds / PERIOD) % steps == 0 else None


@dataclass(frozen=True)
class Case:
    """When a row shall trip; None: not at all."""

    name: str
    watched: Interlock
    courses: Mapping[str, Course]
    trips_at: float | None
    within: float = 0.11
    seconds: float = 20.0


def rising(rate: float, begin: float = 5.0, start: float = 80.0) -> Course:
    return lambda seconds: start + rate * max(seconds - begin, 0.0)


def spike(height: float, when: float = 5.0, base: float = 80.0, length: float = PERIOD) -> Course:
    return lambda seconds: base + height if when - 1e-9 <= seconds < when + length - 1e-9 else base


OVER = row(Above(102.0), for_s=0.04)
SURGE = row(RisesFaster(5.0, 0.5), for_s=0.04)
LOST = row(Doubtful(), for_s=0.3)
FULL = row(Saturated(-20.0, 130.0, "stack_pressure_setpoint"), "piezo_drive", for_s=1.0)
RUNAWAY = row(Runaway(0.03, 10.0), "temperature", for_s=30.0)
COLD = row(NoEffect(90.0), "temperature", for_s=120.0)
SHORT = row(ShortCircuit(0.05), "voltage")
LYING = row(Unexplained(10.0, COUPLINGS), "piezo_drive", for_s=1.0)


def heater(temperature: Course, output: Course, setpoint: Course) -> dict[str, Course]:
    return {
        "temperature": every(0.5, noisy(temperature, TEMPERATURE_NOISE)),
        "heater_drive": every(0.5, output),
        "temperature_setpoint": every(0.5, setpoint),
    }


def cell(voltage: Course, current: Course) -> dict[str, Course]:
    return {"voltage": every(0.5, noisy(voltage, 1e-4)), "current": every(0.5, current)}


def integral(current: Course, seconds: float) -> float:
    """Charge of a constant current from time 0 on, A h."""
    return (current(0.0) or 0.0) * seconds / 3600.0


EIGHTY, ROOM, NOTHING = steady(80.0), steady(25.0), steady(0.0)


def stack(
    drive: Course, pressure: Course = EIGHTY, temperature: Course = ROOM, current: Course = NOTHING
) -> dict[str, Course]:
    return {
        "stack_pressure": noisy(pressure, PRESSURE_NOISE),
        "temperature": every(0.5, noisy(temperature, TEMPERATURE_NOISE)),
        "current": every(0.5, current),
        "charge": every(0.5, lambda seconds: integral(current, seconds)),
        "piezo_drive": drive,
    }


def breathing(seconds: float) -> float:
    """The drive that keeps the pressure of a cell charged with 10 mA."""
    return 60.0 - 4960.0 / 0.153 * 0.01 * seconds / 3600.0


def discharge_knee(seconds: float) -> float:
    """Ever faster at the end of a discharge: each half second falls 1.5 times as far as the one before."""
    return 3.0 - 0.01 * 1.5 ** (seconds / 0.5)


CASES = [
    Case("over-pressure", OVER, {"stack_pressure": step_at(5.0, 80.0, 103.0)}, 5.0),
    Case("noise below the limit", OVER, {"stack_pressure": noisy(steady(101.98), PRESSURE_NOISE)}, None),
    Case("one spike", OVER, {"stack_pressure": spike(40.0)}, None),
    Case(
        "over-pressure between refusals",
        OVER,
        {"stack_pressure": lambda s: 103.0 if s >= 5.0 and round(s / PERIOD) % 2 == 0 else math.nan},
        5.1,
    ),
    Case(
        "one slow reading counts once", row(Above(4.0), "voltage", for_s=1.0), {"voltage": spike(9.0, base=3.0)}, None
    ),
    Case("contact lost", row(Below(2.0), for_s=1.0), {"stack_pressure": rising(-10.0, start=80.0)}, 13.8, 0.2),
    Case("a surge", SURGE, {"stack_pressure": noisy(rising(8.0), PRESSURE_NOISE)}, 5.5, 0.3),
    Case("a ramp is no surge", SURGE, {"stack_pressure": noisy(rising(4.5), PRESSURE_NOISE)}, None),
    Case("a spike is no surge", SURGE, {"stack_pressure": spike(3.0)}, None),
    Case("load cell silent", LOST, {"stack_pressure": step_at(5.0, 80.0, math.nan)}, 5.3),
    Case(
        "half of the readings refused",
        LOST,
        {"stack_pressure": lambda s: math.nan if round(s / PERIOD) % 2 else 80.0},
        None,
    ),
    Case("nobody reads any more", row(Stale(2.0)), {"stack_pressure": lambda s: 80.0 if s < 5.0 else None}, 7.0),
    Case(
        "end of the stroke",
        FULL,
        {"piezo_drive": step_at(5.0, 60.0, 130.0), "stack_pressure_setpoint": steady(90.0)},
        6.0,
    ),
    Case(
        "released is not the end of the stroke",
        FULL,
        {"piezo_drive": steady(-20.0), "stack_pressure_setpoint": steady(math.nan)},
        None,
    ),
    Case(
        "sensor break",
        row(Holds(), "heater_sensor_break", for_s=0.6),
        {"heater_sensor_break": every(0.5, step_at(5.0, 0.0, 1.0))},
        5.6,
    ),
    Case(
        "a relay that sticks",
        RUNAWAY,
        heater(rising(0.4, 20.0, 40.0), step_at(20.0, 18.0, 0.0), steady(40.0)),
        57.5,
        6.0,
        100.0,
    ),
    Case(
        "heat that is under way",
        RUNAWAY,
        heater(lambda s: 60.0 - 6.0 * math.exp(-max(s - 20.0, 0.0) / 10.0), step_at(20.0, 90.0, 0.0), steady(60.0)),
        None,
        seconds=150.0,
    ),
    Case("a heater that is torn off", COLD, heater(steady(40.0), steady(100.0), steady(80.0)), 120.0, 1.1, 200.0),
    Case("a heater at work", COLD, heater(rising(0.05, 0.0, 40.0), steady(100.0), steady(80.0)), None, seconds=300.0),
    Case("much heat to stay hot", COLD, heater(steady(99.5), steady(95.0), steady(100.0)), None, seconds=300.0),
    Case("short circuit", SHORT, cell(step_at(5.0, 3.6, 3.5), steady(CURRENT)), 5.0, 0.6),
    Case("short circuit on discharge", SHORT, cell(step_at(5.0, 3.0, 2.9), steady(-CURRENT)), 5.0, 0.6),
    Case("knee of a discharge", SHORT, cell(discharge_knee, steady(-CURRENT)), None, seconds=6.0),
    Case(
        "current turned round",
        SHORT,
        cell(
            lambda s: 3.6 if s < 5.0 else 3.3 + 0.2 * math.exp(-(s - 5.0) / 0.5),
            step_at(5.0, CURRENT, -CURRENT),
        ),
        None,
    ),
    Case("drifting sensor", LYING, stack(rising(1.0, 5.0, 60.0)), 16.0, 0.3, 40.0),
    Case(
        "breathing cell",
        LYING,
        stack(breathing, current=steady(0.01)),
        None,
        seconds=200.0,
    ),
    Case(
        "as much drift as a breathing cell takes, without the cell",
        LYING,
        stack(breathing),
        112.0,
        2.0,
        150.0,
    ),
    Case(
        "heater ramp",
        LYING,
        stack(lambda s: 60.0 - 0.78 / 0.153 * 0.05 * s, temperature=rising(0.05, 0.0, 25.0)),
        None,
        seconds=200.0,
    ),
    Case(
        "pressure steps with hysteresis",
        LYING,
        stack(lambda s: 60.0 if s == 0.0 else 95.0 if s < 10.0 else 80.0, lambda s: 80.0 if s == 0.0 else 84.0),
        None,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_row_trips_when_it_should(case: Case) -> None:
    found = trip_time(case.watched, case.courses, case.seconds)
    assert found == (case.trips_at if case.trips_at is None else pytest.approx(case.trips_at, abs=case.within))


def test_voltage_and_current_of_different_samples_are_not_compared() -> None:
    bench = Watched((SHORT,))
    bench.run(2.0, {"voltage": steady(3.6), "current": steady(CURRENT)})
    bench.run(2 * PERIOD, {"voltage": steady(3.3)})  # the current of this sample is on its way
    bench.run(1.0, {"voltage": steady(3.3), "current": steady(-CURRENT)})
    assert bench.tripped == []


def test_a_rest_between_two_programmes_is_no_charge() -> None:
    """Five minutes at 10 mA would be 27 V of drive; at rest nothing is explained, and nothing is asked of the drive."""
    bench = Watched((LYING,))
    bench.run(20.0, stack(breathing, current=steady(0.01)))
    left = breathing(20.0)
    resting = stack(steady(left))
    del resting["current"], resting["charge"]
    bench.run(300.0, resting)
    bench.run(20.0, stack(lambda seconds: left + breathing(seconds) - 60.0, current=steady(0.01)))
    assert bench.tripped == []


@pytest.mark.parametrize(("interval", "tripped"), [(60.0, []), (0.5, ["watched"])])
def test_a_programme_sampled_once_a_minute_does_not_begin_at_each_sample(interval: float, tripped: list[str]) -> None:
    """The charge passes zero at the second sample: 0.25 mA h, 8 V of drive, would be taken for another programme's."""

    def drive(seconds: float) -> float:
        return 60.0 + 4960.0 / 0.153 * 0.015 * seconds / 3600.0

    courses = {
        **stack(drive),
        "current": every(60.0, steady(-0.015)),
        "charge": every(60.0, lambda seconds: 0.015 * (60.0 - seconds) / 3600.0),
        "sample_interval": every(60.0, steady(interval)),
    }
    assert Watched((LYING,)).run(200.0, courses).tripped == tripped


def test_what_a_spectrum_has_passed_is_told_behind_it_and_begins_no_programme() -> None:
    """The charge of the spectrum, 0.2 uA h, comes while the last current that is known is the 0 A of a rest."""
    bench = Watched((LYING,))
    bench.run(200.0, stack(breathing, current=steady(0.01)))
    left, charged = breathing(200.0), 0.01 * 200.0 / 3600.0
    bench.run(5.0, {**stack(steady(left), current=steady(0.0)), "charge": steady(charged)})
    bench.run(5.0, {**stack(steady(left), current=steady(0.0)), "charge": steady(charged + 2e-7)})
    assert bench.tripped == []


def test_a_trip_says_what_was_found_and_the_limit() -> None:
    (trip,) = Watched((OVER,)).run(1.0, {"stack_pressure": steady(103.0)}).state.trips
    assert trip.words == "stack_pressure 103 MPa is above 102 MPa, for 0.04 s"

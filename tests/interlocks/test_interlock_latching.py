"""What has tripped stays tripped until a reset, and the first cause is the first cause."""

import math

from hypothesis import given
from hypothesis import strategies as st
from interlocks.watched import PERIOD, Watched, row

from operando.control.cell_conditions import ShortCircuit
from operando.control.conditions import Above, Below, Doubtful, HoldsUntilReset
from operando.control.interlock import Actions, InterlockState, reset, standing, step
from operando.control.patterns import Couplings, RisesFaster, Runaway, Unexplained
from operando.vocabulary import CurrentAction, HeatAction, PressureAction, Quality, Reading, Severity

RELEASE = Actions(CurrentAction.OPEN, HeatAction.OFF, PressureAction.RELEASE)
OVER = row(Above(102.0), actions=RELEASE, name="over_pressure")
HOT = row(Above(105.0), "temperature", name="over_temperature")


def test_the_first_cause_is_decided_at_the_rate_of_the_loop() -> None:
    bench = Watched((OVER, HOT))
    bench.run(1.0, {"stack_pressure": lambda _: 80.0, "temperature": lambda _: 25.0})
    bench.run(
        1.0,
        {
            "stack_pressure": lambda s: 103.0 if s >= 0.3 else 80.0,
            "temperature": lambda s: 110.0 if s >= 0.3 - PERIOD else 25.0,
        },
    )
    assert bench.tripped == ["over_temperature", "over_pressure"]


def test_of_two_in_one_step_the_earlier_row_is_first() -> None:
    courses = {"stack_pressure": lambda _: 103.0, "temperature": lambda _: 110.0}
    assert Watched((OVER, HOT)).run(1.0, courses).tripped == ["over_pressure", "over_temperature"]
    assert Watched((HOT, OVER)).run(1.0, courses).tripped == ["over_temperature", "over_pressure"]


def test_all_trips_together_ask_for_the_strongest() -> None:
    held = row(Doubtful(), actions=Actions(pressure=PressureAction.HOLD), name="lost")
    bench = Watched((held, OVER)).run(0.5, {"stack_pressure": lambda _: math.nan})
    assert bench.state.actions == Actions(pressure=PressureAction.HOLD)
    assert bench.run(0.5, {"stack_pressure": lambda _: 103.0}).state.actions == RELEASE


def test_a_trip_outlives_its_cause_and_a_reset_ends_it() -> None:
    bench = Watched((OVER,)).run(1.0, {"stack_pressure": lambda _: 103.0})
    assert standing(bench.state, bench.table) == ["over_pressure: stack_pressure 103 MPa is above 102 MPa"]
    bench.run(1000.0, {"stack_pressure": lambda _: 60.0})
    assert bench.tripped == ["over_pressure"]
    assert standing(bench.state, bench.table) == []
    bench.state = reset(bench.state)
    assert bench.run(10.0, {"stack_pressure": lambda _: 60.0}).tripped == []


def test_a_reset_does_not_take_an_old_reading_for_a_new_one() -> None:
    high = row(Above(3.78), "voltage", name="over_voltage")
    bench = Watched((high,)).run(1.0, {"voltage": lambda _: 3.9})
    bench.run(20.0, {})  # open circuit: no more samples
    assert standing(bench.state, bench.table) == []
    bench.state = reset(bench.state)
    assert bench.run(20.0, {}).tripped == []


def test_too_little_pressure_does_not_hold_back_the_reset_of_a_release() -> None:
    low = row(Below(2.0), name="contact_lost")
    bench = Watched((OVER, low)).run(1.0, {"stack_pressure": lambda _: 103.0})
    bench.run(1.0, {"stack_pressure": lambda _: 0.5})
    assert bench.tripped == ["over_pressure", "contact_lost"]
    assert standing(bench.state, bench.table) == []


def test_a_flag_that_is_lowered_by_the_reset_does_not_hold_it_back() -> None:
    bench = Watched((row(HoldsUntilReset(), "amplifier_foreign"),))
    bench.run(1.0, {"amplifier_foreign": lambda _: 1.0})
    assert bench.tripped == ["watched"]
    assert standing(bench.state, bench.table) == []
    bench.state = reset(bench.state)
    assert bench.run(1.0, {"amplifier_foreign": lambda _: 1.0}).tripped == ["watched"]


def test_an_alarm_comes_and_goes_but_does_not_flicker() -> None:
    alarm = row(Above(102.0), for_s=0.2, severity=Severity.ALARM, name="high")
    bench = Watched((alarm,)).run(1.0, {"stack_pressure": lambda _: 103.0})
    assert list(bench.state.alarms) == ["high"]
    for _ in range(20):
        bench.run(0.1, {"stack_pressure": lambda _: 101.0}).run(0.1, {"stack_pressure": lambda _: 103.0})
        assert list(bench.state.alarms) == ["high"]
    assert list(bench.run(6.0, {"stack_pressure": lambda _: 101.0}).state.alarms) == []
    assert bench.tripped == []


TABLE = (
    OVER,
    HOT,
    row(RisesFaster(5.0, 0.5), name="surge"),
    row(Doubtful(), for_s=0.2, name="lost"),
    row(Runaway(0.03, 10.0), "temperature", name="runaway"),
    row(ShortCircuit(0.05), "voltage", name="short"),
    row(Unexplained(10.0, Couplings(0.153, 0.78, 4960.0)), "piezo_drive", name="lying"),
)
ANY = st.builds(
    Reading,
    st.one_of(st.floats(), st.floats(-200.0, 200.0)),
    st.integers(0, 2**62),
    st.sampled_from(Quality),
)
NAMES = ("stack_pressure", "temperature", "voltage", "current", "piezo_drive", "heater_drive", "temperature_setpoint")


@given(st.lists(st.tuples(st.dictionaries(st.sampled_from(NAMES), ANY), st.floats(0.0, 10.0)), max_size=40))
def test_no_readings_ever_unlatch(course: list[tuple[dict[str, Reading], float]]) -> None:
    state, readings = InterlockState(), dict[str, Reading]()
    for new, dt in course:
        readings |= new
        before = state.trips
        state = step(state, TABLE, readings, dt)
        assert state.trips[: len(before)] == before
        names = [trip.name for trip in state.trips]
        assert len(names) == len(set(names))

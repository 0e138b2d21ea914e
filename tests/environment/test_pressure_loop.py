"""The pressure loop on a small plant, in virtual time: what it holds, and what it never does."""

import math
from itertools import pairwise

import pytest
from environment.small_rig import PERIOD, SETTINGS, START_NS, PressureBench, Rig
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.environment.axis import Change
from operando.errors import BadReply, InstrumentRefused, NoReply
from operando.vocabulary import AxisState, Mode, Quality, Reading

BAND = 0.05  # MPa
BREATHING = 0.01  # MPa/s: 2.5 um of breathing in 6 min


def test_start_takes_drive_and_pressure_as_they_are() -> None:
    bench = PressureBench()
    assert bench.rig.prepared == [SETTINGS.limits.slew]
    bench.run(0.4)
    assert bench.rig.written == []
    assert math.isnan(bench.now.target)
    assert bench.now.asked.quality is Quality.INVALID
    bench.run(2.0)
    assert bench.loop.started.is_set()
    assert bench.now.target == bench.now.setpoint == pytest.approx(84.0, abs=0.01)
    assert bench.now.state is AxisState.IDLE
    assert max(abs(drive - 60.0) for drive in bench.rig.written) < 0.2


def test_pressure_holds_while_the_cell_breathes() -> None:
    bench = PressureBench(previous_target=84.0)
    bench.run(5.0)
    before = len(bench.rig.plant.truth)
    bench.run(120.0, BREATHING)
    assert max(abs(pressure - 84.0) for pressure in bench.rig.plant.truth[before:]) < BAND
    assert bench.rig.plant.drive < 60.0


def test_a_target_is_reached_along_a_ramp_and_then_settled() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.loop.tell(Change("target", 85.0, "7"))
    axes = bench.run(10.0)
    states = list(dict.fromkeys(axis.state for axis in axes))
    assert states == [AxisState.RAMPING, AxisState.SETTLING, AxisState.SETTLED]
    steps = [after.setpoint - before.setpoint for before, after in pairwise(axes)]
    assert max(steps) <= SETTINGS.ramp_rate * PERIOD * 1.001
    ids = [axis.settled_id for axis in axes]
    assert ids.index("7") == next(index for index, axis in enumerate(axes) if axis.state is AxisState.SETTLED)
    assert not any(axis.settled for axis in axes[: ids.index("7")])
    assert bench.now.readback.value == pytest.approx(85.0, abs=BAND)


def test_a_new_target_is_not_settled_by_the_old_one() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.loop.tell(Change("target", 84.1, "1"))
    bench.run(6.0)
    bench.loop.tell(Change("target", 84.1, "2"))
    first = bench.run(PERIOD)[0]
    assert (first.settled_id, first.state) == ("1", AxisState.SETTLING)
    bench.run(SETTINGS.settle_time + 0.2)
    assert bench.now.settled_id == "2"


def test_a_stop_freezes_the_target_where_the_setpoint_is() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.loop.tell(Change("target", 90.0, "1"))
    bench.run(4.0)
    setpoint = bench.now.setpoint
    bench.loop.tell(Change("stop"))
    axes = bench.run(4.0)
    assert {axis.target for axis in axes} == {axis.setpoint for axis in axes} == {setpoint}
    assert {axis.state for axis in axes} == {AxisState.HELD}
    assert bench.now.settled
    assert bench.now.settled_id == ""
    assert bench.now.readback.value == pytest.approx(setpoint, abs=BAND)


def test_a_service_that_comes_back_goes_on_to_the_target_it_had() -> None:
    bench = PressureBench(previous_target=85.0)
    bench.run(0.6)
    assert bench.now.target == 85.0
    assert bench.now.setpoint == pytest.approx(84.0, abs=0.1)
    bench.run(8.0)
    assert bench.now.state is AxisState.SETTLED


@pytest.mark.parametrize("failure", [NoReply("nothing within 50 ms"), BadReply("'?'"), InstrumentRefused("NAK")])
def test_a_lost_load_cell_holds_the_drive_and_comes_back_without_a_bump(failure: NoReply) -> None:
    bench = PressureBench()
    bench.run(3.0)
    drive, count = bench.rig.plant.drive, len(bench.rig.written)
    bench.rig.failing = failure
    axes = bench.run(10.0)
    assert len(bench.rig.written) == count
    assert all(math.isnan(axis.readback.value) and axis.readback.quality is Quality.INVALID for axis in axes)
    assert [axis.state for axis in axes[:4]] == [AxisState.IDLE, AxisState.IDLE, AxisState.FAULT, AxisState.FAULT]
    assert not bench.now.settled
    bench.rig.failing = None
    bench.run(0.2)
    assert bench.now.state is AxisState.IDLE
    assert abs(bench.rig.plant.drive - drive) < 0.2
    assert sum("load cell" in note for note in bench.notes) == 2


def test_a_ramp_waits_for_a_lost_load_cell() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.loop.tell(Change("target", 90.0, "1"))
    bench.run(2.0)
    setpoint = bench.now.setpoint
    bench.rig.failing = NoReply("nothing")
    bench.run(20.0)
    assert bench.now.setpoint == setpoint
    assert bench.now.state is AxisState.FAULT
    bench.rig.failing = None
    bench.run(20.0)
    assert bench.now.state is AxisState.SETTLED


@pytest.mark.parametrize(
    "lie",
    [
        Reading(math.nan, START_NS, Quality.INVALID),
        Reading(math.inf, START_NS),
        Reading(99_999.0, START_NS),
        Reading(6000.0, START_NS - 10_000_000_000),
        Reading(5000.0, START_NS + 3_000_000_000),
        Reading(6600.0, START_NS + 3_000_000_000, Quality.SUSPECT),
    ],
    ids=["not a number", "infinite", "beyond the load cell", "stale", "a jump of 20 MPa", "doubted by the instrument"],
)
def test_a_reading_that_cannot_be_believed_moves_nothing(lie: Reading) -> None:
    bench = PressureBench()
    bench.run(3.0)
    count = len(bench.rig.written)
    bench.rig.lying = lie
    bench.run(0.2)
    assert len(bench.rig.written) == count
    assert bench.now.readback.quality is not Quality.GOOD
    assert math.isfinite(bench.now.readback.value) == (bench.now.readback.quality is Quality.SUSPECT)
    assert bench.now.state is AxisState.FAULT


def test_a_service_without_a_load_cell_moves_nothing_and_starts_when_it_is_there() -> None:
    rig = Rig(failing=NoReply("nothing"))
    bench = PressureBench(rig, previous_target=84.0)
    bench.run(5.0)
    assert rig.written == []
    assert not bench.loop.started.is_set()
    assert bench.now.state is AxisState.FAULT
    rig.failing = None
    bench.run(5.0)
    assert bench.now.state is AxisState.SETTLED


def test_an_amplifier_that_was_away_is_asked_for_its_drive_before_it_is_told_another() -> None:
    bench = PressureBench()
    bench.run(3.0)
    bench.rig.deaf = True
    bench.run(3.0)
    assert bench.now.state is AxisState.FAULT
    assert bench.now.drive.quality is Quality.INVALID
    count = len(bench.rig.written)
    bench.rig.plant.drive = 57.0  # less than one slew step away
    bench.rig.deaf = False
    bench.run(2.0)
    assert abs(bench.rig.written[count] - 57.0) < SETTINGS.limits.slew * PERIOD * 1.001
    assert bench.now.drive.quality is Quality.GOOD


def test_safe_releases_at_the_slew_limit_and_stays_until_reset() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.loop.tell(Change("safe"))
    bench.loop.tell(Change("target", 90.0, "1"))
    axes = bench.run(3.0)
    drives = [axis.drive.value for axis in axes]
    assert max(before - after for before, after in pairwise(drives)) <= SETTINGS.limits.slew * PERIOD * 1.001
    assert drives[-1] == SETTINGS.limits.low
    assert axes[0].state is AxisState.RAMPING
    assert (bench.now.state, bench.now.mode) == (AxisState.SAFE, Mode.RELEASED)
    assert bench.now.asked.quality is Quality.INVALID
    bench.loop.tell(Change("reset"))
    bench.run(2.0)
    assert (bench.now.state, bench.now.mode) == (AxisState.IDLE, Mode.CLOSED_LOOP)
    assert bench.now.target == pytest.approx(bench.rig.plant.pressure, abs=0.2)


def test_safe_needs_no_load_cell() -> None:
    bench = PressureBench()
    bench.run(1.0)
    bench.rig.failing = NoReply("nothing")
    bench.loop.tell(Change("safe"))
    bench.run(3.0)
    assert bench.rig.plant.drive == SETTINGS.limits.low
    assert bench.now.state is AxisState.SAFE


def test_settling_follows_what_was_asked_for() -> None:
    bench = PressureBench()
    bench.loop.tell(Change("tolerance", 1.0))
    bench.loop.tell(Change("settle_time", 0.5))
    bench.loop.tell(Change("ramp_rate", 5.0))
    bench.run(1.0)
    bench.loop.tell(Change("target", 87.0, "1"))
    axes = bench.run(3.0)
    assert (bench.now.tolerance, bench.now.settle_time, bench.now.ramp_rate) == (1.0, 0.5, 5.0)
    assert axes[12].setpoint == 87.0
    assert bench.now.state is AxisState.SETTLED


VALUES = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.floats(-100.0, 9000.0))
TIMES = st.integers(-10_000_000_000, 10_000_000_000)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(VALUES, TIMES, st.sampled_from(Quality), st.booleans()), max_size=60))
def test_no_reading_whatever_moves_the_drive_beyond_its_limits(
    readings: list[tuple[float, int, Quality, bool]],
) -> None:
    bench = PressureBench()
    bench.run(1.0)
    limits = SETTINGS.limits
    before = bench.rig.plant.drive
    for value, age, quality, silent in readings:
        bench.rig.failing = NoReply("nothing") if silent else None
        bench.rig.lying = Reading(value, bench.rig.now_ns - age, quality)
        bench.run(PERIOD)
        drive = bench.rig.plant.drive
        assert math.isfinite(drive)
        assert limits.low <= drive <= limits.high
        assert abs(drive - before) <= limits.slew * PERIOD * 1.001
        before = drive

"""Who decides the drive: each mode begins where the one before it has left the drive."""

import math
from concurrent.futures import Future
from itertools import pairwise

import pytest
from environment.small_rig import PERIOD, SETTINGS, PressureBench, Rig

from operando.environment.axis import Change
from operando.errors import NoReply
from operando.vocabulary import AxisState, Mode, Quality

BREATHING = 0.02  # MPa/s
SLEW_STEP = SETTINGS.limits.slew * PERIOD * 1.001  # V


def enter(bench: PressureBench, mode: Mode, name: str = "m") -> None:
    bench.loop.tell(Change("mode", id=name, text=mode.value))


def test_at_constant_volume_the_drive_is_frozen_and_the_pressure_is_free() -> None:
    bench = PressureBench()
    bench.run(3.0)
    drive = bench.rig.plant.drive
    enter(bench, Mode.CONSTANT_VOLUME)
    axes = bench.run(60.0, BREATHING)
    assert {axis.drive.value for axis in axes} == {drive}
    assert {axis.state for axis in axes} == {AxisState.FREE}
    assert {axis.mode for axis in axes} == {Mode.CONSTANT_VOLUME}
    assert bench.now.asked.quality is bench.now.demanded.quality is Quality.INVALID
    assert bench.now.readback.value == pytest.approx(84.0 + 60.0 * BREATHING, abs=0.1)
    assert bench.now.settled_id == "m"
    assert not bench.now.settled


def test_the_closed_loop_begins_at_the_pressure_it_finds_and_stays_there_until_asked() -> None:
    bench = PressureBench()
    bench.loop.tell(Change("target", 85.0, "1"))
    bench.run(10.0)
    enter(bench, Mode.CONSTANT_VOLUME)
    bench.run(60.0, -BREATHING)
    drive, pressure = bench.rig.plant.drive, bench.rig.plant.pressure
    enter(bench, Mode.CLOSED_LOOP, "c")
    axes = bench.run(10.0)
    assert bench.now.target == bench.now.setpoint == pytest.approx(pressure, abs=0.01)
    assert max(abs(axis.drive.value - drive) for axis in axes) < 0.3
    assert bench.now.state is AxisState.IDLE
    bench.loop.tell(Change("target", 85.0, "2"))
    bench.run(15.0)
    assert (bench.now.state, bench.now.settled_id) == (AxisState.SETTLED, "2")


def test_by_hand_the_drive_goes_where_it_is_asked_at_the_slew_limit() -> None:
    bench = PressureBench()
    bench.run(3.0)
    before = bench.rig.plant.drive
    enter(bench, Mode.MANUAL)
    bench.run(1.0)
    assert bench.rig.plant.drive == before
    assert bench.now.state is AxisState.FREE
    bench.loop.tell(Change("drive", 90.0, "d"))
    axes = bench.run(1.0)
    assert axes[0].state is AxisState.RAMPING
    assert max(after.drive.value - before.drive.value for before, after in pairwise(axes)) <= SLEW_STEP
    assert (bench.now.drive.value, bench.now.state, bench.now.settled_id) == (90.0, AxisState.FREE, "d")


def test_by_hand_a_stop_ends_the_way_and_a_blind_drive_waits() -> None:
    bench = PressureBench()
    bench.run(1.0)
    enter(bench, Mode.MANUAL)
    bench.loop.tell(Change("drive", 120.0, "d"))
    bench.run(0.2)
    bench.loop.tell(Change("stop"))
    bench.run(1.0)
    assert bench.now.drive.value < 90.0
    stopped = bench.now.drive.value
    bench.rig.failing = NoReply("nothing")
    bench.loop.tell(Change("drive", 120.0, "e"))
    bench.run(1.0)
    assert (bench.rig.plant.drive, bench.now.state) == (stopped, AxisState.FAULT)
    bench.rig.failing = None
    bench.run(2.0)
    assert bench.rig.plant.drive == 120.0


@pytest.mark.parametrize("first", [Mode.CLOSED_LOOP, Mode.CONSTANT_VOLUME, Mode.MANUAL])
@pytest.mark.parametrize("second", [Mode.CLOSED_LOOP, Mode.CONSTANT_VOLUME, Mode.MANUAL])
def test_a_change_of_mode_does_not_bump(first: Mode, second: Mode) -> None:
    bench = PressureBench(previous_target=84.0)
    enter(bench, first)
    bench.run(3.0)
    drive = bench.rig.plant.drive
    enter(bench, second)
    axes = bench.run(2.0)
    assert max(abs(axis.drive.value - drive) for axis in axes) < 0.15  # 0.1 % of the range


@pytest.mark.parametrize("mode", [Mode.CONSTANT_VOLUME, Mode.MANUAL])
def test_what_a_mode_does_not_know_is_told_to_who_asked(mode: Mode) -> None:
    bench = PressureBench()
    enter(bench, mode)
    bench.run(1.0)
    done: Future[str] = Future()
    bench.loop.tell(Change("target", 90.0, "1", done))
    bench.run(1.0)
    assert done.result(0) == f"the mode is {mode.value}"
    assert math.isnan(bench.now.target)


def test_a_service_that_comes_back_is_in_the_mode_it_had() -> None:
    frozen = PressureBench(previous_target=90.0, previous_mode=Mode.CONSTANT_VOLUME)
    frozen.run(5.0, BREATHING)
    assert frozen.rig.written == []
    assert (frozen.now.mode, frozen.now.state) == (Mode.CONSTANT_VOLUME, AxisState.FREE)
    assert frozen.loop.started.is_set()
    released = PressureBench(previous_mode=Mode.RELEASED)
    released.run(3.0)
    assert (released.now.drive.value, released.now.state) == (SETTINGS.limits.low, AxisState.SAFE)


def test_a_settled_pressure_that_leaves_is_told_once_a_minute() -> None:
    bench = PressureBench()
    bench.loop.tell(Change("target", 84.0, "1"))
    bench.run(5.0)
    assert bench.now.state is AxisState.SETTLED
    for _ in range(3):
        bench.rig.plant.offset += 0.3  # a slip
        assert AxisState.SETTLING in {axis.state for axis in bench.run(0.5)}
        bench.run(5.0)
    left = [note for note in bench.notes if "where it had settled" in note]
    assert len(left) == 1
    assert "left 84.000 ± 0.05 MPa" in left[0]


def test_a_load_cell_that_repeats_itself_is_frozen() -> None:
    bench = PressureBench(Rig())
    bench.run(3.0)
    plant = bench.rig.plant
    plant.noise, plant.delay = 0.0, 1e6  # the first reading for ever
    last_good = max(index for index, axis in enumerate(bench.run(2.0)) if axis.readback.quality is Quality.GOOD)
    assert last_good == SETTINGS.frozen_after - 2
    count = len(bench.rig.written)
    bench.run(5.0, BREATHING)
    assert len(bench.rig.written) == count
    assert bench.now.state is AxisState.FAULT
    assert any("times in a row: frozen" in note for note in bench.notes)
    plant.noise, plant.delay = 0.0025, 0.075
    bench.run(2.0)
    assert bench.now.state is AxisState.IDLE

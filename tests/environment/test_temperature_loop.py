"""The heater's controller regulates by itself: what the service tells it, and what it never tells it."""

import math

from environment.small_rig import FakeController

from operando.config.instruments import Heater
from operando.environment.axis import Axis, Change
from operando.environment.before import NOTHING, AxisBefore
from operando.environment.temperature import TemperatureLoop
from operando.errors import NoReply
from operando.instruments.roles import ControllerStatus
from operando.vocabulary import AxisState, Mode, Quality

HEATER = Heater(
    driver="eurotherm3216",
    port="heater",
    low_limit_C=15.0,
    high_limit_C=100.0,
    tolerance_C=0.2,
    settle_time_s=2.0,
    ramp_rate_K_per_min=5.0,
)


class Bench:
    """A temperature loop on a fake controller; one look every 0.5 s."""

    def __init__(self, controller: FakeController | None = None, before: AxisBefore = NOTHING) -> None:
        self.controller = controller or FakeController()
        self.axes: list[Axis] = []
        self.notes: list[str] = []
        self.loop = TemperatureLoop(self.controller, HEATER, self.axes.append, self.notes.append, before, lambda: 1)

    def run(self, looks: int) -> list[Axis]:
        for _ in range(looks):
            self.loop.step(0.5)
        return self.axes[-looks:]

    @property
    def now(self) -> Axis:
        return self.axes[-1]


def test_nothing_is_written_before_somebody_asks() -> None:
    bench = Bench(FakeController(setpoint=45.0, target=45.0))
    bench.run(10)
    assert bench.controller.log == []
    assert (bench.now.state, bench.now.target, bench.now.settled) == (AxisState.IDLE, 45.0, True)


def test_a_target_goes_out_once_with_the_rate_before_it() -> None:
    bench = Bench()
    bench.run(1)
    bench.loop.tell(Change("target", 30.0, "7"))
    axes = bench.run(12)
    assert bench.controller.log == ["rate 5", "target 30"]
    assert list(dict.fromkeys(axis.state for axis in axes)) == [
        AxisState.RAMPING,
        AxisState.SETTLING,
        AxisState.SETTLED,
    ]
    assert bench.now.settled_id == "7"
    bench.loop.tell(Change("target", 31.0, "8"))
    assert bench.run(1)[0].settled_id == "7"
    assert bench.controller.log == ["rate 5", "target 30", "target 31"]


def test_a_stop_holds_and_the_rate_is_that_of_the_request() -> None:
    bench = Bench()
    bench.loop.tell(Change("ramp_rate", 0.05))
    bench.loop.tell(Change("target", 40.0, "1"))
    bench.run(4)
    bench.loop.tell(Change("stop"))
    bench.run(2)
    assert bench.controller.log == ["rate 3", "target 40", "hold"]
    assert bench.now.state is AxisState.HELD
    assert bench.now.target == bench.now.setpoint < 40.0


def test_a_service_that_comes_back_knows_that_somebody_had_asked() -> None:
    same = Bench(FakeController(setpoint=45.0, target=45.0), AxisBefore(45.01, id="7"))
    same.run(8)
    assert (same.now.state, same.now.id, same.now.settled_id) == (AxisState.SETTLED, "7", "7")
    other = Bench(FakeController(setpoint=45.0, target=45.0), AxisBefore(60.0, id="7"))
    other.run(8)
    assert (other.now.state, other.now.id) == (AxisState.IDLE, "")
    assert same.controller.log == other.controller.log == []


def test_a_ramp_that_goes_on_across_a_restart_ends_with_the_id_of_its_request() -> None:
    bench = Bench(FakeController(setpoint=25.0, target=30.0), AxisBefore(30.0, id="7", settled_id="6"))
    axes = bench.run(12)
    assert axes[0].state is AxisState.RAMPING
    assert axes[0].settled_id == "6"
    assert (bench.now.state, bench.now.settled_id) == (AxisState.SETTLED, "7")
    assert bench.controller.log == []


def test_what_was_held_and_what_was_set_stay_across_a_restart() -> None:
    held = AxisBefore(45.0, held=True, id="7", tolerance=0.5, settle_time=9.0, ramp_rate=0.02)
    bench = Bench(FakeController(setpoint=45.0, target=45.0), held)
    bench.run(3)
    assert bench.now.state is AxisState.HELD
    assert (bench.now.tolerance, bench.now.settle_time, bench.now.ramp_rate) == (0.5, 9.0, 0.02)
    bench.loop.tell(Change("target", 46.0, "8"))
    bench.run(1)
    assert bench.controller.log == ["rate 1.2", "target 46"]


def test_a_safe_state_survives_a_restart_and_the_controller_is_told_again() -> None:
    bench = Bench(FakeController(setpoint=45.0, target=45.0), AxisBefore(mode=Mode.RELEASED))
    bench.run(1)
    assert (bench.now.mode, bench.now.state) == (Mode.RELEASED, AxisState.SAFE)
    assert bench.controller.log == ["standby"]


def test_a_service_that_dies_before_its_controller_answers_forgets_nothing() -> None:
    bench = Bench(FakeController(failing=NoReply("nothing within 0.5 s")), AxisBefore(60.0, id="7"))
    bench.run(1)
    assert (bench.now.target, bench.now.id) == (60.0, "7")


def test_a_silent_controller_is_a_fault_and_gets_the_target_when_it_is_back() -> None:
    bench = Bench()
    bench.run(1)
    bench.controller.failing = NoReply("nothing within 0.5 s")
    bench.loop.tell(Change("target", 26.0, "1"))
    bench.run(3)
    assert bench.now.state is AxisState.FAULT
    assert math.isnan(bench.now.readback.value)
    assert bench.now.readback.quality is bench.now.drive.quality is Quality.INVALID
    bench.controller.failing = None
    bench.run(8)
    assert bench.controller.target == 26.0
    assert bench.now.settled_id == "1"
    assert len(bench.notes) == 1


def test_a_refused_target_is_dropped_and_told() -> None:
    bench = Bench(FakeController(refusing=True))
    bench.loop.tell(Change("target", 26.0, "1"))
    bench.run(3)
    assert "illegal value" in bench.notes[0]
    assert bench.now.target == 25.0


def test_a_broken_sensor_is_a_fault() -> None:
    bench = Bench()
    bench.run(6)
    bench.controller.status = ControllerStatus(sensor_break=True)
    axes = bench.run(3)
    assert axes[0].state is AxisState.IDLE
    assert axes[-1].state is AxisState.FAULT
    assert axes[-1].readback.quality is Quality.INVALID


def test_safe_switches_off_and_a_reset_holds_before_it_switches_on() -> None:
    bench = Bench()
    bench.loop.tell(Change("target", 40.0, "1"))
    bench.run(3)
    bench.loop.tell(Change("safe"))
    bench.loop.tell(Change("target", 90.0, "2"))
    bench.run(2)
    assert bench.controller.log[-1] == "standby"
    assert (bench.now.state, bench.now.mode) == (AxisState.SAFE, Mode.RELEASED)
    assert bench.now.asked.quality is Quality.INVALID
    bench.loop.tell(Change("reset"))
    bench.run(2)
    assert bench.controller.log[-2:] == ["hold", "resume"]
    assert (bench.now.state, bench.now.mode) == (AxisState.IDLE, Mode.CLOSED_LOOP)


def test_safe_is_tried_until_the_controller_takes_it() -> None:
    bench = Bench()
    bench.run(1)
    bench.controller.failing = NoReply("nothing")
    bench.loop.tell(Change("safe"))
    bench.run(5)
    assert bench.now.state is AxisState.FAULT
    bench.controller.failing = None
    bench.run(1)
    assert bench.controller.log == ["standby"]
    assert bench.now.state is AxisState.SAFE

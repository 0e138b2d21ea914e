"""How far the stroke still reaches, what it refuses, and the heater's ramp that waits for it."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from environment.small_rig import SETTINGS, START_NS, FakeController, PressureBench

import operando.configs
from operando.config import load
from operando.control import DriveLimits
from operando.environment.authority import Authority, Stroke
from operando.environment.axis import Axis, Change
from operando.environment.coupling import Coupling
from operando.environment.ramp_gate import CALM, RampGate
from operando.environment.temperature import TemperatureLoop
from operando.environment.uncertainty import UNKNOWN_AGE, PressureUncertainty
from operando.environment.wear import Wear
from operando.errors import NoReply
from operando.vocabulary import AxisState, Mode, Quality, Reading, Request

SHIPPED = load(Path(operando.configs.__file__).parent / "simulated.toml")
CONFIG = SHIPPED.model_copy(
    update={"pressure": SHIPPED.pressure.model_copy(update={"pressure_per_kelvin_MPa_per_K": 0.78})}
)
LIMITS = DriveLimits(low=-20.0, high=130.0, slew=100.0)
SECOND = 1_000_000_000


def target(value: float) -> Request:
    return Request("1", "ada", "target", value)


def test_the_whole_stroke_of_the_reference_plant_is_23_megapascal() -> None:
    stroke = Stroke(LIMITS, SHIPPED.pressure.pressure_per_volt_MPa_per_V, 2.0, [].append)
    assert stroke.at(-20.0).up == pytest.approx(23.0, abs=0.1)
    assert stroke.at(-20.0).down == 0.0
    assert stroke.at(60.0).up + stroke.at(60.0).down == pytest.approx(23.0, abs=0.1)
    assert stroke.at(140.0).up == 0.0  # found outside of its limits


def test_a_target_beyond_the_stroke_is_refused_with_the_numbers() -> None:
    bench = PressureBench()
    bench.run(3.0)
    assert bench.loop.objection(target(90.0)) == ""
    for value in (97.0, 70.0):
        words = bench.loop.objection(target(value))
        assert "the stroke reaches from 71." in words
        assert "to 94.7 MPa (84.0 MPa at 60." in words
        assert "0.153 MPa/V, -20 to 130 V" in words
    assert bench.loop.objection(Request("1", "ada", "tolerance", 97.0)) == ""


def test_the_slope_is_learned_from_fast_moves_and_not_from_a_breathing_cell() -> None:
    bench = PressureBench()
    bench.run(1.0)
    for value in (86.0, 84.0, 86.0):
        bench.loop.tell(Change("target", value, "1"))
        bench.run(5.0)
    assert bench.now.authority is not None
    learned = bench.now.authority.slope
    assert 0.13 < learned < SETTINGS.slope  # small moves of a piezo are smaller than its whole stroke suggests
    held = bench.run(20.0, 0.05)[-1].authority
    assert held is not None
    assert held.slope == learned


def test_the_end_of_the_stroke_is_warned_of_once_before_it_comes() -> None:
    notes: list[str] = []
    stroke = Stroke(LIMITS, 0.15, 2.0, notes.append)
    falling = [60.0 - 0.1 * step for step in range(800)]
    for drive in (*falling, -6.0, -7.0, -4.0):  # back and forth about 2 MPa
        stroke.see(drive, 85.0, 0.05)
    assert notes == ["stack pressure: 1.99 MPa of stroke left down at -6.7 V"]
    for drive in (60.0, 129.0):
        stroke.see(drive, 85.0, 0.05)
    assert len(notes) == 2
    assert "left up at 129.0 V" in notes[1]


def axis(
    up: float = 10.0,
    down: float = 10.0,
    *,
    state: AxisState = AxisState.SETTLED,
    mode: Mode = Mode.CLOSED_LOOP,
    readback: float = 85.0,
    time_ns: int = START_NS,
) -> Axis:
    quality = Quality.INVALID if math.isnan(readback) else Quality.GOOD
    reading = Reading(readback, time_ns, quality)
    drive = Reading(60.0, time_ns)
    return Axis(reading, 85.0, 85.0, drive, mode, state, True, "", 0.05, 2.0, 0.5, authority=Authority(up, down, 0.153))


def celsius(value: float) -> Axis:
    return replace(axis(), readback=Reading(value, START_NS))


def coupled() -> tuple[Coupling, RampGate, list[tuple[str, Reading]]]:
    told: list[tuple[str, Reading]] = []
    gate = RampGate()
    coupling = Coupling(CONFIG, lambda name, reading: told.append((name, reading)), gate)
    coupling.temperature(celsius(45.0))
    return coupling, gate, told


def test_a_ramp_from_45_to_80_needs_27_megapascal_and_is_refused() -> None:
    coupling, _, _ = coupled()
    assert coupling.objection(target(80.0)) == ""  # no look at the stack pressure yet
    coupling.pressure(axis(up=20.0, down=12.0))
    words = coupling.objection(target(80.0))
    assert "from 45.0 to 80.0 °C the stack changes by 27.3 MPa at 0.78 MPa/K" in words
    assert "pressure_per_kelvin_MPa_per_K" in words
    assert "the piezo at 60.0 V has 12.0 MPa of stroke left down" in words
    assert coupling.objection(target(55.0)) == ""
    assert coupling.objection(target(25.0)) == ""  # 16 MPa, upwards
    assert "20.0 MPa of stroke left up" in coupling.objection(target(15.0))
    assert coupling.objection(Request("1", "ada", "ramp_rate", 80.0)) == ""
    coupling.pressure(axis(up=0.0, down=0.0, mode=Mode.CONSTANT_VOLUME))
    assert coupling.objection(target(80.0)) == ""


@pytest.mark.parametrize(
    ("look", "heating", "cooling"),
    [
        (axis(), "", ""),
        (axis(down=0.9), "0.90 MPa of stroke left down", ""),
        (axis(up=0.9), "", "0.90 MPa of stroke left up"),
        (axis(readback=85.6), "off by 0.60 MPa", "off by 0.60 MPa"),
        (axis(state=AxisState.FAULT, readback=math.nan), "in fault", "in fault"),
        (axis(state=AxisState.FAULT, mode=Mode.CONSTANT_VOLUME), "in fault", "in fault"),
        (axis(0.0, 0.0, state=AxisState.FREE, mode=Mode.CONSTANT_VOLUME), "", ""),
        (axis(0.0, 0.0, state=AxisState.SAFE, mode=Mode.RELEASED), "", ""),
    ],
)
def test_heater_ramps_wait_for_what_the_piezo_cannot_follow(look: Axis, heating: str, cooling: str) -> None:
    coupling, gate, _ = coupled()
    coupling.pressure(look)
    for celsius, words in ((60.0, heating), (30.0, cooling)):
        reason = gate.reason(45.0, celsius)
        assert words in reason
        assert bool(words) == bool(reason)


def test_uncertainty_and_authority_are_told_twice_a_second() -> None:
    coupling, _, told = coupled()
    for step in range(21):
        coupling.pressure(axis(down=1.5, time_ns=START_NS + step * SECOND // 20))
    assert [name for name, _ in told] == ["stack_pressure_uncertainty", "authority_up", "authority_down"] * 3
    uncertainty, up, down = (reading for _, reading in told[:3])
    assert uncertainty.value == pytest.approx(0.41, abs=0.02)
    assert (up.value, up.quality) == (10.0, Quality.GOOD)
    assert (down.value, down.quality) == (1.5, Quality.SUSPECT)  # less than authority_warning_MPa


def test_an_old_or_unknown_tare_and_a_hot_load_cell_are_less_certain() -> None:
    def at(load_cell: dict[str, object], temperature: float, reading: float = 85.0) -> Reading:
        changed = CONFIG.model_copy(update={"load_cell": CONFIG.load_cell.model_copy(update=load_cell)})
        return PressureUncertainty(changed).of(Reading(reading, START_NS), temperature)

    now = datetime.fromtimestamp(START_NS / SECOND, UTC)
    wandering: dict[str, object] = {"zero_drift_N_per_root_day": 20.0}
    fresh = at(wandering | {"tare_time": now}, 25.0).value
    written_down = at(wandering | {"tare_time": now.replace(tzinfo=None)}, 25.0).value  # UTC where no zone is given
    unknown = at(wandering | {"tare_time": None}, 25.0).value
    assert fresh == written_down < unknown
    month_ago = datetime.fromtimestamp(START_NS / SECOND - UNKNOWN_AGE, UTC)
    assert at(wandering | {"tare_time": month_ago}, 25.0).value == pytest.approx(unknown)
    assert at({}, 80.0).value > at({}, 25.0).value == at({}, math.nan).value
    lost = at({}, 25.0, math.nan)
    assert (math.isnan(lost.value), lost.quality) == (True, Quality.INVALID)


class Oven:
    """A temperature loop on a fake controller, one look every 0.5 s."""

    def __init__(self, controller: FakeController | None = None) -> None:
        self.controller = controller or FakeController(setpoint=45.0, target=45.0)
        self.axes: list[Axis] = []
        self.notes: list[str] = []
        self.loop = TemperatureLoop(
            self.controller, CONFIG.heater, self.axes.append, self.notes.append, now_ns=lambda: START_NS
        )

    def run(self, seconds: float) -> Axis:
        for _ in range(round(seconds / 0.5)):
            self.loop.step(0.5)
        return self.axes[-1]


def test_a_ramp_freezes_at_once_and_goes_on_when_its_way_has_been_open_for_a_while() -> None:
    oven = Oven()
    oven.run(1.0)
    oven.loop.tell(Change("target", 60.0, "1"))
    oven.run(2.0)
    oven.loop.gate.close("the stack pressure is in fault", "the stack pressure is in fault")
    waiting = oven.run(0.5)
    frozen = waiting.setpoint
    assert (waiting.state, waiting.target) == (AxisState.RAMPING, 60.0)
    waiting = oven.run(300.0)
    assert oven.controller.log == ["rate 5", "target 60", "hold"]
    assert (waiting.setpoint, waiting.target, waiting.settled) == (frozen, 60.0, False)
    oven.loop.gate.close("", "")
    assert oven.run(CALM - 1.0).setpoint == frozen
    oven.run(20.0)
    assert oven.controller.log == ["rate 5", "target 60", "hold", "target 60"]
    assert (oven.axes[-1].state, oven.axes[-1].settled_id) == (AxisState.SETTLED, "1")
    assert ["waits" in note or "goes on" in note for note in oven.notes] == [True, True]


def test_a_gate_that_flutters_costs_few_writes() -> None:
    oven = Oven()
    oven.loop.tell(Change("target", 100.0, "1"))
    oven.run(1.0)
    for _ in range(20):
        oven.loop.gate.close("fault", "fault")
        oven.run(1.0)
        oven.loop.gate.close("", "")
        oven.run(CALM - 2.0)
    assert oven.controller.log.count("hold") == 1


def test_only_the_closed_way_waits_and_a_new_target_takes_its_place() -> None:
    oven = Oven()
    oven.run(1.0)
    oven.loop.gate.close("0.5 MPa of stroke left down", "")
    oven.loop.tell(Change("target", 60.0, "1"))
    assert oven.run(30.0).setpoint == 45.0
    assert oven.controller.log == []  # nothing to take back
    oven.loop.tell(Change("target", 40.0, "2"))
    cool = oven.run(10.0)
    assert (cool.setpoint, cool.settled_id) == (40.0, "2")
    oven.loop.tell(Change("target", 60.0, "3"))
    oven.run(1.0)
    oven.loop.tell(Change("stop"))
    oven.run(1.0)
    oven.loop.gate.close("", "")
    stopped = oven.run(2 * CALM)
    assert (stopped.target, stopped.state) == (40.0, AxisState.HELD)


def test_a_wait_and_its_end_that_met_silence_are_tried_again() -> None:
    class Mute(FakeController):
        mute = False

        def hold(self) -> None:
            self.write_target(self.setpoint)

        def write_target(self, celsius: float) -> None:
            if self.mute:
                raise NoReply("nothing within 0.5 s")
            super().write_target(celsius)

    controller = Mute(setpoint=45.0, target=45.0)
    oven = Oven(controller)
    oven.loop.tell(Change("target", 100.0, "1"))
    oven.run(2.0)
    controller.mute = True
    oven.loop.gate.close("fault", "fault")
    oven.run(2.0)
    controller.mute = False
    frozen = oven.run(0.5).setpoint
    assert oven.run(5.0).setpoint == frozen < 60.0
    controller.mute = True
    oven.loop.gate.close("", "")
    assert oven.run(2 * CALM).setpoint == frozen
    controller.mute = False
    assert oven.run(60.0).settled_id == "1"


def test_writes_are_counted_on_from_the_log_and_told_when_they_change() -> None:
    told: list[tuple[str, Reading]] = []
    notes: list[str] = []
    wear = Wear(Reading(79_998.0, 1), lambda name, reading: told.append((name, reading)), notes.append)
    for writes in (0, 0, 1, 1, 2, 3):
        wear.see(writes, START_NS)
    assert [reading.value for _, reading in told] == [79_998.0, 79_999.0, 80_000.0, 80_001.0]
    assert notes == ["heater: its memory was written 80000 times; it endures about 100000"]
    fresh: list[tuple[str, Reading]] = []
    Wear(None, lambda name, reading: fresh.append((name, reading)), notes.append).see(0, START_NS)
    assert [reading.value for _, reading in fresh] == [0.0]

"""What a trip does: in which order, how soon, for how long, and what nobody may do meanwhile."""

import json
from collections.abc import Iterator
from concurrent.futures import Future
from itertools import pairwise
from pathlib import Path

import pytest
from environment.small_rig import PERIOD
from interlocks.guarded import CONFIG, Guarded

from operando.environment.axis import Change
from operando.errors import NoReply
from operando.history import EnvironmentHistory
from operando.instruments.roles import ControllerStatus
from operando.vocabulary import Mode, ProgrammeState

ALL_OFF = ["current safe", "heat safe", "pressure safe"]
SLEW_STEP = 100.0 * PERIOD  # V


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path)
    yield made.run(3.0)
    made.log.close()


def test_without_a_cause_nothing_happens(guarded: Guarded) -> None:
    guarded.run(30.0)
    assert guarded.story == []
    assert guarded.interlocks.objection() == ""
    records = guarded.records()
    assert (records["INTERLOCK:TRIPPED"], records["INTERLOCK:FIRST_OUT"], records["INTERLOCK:ALARMS"]) == (0.0, "", "")


def test_over_pressure_opens_the_circuit_then_ends_the_heat_then_releases(guarded: Guarded) -> None:
    guarded.push(8.0)
    guarded.run(1.0)
    assert guarded.story == ALL_OFF
    assert guarded.switched_off == 1
    assert "standby" in guarded.controller.log
    assert guarded.pressure.mode is Mode.RELEASED
    assert max(-change for change in steps(guarded)) <= SLEW_STEP + 1e-9
    guarded.run(3.0)
    assert guarded.rig.plant.drive == -20.0


def steps(guarded: Guarded) -> list[float]:
    written = [60.0, *guarded.rig.written]
    return [after - before for before, after in pairwise(written)]


def test_the_drive_moves_within_two_loop_periods_of_the_reading_that_trips(guarded: Guarded) -> None:
    guarded.push(8.0)
    while not guarded.story:
        guarded.run(PERIOD)  # ends with the step whose reading trips
    before = guarded.rig.plant.drive
    guarded.run(2 * PERIOD)
    assert guarded.pressure.mode is Mode.RELEASED
    assert guarded.rig.plant.drive == pytest.approx(before - 2 * SLEW_STEP)
    assert guarded.switched_off == 1
    assert "standby" in guarded.controller.log


def test_a_silent_potentiostat_does_not_hold_up_the_rest(guarded: Guarded) -> None:
    guarded.potentiostat.failing = NoReply("EmStat4: nothing came")
    guarded.push(8.0)
    guarded.run(3.0)
    assert guarded.pressure.mode is Mode.RELEASED
    guarded.potentiostat.failing = None
    guarded.run(1.0)
    assert guarded.switched_off == 1


def test_one_spike_trips_nothing(guarded: Guarded) -> None:
    guarded.rig.plant.offset += 5.0
    guarded.run(PERIOD)
    guarded.rig.plant.offset -= 5.0
    guarded.run(5.0)
    assert guarded.story == []


def test_while_it_is_latched_nothing_may_move_and_a_reset_waits_for_the_cause(guarded: Guarded) -> None:
    guarded.push(40.0)
    guarded.run(4.0)
    assert "over_pressure: stack_pressure" in guarded.interlocks.objection()
    assert "is above 102 MPa" in guarded.ask_for_reset()
    guarded.push(-40.0)
    guarded.run(1.0)
    assert guarded.interlocks.objection()
    assert guarded.ask_for_reset() == ""
    guarded.run(2.0)
    assert guarded.interlocks.objection() == ""
    assert guarded.pressure.mode is Mode.CLOSED_LOOP
    assert guarded.rig.plant.drive == pytest.approx(-20.0, abs=5.0)  # regulated where it was found, up to creep
    assert guarded.controller.log[-2:] == ["hold", "resume"]
    assert guarded.programme.objection() == ""


def test_a_lost_load_cell_is_told_at_once_and_ends_the_ramp_and_rests_the_cell_later(guarded: Guarded) -> None:
    guarded.temperature.tell(Change("target", 60.0))
    guarded.run(1.0)
    drive = guarded.rig.plant.drive
    guarded.rig.failing = NoReply("DSCUSB: nothing came")
    guarded.run(0.3)
    assert guarded.story == []  # the ramp waits by the gate between the two loops
    assert "load_cell_doubtful" in guarded.records()["INTERLOCK:ALARMS"]
    guarded.run(11.0)
    assert guarded.story == ["current safe", "heat stop", "pressure mode constant_volume"]
    assert guarded.controller.log[-1] == "hold"
    assert guarded.controller.target < 60.0
    assert guarded.rig.plant.drive == drive
    assert "load_cell_lost: stack_pressure is not measured" in guarded.ask_for_reset()
    guarded.rig.failing = None
    guarded.run(1.0)
    assert guarded.pressure.mode is Mode.CONSTANT_VOLUME
    assert guarded.ask_for_reset() == ""
    guarded.run(2.0)
    assert guarded.pressure.mode is Mode.CLOSED_LOOP
    assert guarded.rig.plant.drive == pytest.approx(drive, abs=0.5)


def test_what_was_not_regulated_before_a_trip_is_not_regulated_after_its_reset(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, mode=Mode.MANUAL).run(3.0)
    guarded.rig.failing = NoReply("DSCUSB: nothing came")
    guarded.run(12.0)
    guarded.rig.failing = None
    guarded.run(1.0)
    assert guarded.ask_for_reset() == ""
    guarded.run(1.0)
    assert guarded.pressure.mode is Mode.CONSTANT_VOLUME
    guarded.log.close()


def test_a_foreign_hand_on_the_amplifier_trips_and_the_reset_takes_it_as_it_is(guarded: Guarded) -> None:
    guarded.rig.plant.drive = 0.0
    guarded.run(1.0)
    assert guarded.story == ["current safe", "heat stop", "pressure mode constant_volume"]
    assert "amplifier_foreign" in guarded.interlocks.objection()
    guarded.rig.refusing = "NV200: its own position loop is on"
    assert "position loop" in guarded.ask_for_reset()
    assert guarded.interlocks.objection()
    guarded.rig.refusing = ""
    assert guarded.ask_for_reset() == ""
    guarded.run(2.0)
    assert guarded.interlocks.objection() == ""
    assert guarded.pressure.mode is Mode.CLOSED_LOOP
    assert guarded.rig.plant.drive == pytest.approx(0.0, abs=0.5)


def test_a_broken_heater_sensor_ends_the_heat_and_the_pressure_stays_regulated(guarded: Guarded) -> None:
    guarded.controller.status = ControllerStatus(sensor_break=True)
    guarded.run(2.0)
    assert guarded.story == ["current safe", "heat safe"]
    assert "heater_sensor_broken" in guarded.interlocks.objection()
    assert guarded.pressure.mode is Mode.CLOSED_LOOP
    assert "heater_sensor_break is so" in guarded.ask_for_reset()


def test_a_second_trip_acts_where_the_first_did_not(guarded: Guarded) -> None:
    guarded.controller.status = ControllerStatus(sensor_break=True)
    guarded.run(2.0)
    guarded.push(8.0)
    guarded.run(1.0)
    assert guarded.story == ["current safe", "heat safe", "pressure safe"]
    assert "heater_sensor_broken" in guarded.interlocks.objection()


def test_a_short_circuit_opens_the_circuit(guarded: Guarded) -> None:
    for voltage in (3.60, 3.60, 3.60, 3.50):
        guarded.sample(voltage)
        guarded.run(0.5)
    assert guarded.story == ["current safe"]
    assert guarded.programme.state is ProgrammeState.STOPPED


def test_a_silent_program_and_a_full_disk_are_alarms(guarded: Guarded) -> None:
    guarded.fact("heartbeat_runengine", 12.0)
    guarded.fact("disk_free", 0.5)
    guarded.run(0.5)
    assert guarded.story == []
    assert guarded.records()["INTERLOCK:ALARMS"] == (
        "runengine_silent: heartbeat_runengine 12 s is above 10 s; disk_nearly_full: disk_free 0.5 GB is below 1 GB"
    )


def test_a_trip_outlives_the_service_and_is_acted_on_again(guarded: Guarded, tmp_path: Path) -> None:
    guarded.push(8.0)
    guarded.run(1.0)
    first = guarded.records()["INTERLOCK:FIRST_OUT"]
    after = Guarded(tmp_path / "after", guarded.interlocks.facts())
    after.run(1.0)
    assert after.story == ALL_OFF
    assert after.pressure.mode is Mode.RELEASED
    assert after.records()["INTERLOCK:FIRST_OUT"] == first
    assert after.interlocks.facts() == guarded.interlocks.facts()
    after.log.close()


def test_a_memory_that_cannot_be_read_holds_everything(tmp_path: Path) -> None:
    guarded = Guarded(tmp_path, {"trips": [{"name": "over_pressure"}]}).run(1.0)
    assert guarded.story == ["current safe", "heat stop", "pressure mode constant_volume"]
    assert "cannot be read" in guarded.interlocks.objection()
    assert guarded.ask_for_reset() == ""
    guarded.log.close()


def test_every_trip_is_in_the_log_and_in_words(guarded: Guarded, caplog: pytest.LogCaptureFixture) -> None:
    guarded.push(8.0)
    guarded.run(2.0)
    records = guarded.records()
    assert records["INTERLOCK:TRIPPED"] == 1.0
    assert records["INTERLOCK:FIRST_OUT"].startswith("over_pressure: stack_pressure 10")
    assert "INTERLOCK over_pressure has TRIPPED: stack_pressure 10" in caplog.text
    guarded.log.commit(guarded.rig.now_ns)
    history = EnvironmentHistory(guarded.root / "environment")
    flags = history.samples("interlock_tripped", 0, guarded.rig.now_ns).value.tolist()
    history.close()
    assert flags == sorted(flags)
    assert set(flags) == {0.0, 1.0}


def test_the_safe_state_of_the_cell_is_read_back_and_said_in_record_log_and_box(guarded: Guarded) -> None:
    for voltage in (3.60, 3.60, 3.60, 3.50):
        guarded.sample(voltage)
        guarded.run(0.5)
    guarded.run(1.0)
    (file,) = (guarded.root / "blackbox").glob("*-short_circuit.json")
    guarded.run(60.0)
    told = [
        event["value"] for event in json.loads(file.read_text())["events"] if event["record"] == "CELL:OPEN_VERIFIED"
    ]
    assert [text.partition(",")[0] for text in told] == ["open circuit read back: 3.2000 V"]
    assert any("safe state of the cell: open circuit read back: 3.2000 V" in line for line in guarded.lines)


def test_a_potentiostat_that_says_nothing_more_trips_at_the_second_missed_sample(guarded: Guarded) -> None:
    interval = CONFIG.compiled_programme().steps[0].sample_interval
    assert start(guarded) == ""
    for _ in range(4):
        guarded.sample(3.6)
        guarded.run(interval)
    last = guarded.seconds - interval
    while not guarded.story:
        guarded.run(PERIOD)
    assert guarded.story == ["current safe"]
    assert 2 * interval < guarded.seconds - last <= 3 * interval
    assert guarded.interlocks.objection().startswith("tripped by cell_silent: current is not measured")


def test_a_line_that_is_lost_says_that_nothing_can_be_verified_until_it_is_back(guarded: Guarded) -> None:
    assert start(guarded) == ""
    for _ in range(3):
        guarded.sample(3.6)
        guarded.run(0.5)
    guarded.potentiostat.failing = NoReply("EmStat4: line lost")
    guarded.run(3.0)
    assert guarded.story == ["current safe"]
    assert guarded.interlocks.objection().startswith("tripped by cell_silent")
    assert verified(guarded) == "cannot be verified: EmStat4: line lost"
    assert "cell_silent" in guarded.interlocks.objection_to_reset()
    guarded.potentiostat.failing = None
    guarded.run(2.0)
    assert verified(guarded).startswith("open circuit read back: 3.2000 V")
    assert guarded.switched_off == 1


def start(guarded: Guarded) -> str:
    """Start the programme as somebody's request does; return why it was not."""
    done: Future[str] = Future()
    guarded.programme.tell(Change("start", done=done))
    guarded.run(PERIOD)
    return done.result(0)


def verified(guarded: Guarded) -> str:
    """Return what was last said of the safe state."""
    return next(
        line.removeprefix("safe state of the cell: ") for line in reversed(guarded.lines) if "safe state" in line
    )

"""The service over serial lines: modes, the end of the stroke, an amplifier in other hands, a watched heater."""

import signal
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from environment.running_service import RunningService

from operando.sim.faults.client import clear_faults, set_fault

LOW = -20.0  # V
NS = 1_000_000_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    text = running.configuration.read_text()
    running.configuration.write_text(
        text.replace('driver = "eurotherm3216"', 'driver = "eurotherm3216"\nwatchdog = true')
    )
    try:
        running.start()
        for field, value in (("settle_time", 0.3), ("ramp_rate", 5.0)):
            assert running.ask("PRESSURE", field, value)[1]
        yield running
    finally:
        running.close()


def enter(running: RunningService, mode: str) -> None:
    _, accepted, text = running.ask("PRESSURE", "mode", text=mode)
    assert accepted, text
    running.until(lambda: running.text("PRESSURE:MODE") == mode)


def settle(running: RunningService, target: float) -> None:
    name, accepted, text = running.ask("PRESSURE", "target", target)
    assert accepted, text
    running.until(lambda: running.text("PRESSURE:SETTLED_ID") == name)


def drives(running: RunningService, since_ns: int) -> np.ndarray:
    return np.array([state[2] for state in running.truth() if state[0] >= since_ns])


def let_pass(running: RunningService, seconds: float) -> None:
    since = time.time_ns()
    running.until(lambda: running.stamped("PRESSURE:DRIVE")[1] > since + seconds * 1e9)


def reset(running: RunningService) -> None:
    clear_faults(running.root)
    let_pass(running, 0.5)  # an output that was stuck goes to where the drive stands
    _, accepted, text = running.ask("INTERLOCK", "reset")
    assert accepted, text
    assert running.ask("PRESSURE", "reset")[1]
    running.until(lambda: running.text("PRESSURE:STATE") != "fault")


def test_a_target_beyond_the_stroke_is_refused_with_the_numbers(running: RunningService) -> None:
    words = running.ask("PRESSURE", "target", 99.0)[2]
    assert "the stroke reaches from 7" in words
    assert "-20 to 130 V" in words
    words = running.ask("TEMPERATURE", "target", 60.0)[2]
    assert "MPa at 0.78 MPa/K" in words
    assert "of stroke left down" in words


def test_authority_and_uncertainty_are_served(running: RunningService) -> None:
    up, _ = running.stamped("PRESSURE:AUTHORITY_UP")
    down, _ = running.stamped("PRESSURE:AUTHORITY_DOWN")
    assert up + down == pytest.approx(23.0, abs=1.0)
    assert running.stamped("PRESSURE:UNCERTAINTY")[0] == pytest.approx(0.41, abs=0.03)


def test_at_constant_volume_the_drive_stands_and_the_closed_loop_comes_back_without_a_bump(
    running: RunningService,
) -> None:
    settle(running, 85.0)
    enter(running, "constant_volume")
    since = time.time_ns()
    running.until(lambda: running.text("PRESSURE:STATE") == "free")
    assert "a target needs closed_loop" in running.ask("PRESSURE", "target", 86.0)[2]
    written = running.stamped("PRESSURE:DRIVE")[0]
    let_pass(running, 1.0)
    assert running.stamped("PRESSURE:DRIVE")[0] == written
    enter(running, "closed_loop")
    running.until(lambda: running.text("PRESSURE:STATE") == "idle")
    running.until(lambda: np.isfinite(running.stamped("PRESSURE:TARGET")[0]))
    assert running.stamped("PRESSURE:TARGET")[0] == pytest.approx(running.stamped("PRESSURE:READBACK")[0], abs=0.05)
    assert np.ptp(drives(running, since)) < 0.5


def test_by_hand_the_drive_is_the_one_asked_for(running: RunningService) -> None:
    assert "a drive needs manual" in running.ask("PRESSURE", "drive", 70.0)[2]
    enter(running, "manual")
    name, accepted, text = running.ask("PRESSURE", "drive", 70.0)
    assert accepted, text
    running.until(lambda: running.text("PRESSURE:SETTLED_ID") == name)
    assert running.stamped("PRESSURE:DRIVE")[0] == 70.0
    running.until(lambda: abs(running.truth()[-1][2] - 70.0) < 0.1)
    enter(running, "closed_loop")
    settle(running, 85.0)


@pytest.mark.parametrize(
    ("kind", "interlock"), [("stuck", "amplifier_foreign"), ("over_temperature", "amplifier_too_hot")]
)
def test_an_amplifier_in_other_hands_is_not_written_any_more(
    running: RunningService, kind: str, interlock: str
) -> None:
    settle(running, 85.0)
    if kind == "stuck":
        running.ask("PRESSURE", "target", 88.0)  # 20 V
    set_fault(running.root, "piezo", kind)
    running.until(lambda: running.text("PRESSURE:STATE") == "fault")
    running.until(lambda: running.text("INTERLOCK:FIRST_OUT").startswith(f"{interlock}:"))
    let_pass(running, 0.5)
    since, written = time.time_ns(), running.stamped("PRESSURE:DRIVE")[0]
    let_pass(running, 1.0)
    assert running.stamped("PRESSURE:DRIVE")[0] == pytest.approx(written, abs=0.001)
    assert np.ptp(drives(running, since)) < 0.1
    assert interlock in running.ask("PRESSURE", "target", 85.0)[2]
    reset(running)
    enter(running, "closed_loop")


def test_a_power_cycle_is_not_answered_with_a_jump(running: RunningService) -> None:
    settle(running, 85.0)
    set_fault(running.root, "piezo", "power_cycled")
    running.until(lambda: running.text("INTERLOCK:FIRST_OUT").startswith("amplifier_foreign:"))
    let_pass(running, 0.3)
    since = time.time_ns()
    let_pass(running, 1.5)
    assert np.max(drives(running, since)) < LOW + 0.1
    reset(running)
    enter(running, "manual")
    running.ask("PRESSURE", "drive", 62.0)
    running.until(lambda: abs(running.truth()[-1][2] - 62.0) < 0.1)
    assert np.max(np.diff(drives(running, since))) < 6.0  # at the slew limit: 2 V in 20 ms, with a late sample
    enter(running, "closed_loop")
    settle(running, 85.0)


def test_a_load_cell_that_repeats_itself_holds_the_drive(running: RunningService) -> None:
    settle(running, 85.0)
    set_fault(running.root, "load_cell", "stuck")
    running.until(lambda: running.text("PRESSURE:STATE") == "fault")
    since = time.time_ns()
    let_pass(running, 1.0)
    assert np.ptp(drives(running, since)) < 0.1
    clear_faults(running.root)
    running.until(lambda: running.text("PRESSURE:STATE") == "settled")


def test_a_heater_goes_back_to_what_it_had_reached_when_its_host_dies_on_the_way(running: RunningService) -> None:
    for field, value in (("tolerance", 1.0), ("settle_time", 0.5), ("ramp_rate", 0.3)):
        assert running.ask("TEMPERATURE", field, value)[1]
    name, accepted, text = running.ask("TEMPERATURE", "target", 25.5)
    assert accepted, text
    running.until(lambda: running.text("TEMPERATURE:SETTLED_ID") == name)
    running.until(lambda: running.stamped("TEMPERATURE:WRITES")[0] == 1.0)
    assert running.ask("TEMPERATURE", "target", 32.0)[1]
    running.until(lambda: running.stamped("TEMPERATURE:SETPOINT")[0] > 25.8)
    assert running.stamped("TEMPERATURE:WRITES")[0] == 1.0
    running.end(signal.SIGKILL)
    died = time.time_ns()
    running.until(lambda: time.time_ns() > died + 7 * NS)
    running.start()

    def logged(quantity: str) -> float | None:
        with closing(running.history()) as history:
            found = history.last(quantity)
        return found.value if found and found.time_ns > died else None

    running.until(lambda: logged("heater_writes") is not None)
    assert logged("temperature_target") == pytest.approx(25.5)
    assert logged("heater_writes") == 1.0

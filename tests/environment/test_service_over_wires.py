"""The whole service over serial lines, in the order of a day: settle, cycle, restart, killed, safe."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from environment.running_service import CURRENT, RunningService

from operando.vocabulary import QUANTITY, programme_from

BAND = 0.05  # MPa
NS = 1_000_000_000


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    try:
        running.start()
        yield running
    finally:
        running.close()


def settle(running: RunningService, target: float) -> None:
    name, accepted, text = running.ask("PRESSURE", "target", target)
    assert accepted, text
    running.until(lambda: running.text("PRESSURE:SETTLED_ID") == name)


def test_start_holds_what_it_finds(running: RunningService) -> None:
    assert running.text("PRESSURE:STATE") == "idle"
    assert running.text("PRESSURE:MODE") == "closed_loop"
    assert running.stamped("PRESSURE:TARGET")[0] == pytest.approx(84.0, abs=0.1)
    drives = np.array([state[2] for state in running.truth()])
    assert np.ptp(drives) < 1.0


def test_pressure_settles_at_its_target(running: RunningService) -> None:
    settle(running, 85.0)
    assert running.text("PRESSURE:STATE") == "settled"
    assert abs(running.truth()[-1][1] - 85.0) < BAND


def test_a_refused_put_leaves_the_record_as_it_was(running: RunningService) -> None:
    running.put("PRESSURE:TARGET", 150.0)
    running.until(lambda: "150 MPa" in running.text("PRESSURE:REPLY"))
    reply = json.loads(running.text("PRESSURE:REPLY"))
    assert not reply["accepted"]
    assert f"above the high limit 100 MPa ({running.configuration}: [pressure] high_limit_MPa)" in reply["text"]
    assert running.stamped("PRESSURE:TARGET")[0] == 85.0
    assert running.stamped("PRESSURE:TARGET_HIGH")[0] == 100.0


def test_records_are_the_log(running: RunningService) -> None:
    quantities = ("stack_pressure", "stack_pressure_target", "piezo_drive", "temperature", "heater_drive")
    seen = {quantity: [running.stamped(QUANTITY[quantity].record) for _ in range(10)] for quantity in quantities}
    newest = max(time_ns for found in seen.values() for _, time_ns in found)
    with closing(running.history()) as history:
        running.until(lambda: history.committed_ns() > newest)
        for quantity, found in seen.items():
            for value, time_ns in found:
                logged = history.last(quantity, time_ns)
                assert logged is not None
                assert (logged.value, logged.time_ns) == (value, time_ns)


def test_the_heart_beats(running: RunningService) -> None:
    beat, _ = running.stamped("ENVIRONMENT:HEARTBEAT")
    running.until(lambda: running.stamped("ENVIRONMENT:HEARTBEAT")[0] > beat)
    assert abs(time.time_ns() - running.stamped("ENVIRONMENT:HEARTBEAT")[1]) < 2 * NS


def test_the_heater_goes_where_it_is_asked(running: RunningService) -> None:
    running.put("TEMPERATURE:TOLERANCE", 1.0)
    running.put("TEMPERATURE:SETTLE_TIME", 0.5)
    name, accepted, text = running.ask("TEMPERATURE", "target", 25.1)
    assert accepted, text
    running.until(lambda: running.text("TEMPERATURE:SETTLED_ID") == name)
    assert running.stamped("TEMPERATURE:TARGET")[0] == pytest.approx(25.1, abs=0.05)
    assert not running.ask("TEMPERATURE", "target", 200.0)[1]


def charge_error(running: RunningService) -> float:
    """Return the largest error of the logged charge against the true one, in the largest true charge."""
    truth = np.array(running.truth())
    with closing(running.history()) as history:
        logged = history.samples("charge", 0, int(truth[-1, 0]))
    true = np.interp(logged.time_ns, truth[:, 0], truth[:, 4]) - truth[0, 4]
    return float(np.max(np.abs(logged.value - true)) / np.max(true))


def test_a_programme_outlives_the_service_and_its_charge_is_counted_on(running: RunningService) -> None:
    _, accepted, text = running.ask("CELL", "start")
    assert accepted, text
    assert running.text("CELL:STATE") == "running"
    told = programme_from(json.loads(running.text("CELL:PROGRAMME")))
    assert told.steps[0].kind == "constant_current"
    assert getattr(told.steps[0], "current", None) == CURRENT
    assert "a programme is running" in running.ask("CELL", "start")[2]
    began = time.time_ns()
    running.until(lambda: running.stamped("CELL:CHARGE")[0] > CURRENT * 2 / 3600)
    drive = running.truth()[-1][2]
    assert running.end(signal.SIGTERM) == 0
    after = running.truth()[-1]
    assert abs(after[2] - drive) < 1.0
    running.start()
    assert running.text("CELL:STATE") == "running"
    running.until(lambda: running.stamped("CELL:CHARGE")[0] > CURRENT * 5.5 / 3600)
    restarted = time.time_ns()
    assert charge_error(running) < 0.01
    assert running.stamped("PRESSURE:TARGET")[0] == 85.0
    running.until(lambda: running.text("PRESSURE:STATE") == "settled")
    with closing(running.history()) as history:
        held = history.samples("stack_pressure", began, restarted)
    # some seconds without a regulator, in a cell that breathes 250 times too fast
    assert np.max(np.abs(held.value - 85.0)) < 1.0


def test_a_killed_service_is_taken_over_without_a_bump(running: RunningService) -> None:
    running.end(signal.SIGKILL)
    before = running.truth()[-1]
    running.start()
    running.until(lambda: running.text("PRESSURE:STATE") == "settled")
    drives = np.array([state[2] for state in running.truth() if state[0] >= before[0]])
    assert np.max(np.abs(np.diff(drives))) < 5.0  # the slew limit, per 20 ms of truth, is 2 V; a bump would be 60 V
    assert running.text("CELL:STATE") in ("running", "finished")


def test_a_stop_holds_and_hold_freezes_everything(running: RunningService) -> None:
    running.ask("PRESSURE", "target", 90.0)
    running.until(lambda: running.stamped("PRESSURE:SETPOINT")[0] > 85.2)
    running.put("HOLD", 1)
    running.until(lambda: running.text("PRESSURE:STATE") == running.text("TEMPERATURE:STATE") == "held")
    assert 85.2 < running.stamped("PRESSURE:TARGET")[0] < 90.0
    assert running.stamped("PRESSURE:TARGET")[0] == running.stamped("PRESSURE:SETPOINT")[0]
    running.put("PRESSURE:STOP", 1)
    settle(running, 85.0)


def test_safe_opens_the_circuit_switches_the_heat_off_and_releases(running: RunningService) -> None:
    running.put("SAFE", 1)
    running.until(lambda: running.text("PRESSURE:STATE") == "safe")
    assert running.text("TEMPERATURE:STATE") == "safe"
    assert running.text("CELL:STATE") in ("stopped", "finished")
    assert running.stamped("PRESSURE:DRIVE")[0] == -20.0
    running.until(lambda: abs(running.truth()[-1][2] + 20.0) < 0.5)
    for subsystem in ("PRESSURE", "TEMPERATURE"):
        assert "latched until somebody asks for reset" in running.ask(subsystem, "target", 50.0)[2]
    assert "latched" in running.ask("CELL", "start")[2]
    drives = np.array([state[2] for state in running.truth()])
    assert np.max(np.abs(np.diff(drives))) < 6.0


def test_reset_regulates_what_is_found(running: RunningService) -> None:
    for subsystem in ("PRESSURE", "TEMPERATURE", "CELL"):
        assert running.ask(subsystem, "reset")[1]
    running.until(lambda: running.text("PRESSURE:STATE") == "idle")
    running.until(lambda: running.text("TEMPERATURE:STATE") == "idle")
    running.until(lambda: np.isfinite(running.stamped("PRESSURE:TARGET")[0]))
    assert running.stamped("PRESSURE:TARGET")[0] == pytest.approx(running.truth()[-1][1], abs=0.2)


def test_what_is_wrong_with_the_disk_of_the_log_is_looked_at_all_the_while(running: RunningService) -> None:
    folder, aside = running.root / "environment", running.root / "aside"
    folder.rename(aside)
    folder.write_text("")
    try:
        running.until(lambda: "it is not a folder" in running.text("ENVIRONMENT:LOG_REASON"))
    finally:
        folder.unlink()
        aside.rename(folder)
    running.until(lambda: running.text("ENVIRONMENT:LOG_STATE") == "good")

"""Interlocks of the whole service over serial lines: real faults, real latches, a human's reset."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from environment.running_service import RunningService

from operando.sim.faults.client import fault, set_fault

SLEW = 100.0  # V/s
HIGH, LIMIT = 84.9, 85.3  # MPa: a whole charge of this cell at constant volume adds 1.5
SHORTER = (
    ("high_limit_MPa = 100.0", f"high_limit_MPa = {HIGH}"),
    ("limit = 102.0", f"limit = {LIMIT}"),
    ("ramp_rate_MPa_per_min = 30.0", "ramp_rate_MPa_per_min = 120.0"),
    ("settle_time_s = 2.0", "settle_time_s = 0.5"),
    ('for_s = 10.0\nseverity = "trip"', 'for_s = 3.0\nseverity = "trip"'),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    text = running.configuration.read_text()
    for shipped, here in SHORTER:
        assert shipped in text
        text = text.replace(shipped, here)
    running.configuration.write_text(text)
    try:
        running.start()
        yield running
    finally:
        running.close()


def tripped(running: RunningService, name: str) -> None:
    running.until(lambda: running.text("INTERLOCK:FIRST_OUT"))
    assert running.text("INTERLOCK:FIRST_OUT").startswith(f"{name}: ")
    running.until(lambda: running.stamped("INTERLOCK:TRIPPED")[0] == 1.0)
    for subsystem, field in (
        ("PRESSURE", "target"),
        ("TEMPERATURE", "target"),
        ("CELL", "start"),
        ("PRESSURE", "reset"),
    ):
        _, accepted, words = running.ask(subsystem, field, 50.0)
        assert not accepted
        assert f"tripped by {name}: " in words


def reset(running: RunningService) -> None:
    def accepted() -> bool:
        return running.ask("INTERLOCK", "reset")[1]

    running.until(accepted)
    running.until(lambda: running.stamped("INTERLOCK:TRIPPED")[0] == 0.0)
    running.until(lambda: running.text("PRESSURE:STATE") in ("idle", "settled"))


def fastest(running: RunningService, since_ns: int) -> float:
    """Return the largest true rate of the drive over a fifth of a second, V/s."""
    truth = np.array([state for state in running.truth() if state[0] >= since_ns])
    return float(np.max(np.abs(truth[10:, 2] - truth[:-10, 2]) / ((truth[10:, 0] - truth[:-10, 0]) * 1e-9)))


def boxed(running: RunningService) -> list[str]:
    """Return what has tripped, as black boxes have it."""
    files = sorted((running.root / "blackbox").glob("*.json"))
    return [trip["name"] for file in files for trip in json.loads(file.read_text())["trips"]]


def settle(running: RunningService, target: float) -> None:
    name, accepted, words = running.ask("PRESSURE", "target", target)
    assert accepted, words
    running.until(lambda: running.text("PRESSURE:SETTLED_ID") == name)


def start_cell(running: RunningService) -> None:
    _, accepted, words = running.ask("CELL", "start")
    assert accepted, words
    running.until(lambda: running.text("CELL:STATE") == "running")


def test_a_cell_that_breathes_at_constant_volume_trips_and_is_released_in_order(running: RunningService) -> None:
    settle(running, 84.6)
    assert running.ask("PRESSURE", "mode", text="constant_volume")[1]
    start_cell(running)
    since = time.time_ns()
    tripped(running, "over_pressure")
    running.until(lambda: running.text("PRESSURE:STATE") == "safe")
    assert running.text("TEMPERATURE:STATE") == "safe"
    assert running.text("CELL:STATE") == "stopped"
    truth = np.array([state for state in running.truth() if state[0] >= since])
    rest = truth[np.argmax(truth[:, 4]), 0]
    released = truth[np.argmax(truth[:, 2] < truth[0, 2] - 0.1), 0]
    assert rest <= released
    assert fastest(running, since) < 1.3 * SLEW  # times of the truth are some ms off
    reset(running)


def test_a_lost_load_cell_holds_the_drive_ends_the_ramp_and_rests_the_cell(running: RunningService) -> None:
    settle(running, 76.0)
    start_cell(running)
    assert running.ask("TEMPERATURE", "target", 27.0)[1]
    running.until(lambda: running.stamped("TEMPERATURE:SETPOINT")[0] > 25.05)
    with fault(running.root, "load_cell", "nak"):
        running.until(lambda: "load_cell_doubtful" in running.text("INTERLOCK:ALARMS"))
        running.until(lambda: "on its way to 27.0 °C: the stack pressure is in fault" in running.logged())
        drive = running.truth()[-1][2]
        tripped(running, "load_cell_lost")
        running.until(lambda: running.text("CELL:STATE") == "stopped")
        assert "the cause still stands: load_cell_lost" in running.ask("INTERLOCK", "reset")[2]
        assert running.truth()[-1][2] == pytest.approx(drive, abs=0.01)
        running.until(lambda: running.text("PRESSURE:MODE") == "constant_volume")  # the last of the three
        running.until(lambda: running.stamped("TEMPERATURE:TARGET")[0] < 26.9)
    reset(running)
    assert running.text("PRESSURE:MODE") == "closed_loop"


def test_a_power_cycled_amplifier_is_left_alone_until_the_reset(running: RunningService) -> None:
    settle(running, 76.0)
    set_fault(running.root, "piezo", "power_cycled")
    tripped(running, "amplifier_foreign")
    running.until(lambda: running.text("PRESSURE:MODE") == "constant_volume")
    assert running.truth()[-1][2] == pytest.approx(-20.0, abs=0.1)
    reset(running)
    settle(running, running.truth()[-1][1] + 2.0)


def test_a_trip_outlives_a_killed_service(running: RunningService) -> None:
    with fault(running.root, "heater", "sensor_break"):
        tripped(running, "heater_sensor_broken")
        running.until(lambda: running.text("TEMPERATURE:STATE") == "safe")
        memory = running.root / "run" / "environment.json"
        running.until(lambda: json.loads(memory.read_text())["interlocks"])
        running.until(lambda: "heater_sensor_broken" in boxed(running))
        first = running.text("INTERLOCK:FIRST_OUT")
        running.end(signal.SIGKILL)
        running.start()
        running.until(lambda: running.text("INTERLOCK:FIRST_OUT") == first)
        tripped(running, "heater_sensor_broken")
        assert "heater_sensor_break is so" in running.ask("INTERLOCK", "reset")[2]
    reset(running)


def test_every_trip_left_a_black_box_and_a_flag_in_the_log(running: RunningService) -> None:
    expected = ("over_pressure", "load_cell_lost", "amplifier_foreign", "heater_sensor_broken")
    assert [name for name in boxed(running) if name in expected] == list(expected)
    assert list((running.root / "blackbox").glob("*Z-over_pressure.json"))
    with closing(running.history()) as history:
        flags = history.samples("interlock_tripped", 0, time.time_ns()).value
    assert np.sum(np.diff(flags) > 0) >= len(expected)

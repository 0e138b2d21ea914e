"""A night at the endstation: two clients, a service killed in the middle of it all, and an operator who holds it."""

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from operator_room.operator_processes import LAPSE, Endstation, Session

pytestmark = [pytest.mark.endstation, pytest.mark.timeout(120)]

STEP = 0.15
"""V: 0.1 % of the drive's range of 150 V; a ramp of 0.3 MPa/s goes on by 0.1 V a step."""


@pytest.fixture(scope="module")
def endstation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endstation]:
    endstation = Endstation(tmp_path_factory.mktemp("root"))
    try:
        endstation.start()
        yield endstation
    finally:
        endstation.close()


@pytest.fixture(scope="module")
def ada(endstation: Endstation) -> Iterator[Session]:
    session = Session(endstation)
    try:
        yield session
    finally:
        session.close()


def owner(endstation: Endstation) -> str:
    return endstation.text("CONTROL:OWNER")


def test_the_second_client_is_refused_by_the_name_of_the_first(endstation: Endstation, ada: Session) -> None:
    assert owner(endstation) == ""
    assert ada.do("set 84.5") == "done"
    assert owner(endstation) == ada.who
    bob = Session(endstation)
    try:
        refused = bob.do("set 60")
        assert refused.startswith(
            f"failed stack_pressure: {bob.who} asked for target; refused: {ada.who} is in control"
        )
        assert endstation.value("PRESSURE:TARGET") == 84.5
        assert "failed" in bob.do("mode manual")
        endstation.put("PRESSURE:TARGET", 60.0)
        endstation.until(lambda: "caput asked for target; refused" in endstation.text("PRESSURE:REPLY"))
        time.sleep(LAPSE + 1.0)  # noqa: TID251 - a silent hour of the session, made short: its heart keeps what it owns
        assert owner(endstation) == ada.who
    finally:
        assert bob.close() == 0


def test_a_killed_session_loses_control_and_one_that_ends_gives_it_back_at_once(
    endstation: Endstation, ada: Session
) -> None:
    ada.kill()
    bob = Session(endstation)
    endstation.until(lambda: owner(endstation) == "")
    assert bob.do("set 84.2") == "done"
    assert owner(endstation) == bob.who
    assert bob.close() == 0
    endstation.until(lambda: owner(endstation) == "", LAPSE)
    assert json.loads(endstation.text("HEARTBEAT:RUNENGINE"))["last"]


def test_a_service_killed_in_the_middle_of_a_move_goes_on_and_the_move_ends_where_it_was_to(
    endstation: Endstation,
) -> None:
    carol = Session(endstation)
    try:
        assert carol.do("tolerance 0.06") == "done"
        assert carol.do("ramp_rate 0.3") == "done"
        carol.order("set 86.5")
        endstation.until(lambda: endstation.value("PRESSURE:SETPOINT") > 85.0)
        time.sleep(0.5)  # noqa: TID251 - what was asked for half a second ago is remembered
        killed = endstation.kill()
        before = endstation.drives(killed - 200_000_000)[-1]
        endstation.start()
        assert carol.answer() == "done"
        assert owner(endstation) == carol.who
    finally:
        carol.close()
    assert endstation.value("PRESSURE:TARGET") == 86.5
    assert endstation.value("PRESSURE:TOLERANCE") == 0.06
    assert endstation.value("PRESSURE:RAMP_RATE") == 0.3
    assert endstation.text("PRESSURE:STATE") == "settled"
    after = endstation.drives(killed)
    assert np.max(np.abs(np.diff([before, *after]))) < STEP


def test_what_stood_still_stands_still_across_a_kill(endstation: Endstation) -> None:
    records = ("PRESSURE:MODE", "PRESSURE:STATE", "PRESSURE:SETTLED_ID", "TEMPERATURE:STATE", "CELL:STATE")
    _, accepted, text = endstation.ask("TEMPERATURE", "stop")
    assert accepted, text
    endstation.until(lambda: endstation.text("TEMPERATURE:STATE") == "held")
    before = {record: endstation.text(record) for record in records}
    target = endstation.value("PRESSURE:TARGET")
    time.sleep(0.5)  # noqa: TID251 - what was so half a second ago is remembered
    killed = endstation.kill()
    endstation.start()
    endstation.until(lambda: endstation.text("PRESSURE:STATE") == before["PRESSURE:STATE"])
    endstation.until(lambda: endstation.text("TEMPERATURE:STATE") == "held")
    assert {record: endstation.text(record) for record in records} == before
    assert endstation.value("PRESSURE:TARGET") == target
    assert np.max(np.abs(np.diff(endstation.drives(killed - 100_000_000)))) < STEP


def test_a_frozen_drive_stays_frozen_and_the_recorder_is_heard_again_after_a_kill(endstation: Endstation) -> None:
    def count() -> int:
        return int(json.loads(endstation.text("HEARTBEAT:RECORDER") or '{"count": -1}')["count"])

    _, accepted, text = endstation.ask("PRESSURE", "mode", text="constant_volume")
    assert accepted, text
    recorder = endstation.start_recorder()
    try:
        endstation.until(lambda: count() >= 2)
        killed = endstation.kill()
        endstation.start()
        assert endstation.text("PRESSURE:MODE") == "constant_volume"
        endstation.until(lambda: count() > 2)
        assert np.ptp(endstation.drives(killed)) < 1e-3
        assert endstation.ask("PRESSURE", "mode", text="closed_loop")[1]
        recorder.terminate()
        assert recorder.wait(30) == 0
        endstation.until(lambda: json.loads(endstation.text("HEARTBEAT:RECORDER"))["last"])
    finally:
        recorder.kill()
        recorder.wait()


def test_hold_freezes_whatever_died_and_says_where(endstation: Endstation) -> None:
    dead = Session(endstation)
    dead.order("set 84")
    endstation.until(lambda: endstation.value("PRESSURE:SETPOINT") < 86.2)
    dead.kill()
    found = endstation.command("hold")
    assert found.returncode == 0, found.stderr
    target = endstation.value("PRESSURE:TARGET")
    assert 84.0 < target < 86.2
    assert f"stack pressure  target frozen at {target:.3f} MPa, now {target:.1f}"[:-1] in found.stdout
    assert "temperature     target frozen at " in found.stdout
    assert "its programme goes on as it was" in found.stdout
    assert endstation.text("PRESSURE:STATE") == endstation.text("TEMPERATURE:STATE") == "held"


def test_a_service_that_does_not_answer_is_reported_in_time(endstation: Endstation) -> None:
    assert endstation.service is not None
    os.kill(endstation.service.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with ThreadPoolExecutor() as operators:
            calls = [("hold",), ("safe",), ("down", "--safe")]
            found = list(operators.map(lambda words: endstation.command(*words), calls))
        waited = time.monotonic() - began
    finally:
        os.kill(endstation.service.pid, signal.SIGCONT)
    for ended in found:
        assert ended.returncode == 1
        assert "the environment service does not answer" in ended.stderr
        assert "drive, heater and cell script go on as they are" in ended.stderr
    assert waited < 30.0
    assert endstation.text("PRESSURE:STATE") == "held"


def test_safe_works_at_once_whoever_is_in_control_and_says_what_it_did(endstation: Endstation) -> None:
    carol = Session(endstation)
    try:
        assert carol.do("set 84.5") == "done"
        _, accepted, text = endstation.ask("CELL", "start")
        assert not accepted
        assert carol.who in text
        found = endstation.command("safe", "--json")
        assert found.returncode == 0, found.stderr
        said = json.loads(found.stdout.splitlines()[-1])
        assert said["piezo_drive_V"] == -20.0
        assert said["pressure_state"] == said["temperature_state"] == "safe"
        assert said["pressure_MPa"] < 84.0
        assert said["failure"] == ""
        assert said["cell_open_circuit"].startswith("open circuit read back: ")
        assert "latched" in carol.do("set 84.5")
    finally:
        carol.close()


def test_a_safe_state_survives_a_kill_and_nothing_is_loaded_again(endstation: Endstation) -> None:
    time.sleep(0.5)  # noqa: TID251 - what was so half a second ago is remembered
    killed = endstation.kill()
    endstation.start()
    endstation.until(lambda: endstation.text("TEMPERATURE:STATE") == "safe")
    assert endstation.text("PRESSURE:STATE") == "safe"
    assert np.max(endstation.drives(killed)) < -19.9
    for subsystem, field in (("PRESSURE", "target"), ("TEMPERATURE", "target"), ("CELL", "start")):
        assert "latched" in endstation.ask(subsystem, field, 50.0)[2]
    text = endstation.command("safe").stdout
    assert "stack pressure  released: " in text
    assert "MPa at -20.000 V" in text
    assert "heater          off: 0.0 % at " in text
    assert "cell            at open circuit (" in text
    assert "; read back: " in text
    held = endstation.command("hold")
    assert held.returncode == 0
    assert "in its safe state, which stays" in held.stdout


def test_down_safe_says_the_same_and_ends_the_service(endstation: Endstation) -> None:
    found = endstation.command("down", "--safe")
    assert found.returncode == 0, found.stderr
    assert "stack pressure  released: " in found.stderr
    assert "the cell is in its safe state" in found.stderr
    assert endstation.service is not None
    assert endstation.service.wait(20) == 0


def test_a_folder_without_an_endstation_is_a_wrong_call(endstation: Endstation) -> None:
    found = endstation.command("hold", "--root", str(endstation.root / "nowhere"))
    assert found.returncode == 2
    assert "no endstation was started here" in found.stderr

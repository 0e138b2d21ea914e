"""A move is done when it is settled, and a move that does not arrive fails, whoever is to blame."""

import threading
from unittest.mock import patch

import pytest
from ophyd.status import Status
from toy_endstation import Client

from operando.devices import StackPressure
from operando.errors import MoveFailed, MoveHeld, RequestRefused


def stack_pressure(patience: float = 60.0) -> StackPressure:
    device = StackPressure("SIM:", name="stack_pressure", patience=patience)
    device.wait_for_connection(timeout=10)
    return device


def test_a_move_is_done_when_settled(client: Client) -> None:
    device = stack_pressure()
    for target in (90.0, 85.0, 85.0):
        device.set(target).wait(timeout=10)
        assert device.position == pytest.approx(target)
        assert device.locate() == {"setpoint": target, "readback": pytest.approx(target)}


def test_readings_carry_names_units_precision_and_epics_time(client: Client) -> None:
    device = stack_pressure()
    reading, description = device.read(), device.describe()
    assert {"stack_pressure", "stack_pressure_setpoint", "stack_pressure_target", "piezo_drive"} == set(reading)
    assert description["stack_pressure"]["units"] == "MPa"
    assert description["stack_pressure"]["precision"] == 3
    measured = reading["stack_pressure"]["timestamp"]
    assert device.readback.timestamp - 60.0 < measured <= device.readback.timestamp  # the record goes on meanwhile
    assert device.hints == {"fields": ["stack_pressure"]}
    assert device.read_configuration()["stack_pressure_tolerance"]["value"] == pytest.approx(0.05)


def test_a_target_beyond_its_limit_is_refused_in_the_services_words(client: Client) -> None:
    device = stack_pressure()
    with pytest.raises(
        RequestRefused,
        match=r"^120.0 asked by \S+@\S+:\d+ toy_client.py, limit 100",
    ):
        device.set(120.0).wait(timeout=10)


def test_a_setting_is_changed_by_request_and_done_when_its_record_shows_it(client: Client) -> None:
    device = stack_pressure()
    device.configure({"tolerance": 0.1, "ramp_rate": 0.25})
    assert (device.tolerance.get(), device.ramp_rate.get()) == (0.1, 0.25)
    device.tolerance.put(0.05)
    assert device.tolerance.get() == 0.05
    device.mode.set("constant_volume").wait(timeout=10)
    assert device.mode.get() == "constant_volume"
    with pytest.raises(RequestRefused, match=r"toy_client.py asked for mode = released"):
        device.mode.set("released").wait(timeout=10)
    device.configure({"ramp_rate": 0.5})
    device.mode.put("closed_loop")


def test_a_deaf_service_fails_the_move(client: Client) -> None:
    device = stack_pressure()
    client.toy("deaf")
    with (
        patch("operando.devices.regulated.REPLY_TIME", 0.3),
        pytest.raises(RequestRefused, match="no answer in SIM:PRESSURE:REPLY within"),
    ):
        device.set(86.0).wait(timeout=20)


def test_stop_freezes_the_target_and_fails_the_move(client: Client) -> None:
    device = stack_pressure()
    device.set(85.0).wait(timeout=10)
    client.toy("slow")
    move = device.set(95.0)
    reach(move, device, above=85.1)
    device.stop()
    with pytest.raises(MoveFailed, match=r"95 MPa asked, ended at 8\d.*MPa: stopped"):
        move.wait(timeout=10)
    client.until(lambda: device.state.get() == "held")
    assert device.target.get() == pytest.approx(device.position) != 95.0


def reach(move: Status, device: StackPressure, above: float) -> None:
    there = threading.Event()
    device.readback.subscribe(lambda value, **_: value > above and there.set())
    assert there.wait(10)
    assert not move.done


def test_the_runengines_stop_holds_a_move_but_leaves_a_settled_target_alone(client: Client) -> None:
    device = stack_pressure()
    device.set(85.0).wait(timeout=10)
    device.stop(success=True)
    client.let_pass(0.3)
    assert device.state.get() == "settled"
    client.toy("slow")
    move = device.set(95.0)
    reach(move, device, above=85.1)
    device.stop(success=True)
    with pytest.raises(MoveHeld, match="stopped"):
        move.wait(timeout=10)


def test_the_runengines_stop_leaves_a_ramp_of_somebody_else_alone(client: Client) -> None:
    device = stack_pressure()
    device.set(85.0).wait(timeout=10)
    client.toy("slow")
    client.toy("request 86.0")
    client.until(lambda: device.target.get() == 86.0)
    device.stop(success=True)
    client.let_pass(0.3)
    assert device.target.get() == 86.0


def test_a_fault_fails_the_move(client: Client) -> None:
    device = stack_pressure()
    for state in ("fault", "safe"):
        client.toy("normal")
        device.set(85.0).wait(timeout=10)
        client.toy("slow")
        move = device.set(95.0)
        reach(move, device, above=85.1)
        client.toy(f"state {state}")
        with pytest.raises(MoveFailed, match=f"went to {state}"):
            move.wait(timeout=10)


def test_a_newer_request_of_somebody_else_fails_the_move(client: Client) -> None:
    device = stack_pressure()
    device.set(85.0).wait(timeout=10)
    client.toy("slow")
    move = device.set(95.0)
    reach(move, device, above=85.1)
    client.toy("request 60.0")
    with pytest.raises(MoveFailed, match=r"changed to 60 by somebody else"):
        move.wait(timeout=10)


def test_a_move_without_progress_fails(client: Client) -> None:
    device = stack_pressure(patience=0.5)
    client.toy("stuck")
    with pytest.raises(MoveFailed, match="no progress for"):
        device.set(95.0).wait(timeout=10)


def test_done_needs_a_heartbeat(client: Client) -> None:
    device = stack_pressure(patience=1.0)
    device.set(85.0).wait(timeout=10)
    client.toy("heart stopped")
    client.let_pass(2.1)
    with pytest.raises(MoveFailed, match="the environment service is silent"):
        device.set(90.0).wait(timeout=20)


def test_progress_is_reported(client: Client) -> None:
    device = stack_pressure()
    device.set(85.0).wait(timeout=10)
    client.toy("slow")
    move = device.set(86.0)
    seen: list[dict[str, object]] = []
    move.watch(lambda **progress: seen.append(progress))
    move.wait(timeout=10)
    assert {"name": "stack_pressure", "unit": "MPa", "target": 86.0, "initial": pytest.approx(85.0)}.items() <= seen[
        0
    ].items()
    fractions = [progress["fraction"] for progress in seen]
    assert fractions == sorted(fractions, reverse=True)


def test_an_unreachable_device_names_its_records(client: Client) -> None:
    with pytest.raises(TimeoutError, match="NOWHERE:PRESSURE:READBACK"):
        StackPressure("NOWHERE:", name="stack_pressure").wait_for_connection(timeout=0.5)

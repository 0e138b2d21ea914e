"""A programme is kicked off once, followed to its own end, and outlives whoever started it."""

import pytest
from toy_endstation import Client

from operando.devices import Potentiostat
from operando.errors import MoveFailed, RequestRefused


def potentiostat() -> Potentiostat:
    device = Potentiostat("SIM:", name="potentiostat")
    device.wait_for_connection(timeout=10)
    return device


def started(client: Client) -> Potentiostat:
    device = potentiostat()
    client.until(lambda: device.state.get() == "idle")
    device.kickoff().wait(timeout=10)
    assert device.state.get() == "running"
    return device


def test_a_programme_runs_to_its_own_end(client: Client) -> None:
    device = started(client)
    done = device.complete()
    assert device.complete() is done
    client.let_pass(0.2)
    assert not done.done
    client.toy("cell finished")
    done.wait(timeout=10)


def test_a_programme_that_ends_otherwise_fails(client: Client) -> None:
    for state in ("stopped", "fault"):
        client.toy("normal")
        device = started(client)
        done = device.complete()
        client.toy(f"cell {state}")
        with pytest.raises(MoveFailed, match=rf"ended as {state} in cycle 1, step 2 at 3.1234 V"):
            done.wait(timeout=10)


def test_a_second_start_is_refused(client: Client) -> None:
    device = started(client)
    with pytest.raises(RequestRefused, match=r"^the programme runs already$"):
        device.kickoff().wait(timeout=10)


def test_stop_leaves_the_programme_running(client: Client) -> None:
    device = started(client)
    device.stop()
    device.stop(success=True)
    client.let_pass(0.2)
    assert device.state.get() == "running"


def test_readings_carry_the_names_of_the_table(client: Client) -> None:
    device = potentiostat()
    numbers = {"voltage", "current", "charge", "cycle", "step", "half_cycle", "run", "rest_age"}
    assert set(device.read()) == {*numbers, "potentiostat_state"}
    assert device.describe()["voltage"]["units"] == "V"


def test_progress_shows_step_and_voltage(client: Client) -> None:
    device = started(client)
    done = device.complete()
    seen: list[dict[str, object]] = []
    done.watch(lambda **progress: seen.append(progress))
    client.until(lambda: bool(seen))
    assert seen[0]["name"] == "cell programme: cycle 1, step 2"
    assert (seen[0]["current"], seen[0]["unit"], seen[0]["fraction"]) == (3.1234, "V", None)
    client.toy("cell finished")
    done.wait(timeout=10)

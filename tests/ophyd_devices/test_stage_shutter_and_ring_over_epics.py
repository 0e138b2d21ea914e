"""Motors arrive or fail, the shutter's switch is believed, the ring current is read."""

from typing import Any

import pytest
from toy_endstation import Client

from operando.devices import RingCurrent, SampleStage, Shutter
from operando.errors import MoveFailed, MoveHeld, RequestRefused


def stage() -> SampleStage:
    device = SampleStage(x="SIM:STAGE:X", y="SIM:STAGE:Y", z="SIM:STAGE:Z", name="stage")
    device.wait_for_connection(timeout=10)
    device.x.move(0.0, timeout=20)
    return device


def test_an_axis_arrives_at_its_target(client: Client) -> None:
    device = stage()
    device.x.set(0.5).wait(timeout=10)
    assert device.x.position == pytest.approx(0.5, abs=0.002)
    assert set(device.read()) >= {"stage_x", "stage_y", "stage_z"}


def test_a_stopped_axis_has_not_arrived(client: Client) -> None:
    device = stage()
    for by_the_runengine, failure in ((False, MoveFailed), (True, MoveHeld)):
        device.x.move(0.0)
        move = device.x.set(20.0)
        client.until(lambda: device.x.position > 0.2)
        device.x.stop(success=by_the_runengine)
        with pytest.raises(failure, match=r"stage_x: 20 mm asked, ended at .* stopped or blocked on the way"):
            move.wait(timeout=10)
        assert device.x.position < 20.0


def test_the_shutter_is_where_its_switch_says(client: Client) -> None:
    shutter = Shutter("SIM:SHUTTER:", name="shutter")
    shutter.wait_for_connection(timeout=10)
    shutter.set("closed").wait(timeout=10)
    assert not shutter.is_open
    shutter.set("open").wait(timeout=10)
    assert shutter.is_open
    with pytest.raises(RequestRefused, match="'ajar' asked; 'open' or 'closed' is wanted"):
        shutter.set("ajar")


def test_the_ring_current_has_its_unit(client: Client) -> None:
    current = RingCurrent("SIM:RING:CURRENT", name="ring_current")
    current.wait_for_connection(timeout=10)
    assert 90.0 < current.read()["ring_current"]["value"] <= 100.0
    assert current.describe()["ring_current"]["units"] == "mA"


def test_a_move_that_is_asked_for_while_those_who_waited_are_told_is_not_forgotten(client: Client) -> None:
    axis = stage().x
    told: list[str] = []
    run = axis._run_subs

    def run_and_ask(*, sub_type: str, **arguments: Any) -> None:
        run(sub_type=sub_type, **arguments)
        if sub_type == axis._SUB_REQ_DONE and not told:
            told.append("asked")
            axis.subscribe(lambda **_: told.append("arrived"), event_type=sub_type, run=False)

    axis._run_subs = run_and_ask
    axis._done_moving()
    axis._done_moving()
    client.until(lambda: told == ["asked", "arrived"])

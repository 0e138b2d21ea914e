"""What happened around a trip is in one file: a minute before and a minute after, everything, at full rate."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from environment.small_rig import PERIOD, START_NS
from interlocks.guarded import Guarded

from operando.control.interlock import Actions, Trip
from operando.environment import blackbox
from operando.environment.blackbox import SPAN, BlackBox
from operando.errors import NoReply
from operando.instruments.roles import ControllerStatus
from operando.vocabulary import Reading

NS = 1_000_000_000


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    made = Guarded(tmp_path)
    yield made.run(70.0)
    made.log.close()


def boxes(guarded: Guarded) -> list[Path]:
    return sorted((guarded.root / "blackbox").glob("*"))


def read(file: Path) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    found: dict[str, Any] = json.loads(file.read_text(), parse_constant=refuse)
    return found


def test_the_minute_before_is_on_the_disk_at_once_and_the_minute_after_when_it_is_over(guarded: Guarded) -> None:
    guarded.push(8.0)
    guarded.run(1.0)
    (file,) = boxes(guarded)
    moment = datetime.fromtimestamp(guarded.rig.now_ns / NS, UTC)
    assert file.name.startswith(f"{moment:%Y%m%dT}")
    assert file.name.endswith("Z-over_pressure.json")
    assert not read(file)["complete"]
    guarded.run(SPAN)
    assert boxes(guarded) == [file]
    found = read(file)
    assert found["complete"]
    for name in ("stack_pressure", "stack_pressure_setpoint", "piezo_drive", "amplifier_foreign"):
        column = found["samples"][name]
        times = np.array(column["time_ns"]) - found["trips"][0]["time_ns"]
        assert times[0] / NS == pytest.approx(-SPAN, abs=3 * PERIOD)
        assert times[-1] / NS == pytest.approx(SPAN, abs=3 * PERIOD)
        assert np.max(np.diff(times)) <= round(PERIOD * NS)
        assert len(column["value"]) == len(column["quality"]) == len(times)
    assert found["samples"]["stack_pressure"]["unit"] == "MPa"
    assert max(found["samples"]["stack_pressure"]["value"]) > 102.0
    shown = [(event["record"], event["value"]) for event in found["events"]]
    assert ("PRESSURE:MODE", "released") in shown
    assert any(record == "log" and "over_pressure has TRIPPED" in value for record, value in shown)


def test_what_follows_is_in_the_box_of_the_first_cause(guarded: Guarded) -> None:
    guarded.controller.status = ControllerStatus(sensor_break=True)
    guarded.run(10.0)
    guarded.push(8.0)
    guarded.run(SPAN)
    (file,) = boxes(guarded)
    assert [trip["name"] for trip in read(file)["trips"]][:2] == ["heater_sensor_broken", "over_pressure"]
    assert read(file)["samples"]["temperature"]["value"][-1] is None


def test_nothing_is_written_without_a_trip_and_memory_stays_small(guarded: Guarded) -> None:
    guarded.rig.failing = NoReply("DSCUSB: nothing came")  # an alarm
    guarded.run(1.0)
    guarded.rig.failing = None
    guarded.run(200.0)
    assert boxes(guarded) == []
    assert 2 * SPAN / PERIOD < sum(name == "stack_pressure" for _, name, _ in guarded.box._samples) < 125.0 / PERIOD


def test_a_full_disk_costs_nothing_but_the_file_until_there_is_room(
    guarded: Guarded, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(blackbox, "replace_durably", full)
        guarded.push(8.0)
        guarded.run(1.0 + SPAN)
    assert boxes(guarded) == []
    assert caplog.text.count("cannot be written") == 1
    guarded.run(6.0)
    assert read(boxes(guarded)[0])["complete"]


def test_a_service_that_ends_leaves_what_there_is(tmp_path: Path) -> None:
    box, stop = BlackBox(tmp_path / "blackbox"), threading.Event()
    writer = threading.Thread(target=box.serve, args=(stop,))
    writer.start()
    for index in range(1000):  # while another thread looks
        box.take("voltage", Reading(float("inf") if index == 500 else 3.6, START_NS + index))
    box.trip(Trip("short_circuit", "voltage has fallen", START_NS, Actions()))
    box.take("voltage", Reading(3.1, START_NS + 1000))
    stop.set()
    writer.join()
    (file,) = (tmp_path / "blackbox").iterdir()
    found = read(file)
    assert not found["complete"]
    assert len(found["samples"]["voltage"]["value"]) == 1001
    assert found["samples"]["voltage"]["value"][500] is None

"""What a Channel Access client sees of the records: values, time stamps, severities, and puts that are not stored."""

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from caproto.threading.client import Context

from operando.endstation.ports import free_port
from operando.errors import EndstationError
from operando.records import RecordServer, RecordSpec
from operando.vocabulary import Quality

EPICS_EPOCH = 631_152_000
"""s from 1970-01-01 to 1990-01-01, both UTC."""
TIME_NS = 1_790_000_000_123_456_789
TIMES = itertools.count(TIME_NS + 1_000)


class Server:
    """The process of `served_records`."""

    def __init__(self, port: int) -> None:
        script = Path(__file__).with_name("served_records.py")
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def told(self) -> Any:
        """Return the next thing it says; EPICS' own lines of start-up are not JSON."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("["):
                return json.loads(line)
        raise AssertionError("the server has ended")

    def publish(self, name: str, value: float | str | list[float], time_ns: int = TIME_NS, quality: int = 0) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, value, time_ns, quality]) + "\n")
        self.process.stdin.flush()
        assert self.told() == ["published", name]

    def end(self) -> None:
        with self.process:
            assert self.process.stdin is not None
            self.process.stdin.close()
            assert self.process.wait(20) == 0


class Watch:
    """Value and time stamp of each monitor of a record; caproto forgets callbacks that nobody holds."""

    def __init__(self, client: Context, name: str) -> None:
        self.seen: list[tuple[float, int]] = []
        self._name = name
        (channel,) = client.get_pvs("TEST:" + name)
        channel.wait_for_connection(timeout=20)
        self._subscription = channel.subscribe(data_type="time")
        self._subscription.add_callback(self._add)

    def until(self, client: Context, time_ns: int) -> None:
        """Ask for the record until its publication of that time has come; pytest's own limit ends it."""
        while time_ns not in [stamp for _, stamp in self.seen]:
            read(client, self._name)

    def _add(self, _: Any, response: Any) -> None:
        self.seen.append((float(response.data[0]), stamp_ns(response)))


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def server(port: int) -> Iterator[Server]:
    server = Server(port)
    assert server.told() == ["ready", None]
    yield server
    server.end()


@pytest.fixture(scope="module")
def client(server: Server, port: int) -> Iterator[Context]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{port}")
        patch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
        context = Context()
        yield context
        context.disconnect()


def read(client: Context, name: str, form: str = "time") -> Any:
    (channel,) = client.get_pvs("TEST:" + name)
    channel.wait_for_connection(timeout=20)
    return channel.read(data_type=form)


def published(server: Server, client: Context, name: str, value: float | str | list[float], quality: int = 0) -> Any:
    """Publish under a time of its own and return what is served then: EPICS processes a record in its own threads."""
    time_ns = next(TIMES)
    server.publish(name, value, time_ns, quality)
    while stamp_ns(found := read(client, name)) != time_ns:
        pass  # pytest's own limit ends it
    return found


def stamp_ns(response: Any) -> int:
    stamp = response.metadata.stamp
    return (int(stamp.secondsSinceEpoch) + EPICS_EPOCH) * 1_000_000_000 + int(stamp.nanoSeconds)


def put(client: Context, name: str, value: Any) -> None:
    (channel,) = client.get_pvs("TEST:" + name)
    channel.wait_for_connection(timeout=20)
    channel.write(value, wait=True, timeout=20)


def test_reading_is_invalid_before_it_was_measured(client: Context) -> None:
    assert read(client, "CELL:CYCLE").metadata.severity == 3


def test_reading_has_value_time_and_unit(server: Server, client: Context) -> None:
    found = published(server, client, "PRESSURE:READBACK", 85.0123)
    assert found.data[0] == 85.0123
    assert found.metadata.severity == 0
    control = read(client, "PRESSURE:READBACK", "control").metadata
    assert control.units == b"MPa"
    assert control.precision == 4
    assert read(client, "PRESSURE:READBACK.DESC").data[0] == b"stack pressure at the load cell"


def test_a_lost_sensor_is_invalid_and_not_a_number(server: Server, client: Context) -> None:
    found = published(server, client, "PRESSURE:READBACK", float("nan"), Quality.INVALID)
    assert str(found.data[0]) == "nan"
    assert found.metadata.severity == 3
    assert published(server, client, "PRESSURE:READBACK", 85.0).metadata.severity == 0


@pytest.mark.parametrize("name", ["PRESSURE:SETTLED", "CELL:CYCLE"])
def test_an_integer_that_cannot_be_trusted_is_invalid(server: Server, client: Context, name: str) -> None:
    found = published(server, client, name, float("nan"), Quality.INVALID)
    assert (found.data[0], found.metadata.severity) == (0, 3)
    found = published(server, client, name, 1.0)
    assert (found.data[0], found.metadata.severity) == (1, 0)


def test_a_pattern_arrives_whole_with_its_time_and_can_be_shorter_next_time(server: Server, client: Context) -> None:
    assert read(client, "LIVE:PATTERN").metadata.severity == 3
    for bins in (4000, 7):
        pattern = [0.5 * k for k in range(bins)]
        found = published(server, client, "LIVE:PATTERN", pattern)
        assert list(found.data) == pattern
        assert found.metadata.severity == 0
    assert published(server, client, "LIVE:PATTERN", [1.0], Quality.SUSPECT).metadata.severity == Quality.SUSPECT


def test_nobody_puts_into_a_waveform() -> None:
    with pytest.raises(ValueError, match="nobody can put"):
        RecordSpec("LIVE:PATTERN", "waveform", on_put=print, length=10)


def test_text_longer_than_an_epics_string_arrives_whole(server: Server, client: Context) -> None:
    text = json.dumps({"steps": ["charge to 3.68 V"] * 50})
    for said in (text, "held"):
        assert bytes(published(server, client, "PRESSURE:STATE", said).data).rstrip(b"\0").decode() == said


def test_a_put_is_delivered_and_the_record_keeps_its_value(server: Server, client: Context) -> None:
    server.publish("PRESSURE:TARGET", 85.0)
    watch = Watch(client, "PRESSURE:TARGET")
    watch.until(client, TIME_NS)
    put(client, "PRESSURE:TARGET", 1e6)
    assert server.told() == ["TARGET", 1e6]
    put(client, "PRESSURE:TARGET", float("nan"))
    assert str(server.told()[1]) == "nan"
    found = read(client, "PRESSURE:TARGET")
    assert found.data[0] == 85.0
    assert found.metadata.severity == 0
    assert stamp_ns(found) == TIME_NS
    server.publish("PRESSURE:TARGET", 86.0, TIME_NS + 1)
    watch.until(client, TIME_NS + 1)  # monitors come in order, on a thread of their own: nothing is on its way
    assert {value for value, _ in watch.seen} == {85.0, 86.0}


def test_a_put_of_the_same_value_is_delivered_too(server: Server, client: Context) -> None:
    server.publish("PRESSURE:TARGET", 85.0)
    put(client, "PRESSURE:TARGET", 85.0)
    assert server.told() == ["TARGET", 85.0]


def test_a_put_that_fails_does_not_end_the_server(server: Server, client: Context) -> None:
    put(client, "PRESSURE:TARGET", 13.0)
    assert server.told() == ["TARGET", 13.0]
    put(client, "PRESSURE:STOP", 1)
    assert server.told() == ["STOP", 1]
    assert read(client, "PRESSURE:STOP").data[0] == 0


def test_a_target_without_meaning_is_invalid_until_there_is_one(server: Server, client: Context) -> None:
    server.publish("PRESSURE:TARGET", float("nan"), TIME_NS, Quality.INVALID)
    assert read(client, "PRESSURE:TARGET").metadata.severity == 3
    server.publish("PRESSURE:TARGET", 60.0, TIME_NS + 5)
    found = read(client, "PRESSURE:TARGET")
    assert (found.data[0], found.metadata.severity, stamp_ns(found)) == (60.0, 0, TIME_NS + 5)


def test_a_long_request_arrives_whole(server: Server, client: Context) -> None:
    request = json.dumps({"id": "1", "who": "someone@" + "x" * 100, "field": "target", "value": 60.0})
    put(client, "PRESSURE:REQUEST", request.encode())
    assert server.told() == ["REQUEST", request]


def test_readings_cannot_be_put(server: Server, client: Context) -> None:
    published(server, client, "PRESSURE:READBACK", 85.0)
    (channel,) = client.get_pvs("TEST:PRESSURE:READBACK")
    channel.wait_for_connection(timeout=20)
    channel.write(1.0, wait=False)
    assert read(client, "PRESSURE:READBACK").data[0] == 85.0


def test_monitors_see_each_publication_of_an_unchanged_value(server: Server, client: Context) -> None:
    watch = Watch(client, "PRESSURE:READBACK")
    times = [TIME_NS + 10, TIME_NS + 20, TIME_NS + 30]
    for time_ns in times:
        server.publish("PRESSURE:READBACK", 85.0, time_ns)
        watch.until(client, time_ns)
    assert [stamp for _, stamp in watch.seen][-3:] == times


def test_a_server_that_keeps_no_time_leaves_its_memory_to_others(server: Server) -> None:
    """EPICS base locks all of a process where the host lets it: stacks and reserves become real memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    assert "VmLck:\t       0 kB" in status


def test_a_taken_port_is_refused_before_epics_hides_elsewhere(server: Server, port: int) -> None:
    with pytest.raises(EndstationError, match=f"port {port} of 127.0.0.1 is taken"):
        RecordServer("TEST:", port, [])


def test_a_description_that_epics_would_cut_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 40 characters"):
        RecordSpec("PRESSURE:READBACK", "float", description="stack pressure at the load cell in the load path")

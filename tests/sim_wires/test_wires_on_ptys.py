"""The four instruments on real pseudo-terminals, with pyserial as the client."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import serial

from operando.sim.cell.state import TrueState
from operando.sim.setup import Setup
from operando.sim.wires.instrument import Reply
from operando.sim.wires.loop import Wires, run_wires
from operando.sim.wires.port import Port

PATIENCE = 10.0  # s, for a loaded machine; a healthy reply takes milliseconds


@pytest.fixture
def lines(setup: Setup) -> Iterator[Path]:
    stop = threading.Event()
    with Wires(setup) as wires:
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            yield setup.root / "sim"
        finally:
            stop.set()
            thread.join()


def open_line(path: Path, baudrate: int = 115200) -> serial.Serial:
    return serial.Serial(str(path), baudrate, timeout=PATIENCE, exclusive=True)


def test_the_force_is_read_over_a_serial_line(lines: Path) -> None:
    with open_line(lines / "load_cell") as line:
        line.write(b"!001:SYS?\r")
        reply = line.read_until(b"\r")
    assert float(reply) == pytest.approx(84.0 * 78.54, abs=50.0)


def test_the_drive_moves_the_force(lines: Path) -> None:
    with open_line(lines / "load_cell") as load_cell, open_line(lines / "piezo") as piezo:

        def force() -> float:
            load_cell.write(b"!001:SYS?\r")
            return float(load_cell.read_until(b"\r"))

        before = force()
        piezo.write(b"set,70.000\r\n")
        assert piezo.read_until(b"\x11") == b"\x13\x11"
        deadline = time.monotonic() + PATIENCE
        while force() - before < 80.0:
            assert time.monotonic() < deadline


def test_the_heater_answers_modbus(lines: Path) -> None:
    with open_line(lines / "heater", 19200) as line:
        line.write(bytes.fromhex("0103 0002 0001 25CA"))
        assert line.read(7) == bytes.fromhex("0103 0200 FA 3807")


def test_a_script_outlives_its_client_and_the_next_one_can_abort_it(lines: Path) -> None:
    with open_line(lines / "potentiostat", 921600) as line:
        line.write(b"e\nvar p\nvar c\nset_pgstat_mode 6\ncell_on\nmeas_loop_cp p c 100u 20m 600\n")
        line.write(b"pck_start\npck_add p\npck_end\nendloop\non_finished:\ncell_off\n\n")
        assert line.read_until(b"\n") == b"e\n"
        assert line.read_until(b"\n") == b"M000A\n"
    with open_line(lines / "potentiostat", 921600) as line:
        line.reset_input_buffer()
        line.read_until(b"\n")
        assert line.read_until(b"\n").startswith(b"Pab")
        line.write(b"Z\n")
        assert line.read_until(b"*\n\n").endswith(b"Z\n*\n\n")


def test_a_client_that_comes_again_finds_the_instrument_alive(lines: Path) -> None:
    for _ in range(5):
        with open_line(lines / "load_cell") as line:
            line.write(b"!001:SYS?\r")
            assert line.read_until(b"\r").endswith(b"\r")


def test_states_are_published_and_links_are_gone_at_the_end(setup: Setup) -> None:
    stop, states = threading.Event(), list[TrueState]()

    def publish(state: TrueState) -> None:
        states.append(state)
        if len(states) == 5:
            assert (setup.root / "sim" / "piezo").is_symlink()
            stop.set()

    run_wires(setup, stop, publish)
    assert list((setup.root / "sim").iterdir()) == []
    assert np.diff([state.time_ns for state in states]).min() > 0
    assert states[0].stack_pressure == pytest.approx(84.0, abs=0.5)


def test_what_a_publisher_raises_ends_the_run_in_order(setup: Setup) -> None:
    def publish(state: TrueState) -> None:
        raise RuntimeError("the pipe is broken")

    with pytest.raises(RuntimeError, match="the pipe"):
        run_wires(setup, threading.Event(), publish)
    assert list((setup.root / "sim").iterdir()) == []


class Talker:
    """Answers each byte with a hundred, after a while."""

    name = "talker"
    baudrate = 10_000  # a byte in a millisecond

    def receive(self, data: bytes, now: float) -> list[Reply]:
        return [Reply(b"x" * 100, 0.05) for _ in data]

    def advance(self, now: float) -> list[Reply]:
        return []


@pytest.fixture
def port(tmp_path: Path) -> Iterator[Port]:
    opened = Port(Talker(), tmp_path)
    try:
        yield opened
    finally:
        opened.unplug()


def test_replies_are_paced_by_the_baud_rate_and_the_latency(port: Port) -> None:
    with open_line(port.link) as line:
        line.write(b"ab")
        line.flush()
        port.receive(10.0)
        assert port.next_due == pytest.approx(10.0 + 0.002 + 0.05 + 0.1)
        port.send_due(10.15)
        assert line.in_waiting == 0
        port.send_due(10.153)
        assert line.read(100) == b"x" * 100
        assert port.next_due == pytest.approx(10.252)  # the line was busy with the first
        port.send_due(11.0)
        assert line.read(100) == b"x" * 100


def test_what_nobody_fetches_is_lost_and_nothing_blocks(port: Port, caplog: pytest.LogCaptureFixture) -> None:
    with open_line(port.link) as line:
        for _ in range(100):
            line.write(b"a" * 20)
            line.flush()
            port.receive(10.0)
        port.send_due(1e9)
    assert port.lost > 0
    assert "nobody fetches" in caplog.text


def test_a_fresh_link_replaces_a_stale_one(tmp_path: Path) -> None:
    (tmp_path / "talker").symlink_to("/dev/pts/does-not-exist")
    port = Port(Talker(), tmp_path)
    assert port.link.resolve() == Path(port.device)
    port.unplug()
    assert not port.link.is_symlink()

"""Faults asked for from another process: the socket, its client, and terminals that come and go."""

import dataclasses
import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from waiting import wait_until

from operando.sim.faults.address import short_address, socket_file
from operando.sim.faults.client import NoSimulator, active_faults, clear_faults, fault, set_fault
from operando.sim.faults.refused import FaultRefused
from operando.sim.setup import Setup
from operando.sim.wires.loop import Wires

PATIENCE = 10.0  # s, for a loaded machine


@pytest.fixture
def root(setup: Setup) -> Iterator[Path]:
    """A root on which the wires run."""
    stop = threading.Event()
    with Wires(setup) as wires:
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            yield setup.root
        finally:
            stop.set()
            thread.join()


def said(root: Path, request: bytes) -> bytes:
    """Return what comes back for raw bytes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, short_address(socket_file(root)) as address:
        connection.settimeout(PATIENCE)
        connection.connect(address)
        connection.sendall(request)
        return connection.makefile("rb").read()


def asked(line: serial.Serial, command: bytes) -> bytes:
    line.write(command)
    return bytes(line.read_until(b"\r"))


def assert_hung_up(line: serial.Serial) -> None:
    with pytest.raises(OSError, match=r"Input/output error|disconnected|multiple access|write failed"):
        asked(line, b"\r")


def test_a_fault_is_set_listed_and_cleared(root: Path) -> None:
    assert active_faults(root) == []
    assert set_fault(root, "load_cell", "nak") == "load_cell nak, until cleared"
    assert active_faults(root) == ["load_cell nak"]
    with serial.Serial(str(root / "sim" / "load_cell"), timeout=PATIENCE) as line:
        assert asked(line, b"!001:STN?\r") == b"?\r"
        assert clear_faults(root) == "load_cell nak"
        assert asked(line, b"!001:STN?\r") == b"+00001.000\r"
    assert clear_faults(root) == "there was no fault"


def test_a_fault_is_there_while_a_block_runs(root: Path) -> None:
    with fault(root, "piezo", "over_temperature"):
        assert active_faults(root) == ["piezo over_temperature"]
    assert active_faults(root) == []


def test_a_fault_with_a_time_ends_by_itself(root: Path) -> None:
    set_fault(root, "heater", "hung", seconds=0.05)
    wait_until(lambda: active_faults(root) == [])


def test_what_there_is_not_is_refused_with_what_there_is(root: Path) -> None:
    with pytest.raises(FaultRefused, match=r"'goniometer': no such target; there are load_cell, piezo, heater, pote"):
        set_fault(root, "goniometer", "stuck")
    with pytest.raises(FaultRefused, match=r"piezo can have over_temperature, power_cycled"):
        set_fault(root, "piezo", "nan")
    with pytest.raises(FaultRefused, match="-10000 to 10000 kPa/s"):
        set_fault(root, "load_cell", "drift", value=1e9)
    assert active_faults(root) == []


@pytest.mark.parametrize(
    ("request_", "text"),
    [
        (b"hello\n", "not JSON"),
        (b"[1]\n", "not a JSON object"),
        (b"{}\n", "None: no such request; there are set, clear, list"),
        (b'{"do": "set", "target": 3}\n', "target = 3: a text is wanted"),
        (b'{"do": "set", "target": "piezo", "kind": "hung", "for": "2"}\n', "for = '2': a number is wanted"),
        (b'{"do": "set"}\n', "'': no such target"),
        (b"\xff\xfe\n", "not JSON"),
    ],
)
def test_nonsense_is_refused_and_the_lines_go_on(root: Path, request_: bytes, text: str) -> None:
    reply = json.loads(said(root, request_))
    assert reply["accepted"] is False
    assert text in reply["text"]
    assert active_faults(root) == []


def test_a_request_in_pieces_is_one_and_an_endless_one_is_none(root: Path) -> None:
    assert said(root, b"x" * 5000) == b""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection, short_address(socket_file(root)) as address:
        connection.settimeout(PATIENCE)
        connection.connect(address)
        connection.sendall(b'{"do": ')
        assert active_faults(root) == []  # others are answered meanwhile
        connection.sendall(b'"list"}\n')
        assert json.loads(connection.makefile("rb").readline())["accepted"] is True


def test_a_pulled_plug_takes_the_link_and_the_line(root: Path) -> None:
    link = root / "sim" / "load_cell"
    with serial.Serial(str(link), timeout=PATIENCE, exclusive=True) as line:
        assert asked(line, b"!001:STN?\r") == b"+00001.000\r"
        set_fault(root, "load_cell", "unplugged")
        assert not link.is_symlink()
        assert_hung_up(line)
    clear_faults(root)
    with serial.Serial(str(link), timeout=PATIENCE, exclusive=True) as line:
        assert asked(line, b"!001:STN?\r") == b"+00001.000\r"


def test_a_reopened_terminal_is_another_one(root: Path) -> None:
    with serial.Serial(str(root / "sim" / "piezo"), timeout=PATIENCE, exclusive=True) as old:
        set_fault(root, "piezo", "reopened")
        with serial.Serial(str(root / "sim" / "piezo"), timeout=PATIENCE, exclusive=True) as new:
            new.write(b"avmax\r\n")
            assert new.read_until(b"\x11") == b"\x13avmax,130.000\r\n\x11"
        assert_hung_up(old)


def test_only_its_owner_may_use_the_socket_and_it_goes_with_the_simulator(setup: Setup) -> None:
    with Wires(setup):
        assert stat.S_IMODE(os.stat(socket_file(setup.root)).st_mode) == 0o600
    assert list((setup.root / "sim").iterdir()) == []
    with pytest.raises(NoSimulator, match="no simulator answers"):
        set_fault(setup.root, "piezo", "hung")


def test_what_a_killed_simulator_left_is_in_nobodys_way(setup: Setup) -> None:
    file = socket_file(setup.root)
    file.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead, short_address(file) as address:
        dead.bind(address)
    with pytest.raises(NoSimulator):
        active_faults(setup.root)
    with Wires(setup):
        assert file.is_socket()


def test_a_root_may_have_a_long_name(setup: Setup, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 20) / ("deeper" * 20)
    stop = threading.Event()
    with Wires(dataclasses.replace(setup, root=deep)) as wires:
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            assert active_faults(deep) == []
        finally:
            stop.set()
            thread.join()

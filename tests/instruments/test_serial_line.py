"""The serial line over a real pseudo-terminal: whole replies, honest timeouts, and cables pulled out."""

import os
import threading
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from operando.errors import InstrumentError, NoReply
from operando.instruments import SerialLine


class Plug:
    """The instrument's end of a cable, behind a link that names the port."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.put_in()

    def put_in(self) -> None:
        self.end, self.port = os.openpty()
        tty.setraw(self.port)
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(os.ttyname(self.port))

    def pull_out(self) -> None:
        os.close(self.end)
        os.close(self.port)

    def says(self, data: bytes) -> None:
        os.write(self.end, data)

    def hears(self) -> bytes:
        return os.read(self.end, 100)


@pytest.fixture
def plug(tmp_path: Path) -> Iterator[Plug]:
    plug = Plug(tmp_path / "load_cell")
    yield plug
    plug.pull_out()


@pytest.fixture
def line(plug: Plug) -> Iterator[SerialLine]:
    line = SerialLine(str(plug.link), 115200)
    yield line
    line.close()


def test_a_reply_ends_at_its_terminator_and_the_rest_stays(plug: Plug, line: SerialLine) -> None:
    line.write(b"!001:SYS?\r")
    assert plug.hears() == b"!001:SYS?\r"
    plug.says(b"+06597.344\r+0659")
    assert line.read_until(b"\r", 5.0) == b"+06597.344\r"
    assert line.read_available() == b"+0659"
    assert line.read_available() == b""


def test_a_reply_may_come_in_pieces(plug: Plug, line: SerialLine) -> None:
    later = threading.Timer(0.02, plug.says, [b"97.344\r"])
    plug.says(b"+065")
    later.start()
    assert line.read_until(b"\r", 5.0) == b"+06597.344\r"
    later.join()


def test_what_came_without_its_terminator_is_told_and_stays_to_be_read(plug: Plug, line: SerialLine) -> None:
    plug.says(b"+065")
    with pytest.raises(NoReply, match=r"load_cell.*0\.050 s.*\+065"):
        line.read_until(b"\r", 0.05)
    plug.says(b"97.344\r")
    assert line.read_until(b"\r", 5.0) == b"+06597.344\r"


def test_a_port_belongs_to_one_program(plug: Plug, line: SerialLine) -> None:
    with pytest.raises(InstrumentError, match="cannot be opened"):
        SerialLine(str(plug.link), 115200)


def test_a_port_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InstrumentError, match=r"nowhere: cannot be opened at 115200 baud"):
        SerialLine(str(tmp_path / "nowhere"), 115200)


def test_a_cable_pulled_out_is_an_error_and_put_in_again_is_found(plug: Plug, line: SerialLine) -> None:
    plug.pull_out()
    try:
        with pytest.raises(InstrumentError, match="line lost"):
            line.read_until(b"\r", 5.0)
        with pytest.raises(InstrumentError, match="cannot be opened"):
            line.read_available()
        with pytest.raises(InstrumentError, match="cannot be opened"):
            line.write(b"!001:SYS?\r")
    finally:
        plug.put_in()
    line.write(b"!001:SYS?\r")
    assert plug.hears() == b"!001:SYS?\r"
    plug.says(b"+06597.344\r")
    assert line.read_until(b"\r", 5.0) == b"+06597.344\r"


def test_a_driver_that_only_listens_finds_an_instrument_that_comes_back(plug: Plug, line: SerialLine) -> None:
    plug.pull_out()
    try:
        with pytest.raises(InstrumentError, match="line lost"):
            line.read_until(b"\r", 5.0)
    finally:
        plug.put_in()
    assert line.read_available() == b""
    plug.says(b"+06597.344\r")
    assert line.read_until(b"\r", 5.0) == b"+06597.344\r"


def test_an_adapter_is_asked_not_to_hold_back_what_comes(plug: Plug, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    monkeypatch.setattr(serial.Serial, "set_low_latency_mode", lambda _, wanted: asked.append(wanted))
    SerialLine(str(plug.link), 115200).close()
    assert asked == [True]

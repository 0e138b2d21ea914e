"""Bytes of the piezo amplifier (NV 200/D NET manual, pages 17 to 21)."""

import numpy as np
import pytest

from operando.sim.cell.amplifier import Amplifier
from operando.sim.wires.nv200 import NV200


def instrument(amplifier: Amplifier | None = None, acknowledges: bool = True) -> NV200:
    return NV200(amplifier or Amplifier(60.0), np.random.default_rng(6), acknowledges)


def ask(subject: NV200, command: bytes) -> bytes:
    return b"".join(reply.data for reply in subject.receive(command, 1.0))


def measured(subject: NV200) -> float:
    return float(ask(subject, b"meas\r").strip(b"\x11\x13\r\n").split(b",")[1])


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"\r", b"NV200/D_NET>"),
        (b"set\r", b"set,60.000"),
        (b"cl\r\n", b"cl,0"),
        (b"modsrc\r\n", b"modsrc,0"),
        (b"fenable\r", b"fenable,0"),
        (b"avmin\r", b"avmin,-20.000"),
        (b"avmax\r", b"avmax,130.000"),
        (b"stat\r", b"stat,1"),
        (b"unitol\r", b"unitol,V"),
        (b"nonsense\r", b"error,2"),
        (b"stat,3\r", b"error,6"),
        (b"set,130.1\r", b"error,4"),
        (b"set,-20.1\r", b"error,4"),
        (b"set,1,2\r", b"error,5"),
        (b"set,abc\r", b"error,1"),
        (b"sr,2001\r", b"error,4"),
    ],
)
def test_every_reply_ends_at_xon(command: bytes, reply: bytes) -> None:
    assert ask(instrument(), command) == b"\x13" + reply + b"\r\n\x11"


def test_a_write_is_acknowledged_by_an_empty_reply_or_not_at_all() -> None:
    assert ask(instrument(), b"set,61.5\r\n") == b"\x13\x11"
    assert ask(instrument(acknowledges=False), b"set,61.5\r\n") == b""


def test_what_is_set_is_read_back_at_once_and_reached_later() -> None:
    amplifier = Amplifier(60.0)
    subject = instrument(amplifier)
    ask(subject, b"sr,0.066667\r")
    ask(subject, b"set,61.500\r")
    assert b"set,61.500" in ask(subject, b"set\r")
    assert measured(subject) == pytest.approx(60.0, abs=0.002)
    for _ in range(100):
        amplifier.step(0.005)
    assert measured(subject) == pytest.approx(61.5, abs=0.002)
    assert amplifier.slew == pytest.approx(0.066667)


@pytest.mark.parametrize(("limit", "bit"), [(-20.0, 1 << 14), (130.0, 1 << 15)])
def test_status_tells_that_a_limit_is_reached(limit: float, bit: int) -> None:
    assert ask(instrument(Amplifier(limit)), b"stat\r") == f"\x13stat,{1 + bit}\r\n\x11".encode()


def test_another_source_or_the_position_loop_takes_the_drive_from_the_host() -> None:
    for foreign in (b"modsrc,1\r", b"cl,1\r"):
        amplifier = Amplifier(60.0)
        subject = instrument(amplifier)
        ask(subject, foreign)
        ask(subject, b"set,80\r")
        for _ in range(100):
            amplifier.step(0.005)
        assert amplifier.output == pytest.approx(60.0, abs=0.01)


def test_a_torn_command_is_answered_once() -> None:
    subject = instrument()
    assert ask(subject, b"se") == b""
    assert ask(subject, b"t\r\nc") == b"\x13set,60.000\r\n\x11"
    assert ask(subject, b"l\r") == b"\x13cl,0\r\n\x11"

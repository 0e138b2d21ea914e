"""Bytes of the load-cell digitiser (DSCUSB Advanced Manual 517-934)."""

import numpy as np
import pytest

from operando.sim.wires.dscusb import DSCUSB, NOISE


class Press:
    force = 6597.34


def digitiser(press: Press | None = None) -> DSCUSB:
    subject = press or Press()
    return DSCUSB(lambda: subject.force, np.random.default_rng(5))


def ask(instrument: DSCUSB, command: bytes, now: float = 1.0) -> bytes:
    return b"".join(reply.data for reply in instrument.receive(command, now))


def test_a_number_has_a_fixed_width() -> None:
    reply = ask(digitiser(), b"!001:SYS?\r")
    assert len(reply) == 3 + 5 + 3
    assert reply[:1] == b"+"
    assert reply[-5:-4] == b"."
    assert float(reply) == pytest.approx(6597.34, abs=2.0)


def test_negative_numbers_are_as_wide() -> None:
    press = Press()
    press.force = -12.5
    assert ask(digitiser(press), b"!001:SYS?\r").startswith(b"-0001")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"!001:STN?\r", b"+00001.000\r"),
        (b"!001:NOPE?\r", b"?\r"),
        (b"!001:TOOLONG?\r", b"?\r"),
        (b"!001:SYS=3\r", b"?\r"),
        (b"!001:SGAI=5000\r", b"\r"),
        (b"!001:snap\r", b"\r"),
        (b"!002:SYS?\r", b""),
        (b"!000:SNAP\r", b""),
        (b"SYS?\r", b""),
        (b"\r\r\r", b""),
    ],
)
def test_what_is_answered_and_how(command: bytes, reply: bytes) -> None:
    assert ask(digitiser(), command) == reply


def test_a_command_may_come_in_pieces() -> None:
    instrument = digitiser()
    assert ask(instrument, b"!001:S") == b""
    assert ask(instrument, b"YS?") == b""
    assert ask(instrument, b"\r!001:NOPE?\r").endswith(b"\r?\r")


def test_the_noise_is_a_fifth_of_a_newton() -> None:
    instrument = digitiser()
    values = [float(ask(instrument, b"!001:SYS?\r", now=0.02 * index)) for index in range(2000)]
    assert np.std(values) == pytest.approx(NOISE, rel=0.1)
    assert np.mean(values) == pytest.approx(6597.34, abs=0.05)


def test_a_result_is_old_once_it_was_read_until_the_next_one_is_there() -> None:
    instrument = digitiser()
    ask(instrument, b"!001:SYS?\r", now=1.0)
    assert ask(instrument, b"!001:STAT?\r", now=1.001) == b"+08192.000\r"
    assert ask(instrument, b"!001:STAT?\r", now=1.1) == b"+00000.000\r"


def test_status_tells_a_broken_wire_and_an_overload() -> None:
    press = Press()
    instrument = digitiser(press)
    instrument.broken_wire = True
    press.force = 10_500.0
    assert ask(instrument, b"!001:STAT?\r") == f"+{2048 + 32 + 512:05d}.000\r".encode()


def test_flags_stay_until_cleared() -> None:
    instrument = digitiser()
    assert ask(instrument, b"!001:FLAG?\r") == b"+32768.000\r"
    assert ask(instrument, b"!001:FLAG=0\r") == b"\r"
    assert ask(instrument, b"!001:FLAG?\r") == b"+00000.000\r"


def test_the_zero_is_taken_off_the_main_output() -> None:
    instrument = digitiser()
    ask(instrument, b"!001:SZ=6597.34\r")
    assert float(ask(instrument, b"!001:SYS?\r")) == pytest.approx(0.0, abs=2.0)


def test_replies_leave_well_before_fifty_milliseconds() -> None:
    latencies = [reply.latency for _ in range(200) for reply in digitiser().receive(b"!001:SYS?\r", 1.0)]
    assert 0.0 < min(latencies)
    assert max(latencies) < 0.02

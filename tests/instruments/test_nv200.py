"""The piezo amplifier: drives read and written, refusals found even when they are late."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.scripted_line import ScriptedLine, golden, outcome, said

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.instruments import NV200

CHECKS = (
    "read the loop mode",
    "read the setpoint source",
    "read the power-up sweep",
    "read the lowest voltage",
    "read the highest voltage",
)
SET = b"set,62.200\r\n"


def test_the_drive_is_what_the_amplifier_says() -> None:
    with ScriptedLine(*golden("nv200", "read the drive")) as line:
        assert NV200(line).read_drive() == 62.154


@pytest.mark.parametrize("reply", [b"\x13set,62.154\r\n\x11", b"set,62.154\r\n\x00\x01\x11", b"set,62.154\r\x11"])
def test_flow_control_and_padding_around_a_reply_are_nothing(reply: bytes) -> None:
    with ScriptedLine(said(b"set\r\n", reply)) as line:
        assert NV200(line).read_drive() == 62.154


@pytest.mark.parametrize(("title", "volts"), [("write the drive", 62.2), ("write a negative drive", -12.5)])
def test_a_write_may_be_met_by_silence(title: str, volts: float) -> None:
    with ScriptedLine(*golden("nv200", title)) as line:
        NV200(line).write_drive(volts)


@pytest.mark.parametrize("acknowledgement", [b"\x11", b"\r\n\x11", b"\x13\x11", b"set,62.200\r\n\x11"])
def test_a_write_may_be_acknowledged(acknowledgement: bytes) -> None:
    with ScriptedLine(said(SET, acknowledgement), *golden("nv200", "read the drive")) as line:
        amplifier = NV200(line)
        amplifier.write_drive(62.2)
        assert amplifier.read_drive() == 62.154


@pytest.mark.parametrize("acknowledgement", [b"\x11", b"\r\n\x11", b"\x13\r\n\x11"])
def test_an_acknowledgement_may_come_late(acknowledgement: bytes) -> None:
    late = said(b"set\r\n", acknowledgement + b"set,62.200\r\n\x11")
    with ScriptedLine(said(SET, b""), late, *golden("nv200", "read the status")) as line:
        amplifier = NV200(line)
        amplifier.write_drive(62.2)
        assert amplifier.read_drive() == 62.2
        assert amplifier.read_status().connected


def test_a_refused_write_says_which_and_why() -> None:
    with (
        ScriptedLine(*golden("nv200", "write the drive out of range")) as line,
        pytest.raises(InstrumentRefused, match=r"NV200: 'set,500.000'.*error,4.*range exceeded"),
    ):
        NV200(line).write_drive(500.0)


def test_a_late_refusal_belongs_to_the_earlier_write() -> None:
    late = said(b"stat\r\n", b"error,4\r\n\x11stat,1\r\n\x11")
    with ScriptedLine(said(b"set,500.000\r\n", b""), late) as line:
        amplifier = NV200(line)
        amplifier.write_drive(500.0)
        with pytest.raises(InstrumentRefused, match=r"'set,500.000'"):
            amplifier.read_status()


def test_a_refusal_found_before_the_next_write_keeps_that_write_back() -> None:
    with ScriptedLine(said(b"set,500.000\r\n", b"")) as line:
        amplifier = NV200(line)
        amplifier.write_drive(500.0)
        line.comes(b"error,4\r\n\x11")
        with pytest.raises(InstrumentRefused, match=r"'set,500.000'"):
            amplifier.write_drive(62.2)


def test_an_amplifier_that_never_acknowledges_is_not_waited_for() -> None:
    waits = []

    class Line(ScriptedLine):
        def read_until(self, terminator: bytes, timeout: float) -> bytes:
            waits.append(timeout)
            return super().read_until(terminator, timeout)

    with Line(*[said(SET, b"")] * 20) as line:
        amplifier = NV200(line)
        for _ in range(20):
            amplifier.write_drive(62.2)
    assert sum(waits) <= 0.02


def test_flags_of_a_saturated_amplifier() -> None:
    with ScriptedLine(*golden("nv200", "read the status", "read the status at the upper limit")) as line:
        amplifier = NV200(line)
        healthy, saturated = amplifier.read_status(), amplifier.read_status()
    assert healthy.connected
    assert not healthy.complaints
    assert not healthy.at_high_limit
    assert saturated.at_high_limit
    assert not saturated.at_low_limit


@pytest.mark.parametrize("bit", [10, 11, 12, 13])
def test_flags_of_a_faulty_amplifier(bit: int) -> None:
    with ScriptedLine(said(b"stat\r\n", b"stat,%d\r\n\x11" % (1 | 1 << bit))) as line:
        assert NV200(line).read_status().complaints


def test_an_amplifier_is_prepared_without_moving() -> None:
    with ScriptedLine(*golden("nv200", *CHECKS, "write the slew rate", "read the slew rate")) as line:
        NV200(line).prepare(slew_limit=100.0)


@pytest.mark.parametrize(
    ("asked", "reply", "reason"),
    [
        (0, b"cl,1\r\n\x11", "position loop"),
        (1, b"modsrc,1\r\n\x11", "not taken from this line"),
        (2, b"fenable,1\r\n\x11", "power-up"),
    ],
)
def test_an_amplifier_that_would_move_by_itself_is_refused(asked: int, reply: bytes, reason: str) -> None:
    script = golden("nv200", *CHECKS[: asked + 1])
    script[asked] = said(script[asked].sent, reply)
    with (
        ScriptedLine(*script) as line,
        pytest.raises(InstrumentRefused, match=rf"NV200.*{reason}.*nothing was changed"),
    ):
        NV200(line).prepare(slew_limit=100.0)


def test_a_slew_rate_that_does_not_stick_is_refused() -> None:
    script = [*golden("nv200", *CHECKS, "write the slew rate"), said(b"sr\r\n", b"sr,2000.000\r\n\x11")]
    with ScriptedLine(*script) as line, pytest.raises(InstrumentRefused, match="slew rate"):
        NV200(line).prepare(slew_limit=100.0)


@pytest.mark.parametrize(
    ("status", "output"), [(0b001, 62.1), (0b011, math.nan)], ids=["no sensor", "a strain gauge: meas is a position"]
)
def test_the_output_is_measured_where_there_is_no_position_sensor(status: int, output: float) -> None:
    asked = [said(b"meas\r\n", b"meas,62.100\r\n\x11")] if output == output else []
    with ScriptedLine(said(b"stat\r\n", b"stat,%d\r\n\x11" % status), *asked) as line:
        amplifier = NV200(line)
        amplifier.read_status()
        assert amplifier.read_output() == pytest.approx(output, nan_ok=True)


@pytest.mark.parametrize(
    ("source", "rate", "words"),
    [("0", "0.066667", ""), ("1", "", "modsrc is 1"), ("0", "2000.000000", "sr is 2000 %/ms, 0.0666667 %/ms was set")],
    ids=["as prepared", "another source", "switched off and on"],
)
def test_settings_that_changed_are_found(source: str, rate: str, words: str) -> None:
    script = golden("nv200", *CHECKS, "write the slew rate", "read the slew rate")
    script.append(said(b"modsrc\r\n", f"modsrc,{source}\r\n\x11".encode()))
    script += [said(b"sr\r\n", f"sr,{rate}\r\n\x11".encode())] if rate else []
    with ScriptedLine(*script) as line:
        amplifier = NV200(line)
        amplifier.prepare(slew_limit=100.0)
        found = amplifier.changed_settings()
    assert found.startswith(words)
    assert bool(found) == bool(words)


def test_an_unknown_command_is_refused() -> None:
    with (
        ScriptedLine(said(b"set\r\n", b"error,2\r\n\x11")) as line,
        pytest.raises(InstrumentRefused, match="unknown command"),
    ):
        NV200(line).read_drive()


@pytest.mark.parametrize("reply", [b"stat,1\r\n\x11", b"set\r\n\x11", b"set,abc\r\n\x11", b"set,nan\r\n\x11", b"\x11"])
def test_a_reply_that_is_no_answer_is_named(reply: bytes) -> None:
    with ScriptedLine(said(b"set\r\n", reply)) as line, pytest.raises(BadReply, match=r"NV200.*set"):
        NV200(line).read_drive()


def test_silence_to_a_query_is_named() -> None:
    with ScriptedLine(said(b"set\r\n", b"")) as line, pytest.raises(NoReply, match=r"NV200.*set"):
        NV200(line).read_drive()


@pytest.mark.parametrize("volts", [math.nan, math.inf])
def test_a_drive_that_is_no_number_is_never_sent(volts: float) -> None:
    with ScriptedLine() as line, pytest.raises(ValueError, match="stays where it is"):
        NV200(line).write_drive(volts)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=30), st.binary(max_size=12).map(lambda head: head + b"\r\n\x11")), st.booleans())
def test_whatever_comes_it_is_a_drive_or_a_named_error(reply: bytes, after_a_write: bool) -> None:
    amplifier = NV200(ScriptedLine(*[said(SET, b"")] * after_a_write, said(b"set\r\n", reply)))
    if after_a_write:
        amplifier.write_drive(62.2)
    drive = outcome(amplifier.read_drive)
    if isinstance(drive, InstrumentError):
        assert "NV200" in str(drive)
    else:
        assert math.isfinite(drive)

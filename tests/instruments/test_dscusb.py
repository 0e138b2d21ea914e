"""The load cell: forces as the manual writes them, and never a torn number taken for a force."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.scripted_line import ScriptedLine, golden, outcome, said

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.instruments import DSCUSB
from operando.instruments.dscusb import FROZEN_AFTER, STATUS_EVERY, Stat
from operando.vocabulary import Quality

HEALTHY = "read the status of a healthy cell"
STAT, SYS = b"!001:STAT?\r", b"!001:SYS?\r"
FORCE = said(SYS, b"+06597.344\r")


def test_a_force_is_read_with_the_time_it_was_asked_for() -> None:
    with ScriptedLine(*golden("dscusb", HEALTHY, "read the force")) as line:
        reading = DSCUSB(line, station=1, now_ns=lambda: 42).read_force()
    assert reading.value == 6597.344
    assert reading.quality is Quality.GOOD
    assert reading.time_ns == 42


def test_a_force_may_be_negative() -> None:
    with ScriptedLine(*golden("dscusb", HEALTHY, "read a negative force")) as line:
        assert DSCUSB(line).read_force().value == -0.251


@pytest.mark.parametrize("title", ["read the status with a broken wire", "read the status over range"])
def test_a_force_the_instrument_doubts_is_invalid(title: str) -> None:
    with ScriptedLine(*golden("dscusb", title, "read the force")) as line:
        reading = DSCUSB(line).read_force()
    assert reading.quality is Quality.INVALID
    assert math.isnan(reading.value)


def test_the_status_is_looked_at_now_and_then_and_at_every_reading_while_it_is_bad() -> None:
    broken = golden("dscusb", "read the status with a broken wire")[0]
    healthy = golden("dscusb", HEALTHY)[0]
    script = [healthy, *[FORCE] * STATUS_EVERY, broken, FORCE, broken, FORCE, healthy, *[FORCE] * 2]
    with ScriptedLine(*script) as line:
        cell = DSCUSB(line)
        qualities = [cell.read_force().quality for _ in range(STATUS_EVERY + 4)]
    assert qualities == [Quality.GOOD] * STATUS_EVERY + [Quality.INVALID] * 2 + [Quality.GOOD] * 2


def test_an_output_that_never_changes_is_invalid() -> None:
    old = said(STAT, b"+08192.000\r")
    with ScriptedLine(*[old, FORCE] * FROZEN_AFTER) as line:
        cell = DSCUSB(line)
        qualities = [cell.read_force().quality for _ in range(FROZEN_AFTER)]
    assert qualities == [Quality.GOOD] * (FROZEN_AFTER - 1) + [Quality.INVALID]


def test_a_digitiser_that_is_too_warm_is_suspect() -> None:
    with ScriptedLine(said(STAT, b"+00008.000\r"), FORCE) as line:
        assert DSCUSB(line).read_force().quality is Quality.SUSPECT


def test_a_refusal_names_instrument_command_and_reply() -> None:
    with (
        ScriptedLine(said(STAT, b"?\r")) as line,
        pytest.raises(InstrumentRefused, match=r"DSCUSB.*STAT.*\?") as said_no,
    ):
        DSCUSB(line).read_force()
    assert "\\r" in str(said_no.value)


@pytest.mark.parametrize("torn", [b"97.344\r", b"+0659.344\r", b"06597.344\r", b"+06597.34\r", b"+06597,344\r", b"\r"])
def test_a_torn_number_is_no_force(torn: bytes) -> None:
    with ScriptedLine(*golden("dscusb", HEALTHY), said(SYS, torn)) as line, pytest.raises(BadReply, match="SYS"):
        DSCUSB(line).read_force()


def test_a_load_cell_that_says_nothing_is_named() -> None:
    with ScriptedLine(said(STAT, b"")) as line, pytest.raises(NoReply, match=r"DSCUSB.*STAT"):
        DSCUSB(line).read_force()


def test_the_answer_to_the_last_question_is_not_taken_for_the_answer_to_this_one() -> None:
    with ScriptedLine(*golden("dscusb", HEALTHY), said(SYS, b""), FORCE) as line:
        cell = DSCUSB(line)
        with pytest.raises(NoReply):
            cell.read_force()
        line.comes(b"+00000.000\r")  # late: 0 N, which would be a lost contact
        assert cell.read_force().value == 6597.344


def test_a_force_in_place_of_the_status_is_noticed() -> None:
    with ScriptedLine(said(STAT, b"+06597.344\r")) as line, pytest.raises(BadReply, match="status bits"):
        DSCUSB(line).read_force()


def test_another_station_of_a_bus_is_addressed_by_its_number() -> None:
    with ScriptedLine(said(b"!017:STAT?\r", b"+00000.000\r")) as line:
        assert DSCUSB(line, station=17).read_status() == Stat(0)


@settings(deadline=None)
@given(st.binary(max_size=24), st.binary(max_size=24))
def test_whatever_comes_it_is_a_reading_or_a_named_error(status: bytes, force: bytes) -> None:
    cell = DSCUSB(ScriptedLine(said(STAT, status), said(SYS, force), said(STAT, b"")))
    reading = outcome(cell.read_force)
    if isinstance(reading, InstrumentError):
        assert "DSCUSB" in str(reading)
    else:
        assert math.isfinite(reading.value) or reading.quality is Quality.INVALID

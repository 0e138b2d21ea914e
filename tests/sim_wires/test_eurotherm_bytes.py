"""Bytes of the temperature controller (Eurotherm HA028651 and HA026230)."""

import struct

import numpy as np
import pytest

from operando.sim.cell.furnace import Furnace
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.modbus import checksum


def controller(celsius: float = 25.0, address: int = 1) -> Eurotherm3216:
    return Eurotherm3216(Furnace(celsius), np.random.default_rng(7), address)


def ask(instrument: Eurotherm3216, request: str, now: float = 1.0) -> str:
    frame = bytes.fromhex(request)
    return b"".join(reply.data for reply in instrument.receive(frame + checksum(frame), now))[:-2].hex(" ").upper()


@pytest.mark.parametrize(
    ("frame", "crc"),
    [("020300010002", "95F8"), ("02030400120016", "E8F8"), ("02030400B200D8", "694E"), ("010402FFFF", "B880")],
)
def test_checksums_are_those_of_the_manuals(frame: str, crc: str) -> None:
    # Eurotherm HA026230, and Modbus over serial line V1.02 for the last
    assert checksum(bytes.fromhex(frame)) == bytes.fromhex(crc)


def test_the_manuals_own_request_is_answered_as_there() -> None:
    instrument = controller(21.6, address=2)
    instrument.loop.process_value = 17.8
    instrument.loop.target = 21.6
    assert ask(instrument, "02 03 00 01 00 02") == "02 03 04 00 B2 00 D8"


def test_functions_three_and_four_read_the_same_words() -> None:
    instrument = controller()
    assert ask(instrument, "01 03 00 02 00 01") == "01 03 02 00 FA"
    assert ask(instrument, "01 04 00 02 00 01") == "01 04 02 00 FA"


def test_words_carry_one_decimal_and_a_sign() -> None:
    instrument = controller()
    instrument.loop.process_value = -1.5
    assert ask(instrument, "01 03 00 01 00 01") == "01 03 02 FF F1"


def test_the_float_region_holds_the_same_numbers_in_full() -> None:
    instrument = controller()
    instrument.loop.process_value = 25.02
    reply = bytes.fromhex(ask(instrument, "01 03 80 02 00 0A"))
    assert struct.unpack(">5f", reply[3:]) == pytest.approx((25.02, 25.0, 3.0, 3.0, 25.0))


def test_one_word_is_written_by_function_six() -> None:
    instrument = controller()
    assert ask(instrument, "01 06 00 02 01 C2") == "01 06 00 02 01 C2"
    assert instrument.loop.target == 45.0


def test_floats_are_written_by_function_sixteen_alone() -> None:
    instrument = controller()
    assert ask(instrument, "01 10 80 04 00 02 04 42 34 00 00") == "01 10 80 04 00 02"
    assert instrument.loop.target == 45.0
    assert ask(instrument, "01 06 80 04 42 34") == "01 86 02"


@pytest.mark.parametrize(
    ("request_", "reply"),
    [
        ("01 03 7F FF 00 01", "01 83 02"),
        ("01 06 00 01 00 64", "01 86 02"),  # the process value is read-only
        ("01 06 00 02 FF 00", "01 86 03"),  # −25.6 °C is below the range
        ("01 10 80 04 00 02 04 44 7A 00 00", "01 90 03"),  # 1000 °C
        ("01 06 00 C7 00 03", "01 86 03"),
        ("01 03 00 01 00 00", "01 83 03"),
        ("01 2B 0E 01 00", "01 AB 01"),
    ],
)
def test_what_cannot_be_is_refused(request_: str, reply: str) -> None:
    assert ask(controller(), request_) == reply


def test_a_wrong_checksum_or_another_address_brings_silence() -> None:
    instrument = controller()
    assert instrument.receive(bytes.fromhex("01 03 00 01 00 01 00 00"), 1.0) == []
    assert ask(instrument, "02 03 00 01 00 01", now=2.0) == ""
    assert ask(instrument, "01 03 00 02 00 01", now=3.0) == "01 03 02 00 FA"


def test_a_torn_request_is_completed_or_forgotten() -> None:
    instrument = controller()
    frame = bytes.fromhex("01 03 00 02 00 01")
    frame += checksum(frame)
    assert instrument.receive(frame[:3], 1.0) == []
    assert len(instrument.receive(frame[3:], 1.01)) == 1
    assert instrument.receive(frame[:3], 2.0) == []
    assert len(instrument.receive(frame, 3.0)) == 1


def test_standby_switches_the_output_off_and_normal_takes_over_at_the_process_value() -> None:
    furnace = Furnace(60.0)
    instrument = Eurotherm3216(furnace, np.random.default_rng(7))
    instrument.advance(0.0)
    ask(instrument, "01 06 00 C7 00 01", now=0.1)
    instrument.advance(1.0)
    assert furnace.power == 0.0
    furnace.temperature = 50.0
    instrument.advance(2.0)
    ask(instrument, "01 06 00 C7 00 00", now=2.1)
    assert instrument.loop.working_setpoint == pytest.approx(50.0, abs=0.1)


def test_a_remote_setpoint_that_is_not_refreshed_fails() -> None:
    instrument = controller()
    instrument.advance(0.0)
    ask(instrument, "01 06 00 1A 01 5E", now=0.5)
    ask(instrument, "01 06 01 14 00 01", now=0.6)
    instrument.advance(2.0)
    assert instrument.loop.working_setpoint == 35.0
    instrument.advance(10.0)
    assert ask(instrument, "01 03 00 4B 00 01", now=10.0) == "01 03 02 40 00"
    assert instrument.loop.working_setpoint == 25.0


def test_a_broken_thermocouple_is_told_and_heats_nothing() -> None:
    furnace = Furnace(60.0)
    instrument = Eurotherm3216(furnace, np.random.default_rng(7))
    instrument.loop.sensor_broken = True
    instrument.advance(0.0)
    instrument.advance(1.0)
    assert ask(instrument, "01 03 00 4B 00 01") == "01 03 02 00 20"
    assert ask(instrument, "01 07") == "01 07 20"
    assert furnace.power == 0.0


def test_only_a_change_wears_the_eeprom() -> None:
    instrument = controller()
    for _ in range(3):
        ask(instrument, "01 06 00 02 01 C2")
    assert instrument.eeprom_writes == 1

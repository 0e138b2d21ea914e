"""The temperature controller: floats in the IEEE region, setpoints written rarely, and broken sensors declared."""

import math
import struct
import termios

import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st
from wire.scripted_line import ScriptedLine, golden, outcome, said
from wire.scripted_serial import ScriptedSerial
from wire.transcript import Exchange, crc

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply
from operando.instruments import Eurotherm3216
from operando.vocabulary import Quality

VALUES = "read process value to working setpoint as floats"
READ_VALUES = golden("eurotherm3216", VALUES)[0].sent
READ_STATUS = golden("eurotherm3216", "read the status word")[0].sent


def controller(line: ScriptedLine) -> Eurotherm3216:
    return Eurotherm3216(ScriptedSerial(line), address=1, now_ns=lambda: 42)


def framed(*parts: bytes) -> bytes:
    frame = b"".join(parts)
    return frame + crc(frame)


def test_one_look_gives_process_value_setpoint_and_output() -> None:
    with ScriptedLine(*golden("eurotherm3216", VALUES, "read the status word")) as line:
        reading = controller(line).read()
    assert reading.process_value.value == pytest.approx(25.02, abs=1e-5)
    assert reading.process_value.quality is Quality.GOOD
    assert reading.process_value.time_ns == 42
    assert (reading.setpoint, reading.target, reading.output) == (25.0, 25.0, 3.5)
    assert not reading.status.faulty


def test_a_broken_sensor_is_no_temperature() -> None:
    with ScriptedLine(*golden("eurotherm3216", VALUES, "read the status word with a broken sensor")) as line:
        reading = controller(line).read()
    assert reading.process_value.quality is Quality.INVALID
    assert math.isnan(reading.process_value.value)
    assert reading.status.sensor_break
    assert reading.output == 3.5


def test_a_target_is_one_write_and_is_counted() -> None:
    with ScriptedLine(*golden("eurotherm3216", "write the target 45.0")) as line:
        heater = controller(line)
        heater.write_target(45.0)
    assert heater.wearing_writes == 1


def test_the_ramp_is_the_instruments_own() -> None:
    with ScriptedLine(*golden("eurotherm3216", "write the ramp rate 5.0 K/min")) as line:
        heater = controller(line)
        heater.write_ramp_rate(5.0)
    assert heater.wearing_writes == 0


def looked(setpoint: float, target: float, status: int = 0) -> tuple[Exchange, Exchange]:
    """Return one look at the instrument."""
    values = framed(b"\x01\x03\x14", struct.pack(">5f", setpoint, target, 0.0, 20.0, setpoint))
    return said(READ_VALUES, values), said(READ_STATUS, framed(b"\x01\x03\x02", struct.pack(">H", status)))


class LateController:
    """A port whose instrument answers every question rightly, but too late; in virtual time."""

    port, baudrate, is_open = "late", 19200, True

    def __init__(self, delay: float) -> None:
        self.timeout, self.delay, self.seconds = 0.5, delay, 0.0
        self.replies: list[tuple[float, bytes]] = []

    def write(self, data: bytes) -> int:
        reply = {look.sent: look.reply for look in looked(25.0, 25.0)}[data]
        self.replies.append((self.seconds + self.delay, reply))
        return len(data)

    def read(self, size: int = 1) -> bytes:
        end = self.seconds + self.timeout
        if not self.replies or self.replies[0][0] > end:
            self.seconds = end
            return b""
        due, reply = self.replies.pop(0)
        self.seconds = max(self.seconds, due)
        return reply[:size]

    def reset_input_buffer(self) -> None:
        self.replies = [(due, reply) for due, reply in self.replies if due > self.seconds]

    def reset_output_buffer(self) -> None:
        pass

    open = close = flush = reset_output_buffer


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.25, 0.3, 0.5])
def test_a_late_reply_is_not_taken_for_the_next_one(pause: float) -> None:
    port = LateController(0.8)
    heater = Eurotherm3216(port)
    for _ in range(20):
        with pytest.raises(NoReply):
            heater.read()
        port.seconds += pause
    port.delay = 0.1
    assert heater.read().setpoint == 25.0


def written(parameter: int, celsius: float) -> Exchange:
    """Return one write of a float."""
    register = struct.pack(">H", 0x8000 + 2 * parameter)
    sent = framed(b"\x01\x10", register, b"\x00\x02\x04", struct.pack(">f", celsius))
    return said(sent, framed(b"\x01\x10", register, b"\x00\x02"))


SELECTED = said(framed(b"\x01\x10\x01\x14\x00\x01\x02\x00\x01"), framed(b"\x01\x10\x01\x14\x00\x01"))
IS_SELECTED = framed(b"\x01\x03\x01\x14\x00\x01")


def test_with_the_watchdog_a_target_wears_nothing_until_it_is_reached() -> None:
    no_remote = said(IS_SELECTED, framed(b"\x01\x03\x02\x00\x00"))
    with ScriptedLine(
        *looked(25.0, 25.0), no_remote,
        written(26, 45.0), SELECTED,
        *looked(30.0, 25.0), written(26, 45.0),
        *looked(45.0, 25.0), written(26, 45.0), written(2, 45.0),
        *looked(45.0, 45.0), written(26, 45.0),
    ) as line:  # fmt: skip
        heater = Eurotherm3216(ScriptedSerial(line), address=1, watchdog=True)
        heater.refresh()  # nothing: nobody has asked yet
        assert heater.read().target == 25.0
        heater.write_target(45.0)
        for _ in range(3):
            assert heater.read().target == 45.0
            heater.refresh()
    assert heater.wearing_writes == 1


@pytest.mark.parametrize(("status", "goes_to"), [(0, 60.0), (1 << 14, 45.0)], ids=["in time", "too late"])
def test_a_host_that_comes_back_refreshes_what_stands_and_a_failed_target_is_not_gone_back_to(
    status: int, goes_to: float
) -> None:
    remote = said(IS_SELECTED, framed(b"\x01\x03\x02\x00\x01"))
    value = said(framed(b"\x01\x03\x80\x34\x00\x02"), framed(b"\x01\x03\x04", struct.pack(">f", 60.0)))
    with ScriptedLine(*looked(50.0, 45.0, status), remote, value, written(26, goes_to)) as line:
        heater = Eurotherm3216(ScriptedSerial(line), address=1, watchdog=True)
        assert heater.read().target == goes_to
        heater.refresh()
    assert heater.wearing_writes == 0


def test_hold_freezes_the_target_where_the_setpoint_is() -> None:
    ramping = framed(b"\x01\x03\x14", struct.pack(">5f", 30.0, 45.0, 0.0, 20.0, 31.5))
    frozen = framed(b"\x01\x10\x80\x04\x00\x02\x04", struct.pack(">f", 31.5))
    acknowledged = framed(b"\x01\x10\x80\x04\x00\x02")
    with ScriptedLine(
        said(READ_VALUES, ramping),
        said(READ_STATUS, framed(b"\x01\x03\x02\x20\x00")),
        said(frozen, acknowledged),
    ) as line:
        controller(line).hold()


def test_standby_switches_the_outputs_off_and_resume_on_again() -> None:
    with ScriptedLine(*golden("eurotherm3216", "stand by", "back to normal")) as line:
        heater = controller(line)
        heater.standby()
        heater.resume()


def test_a_refusal_is_named() -> None:
    refused = framed(b"\x01\x90\x03")  # exception 03: illegal data value
    with (
        ScriptedLine(said(golden("eurotherm3216", "write the target 45.0")[0].sent, refused)) as line,
        pytest.raises(InstrumentRefused, match=r"Eurotherm 3216 at 1: parameter 2 = 45 °C: refused"),
    ):
        controller(line).write_target(45.0)


def test_silence_is_named() -> None:
    with ScriptedLine(said(READ_VALUES, b"")) as line, pytest.raises(NoReply, match="Eurotherm 3216 at 1"):
        controller(line).read()


@pytest.mark.parametrize("cut", [1, 2, 10, 24])
def test_a_torn_reply_is_no_temperature(cut: int) -> None:
    whole = golden("eurotherm3216", VALUES)[0].reply
    with ScriptedLine(said(READ_VALUES, whole[:cut])) as line, pytest.raises(BadReply, match="not an answer"):
        controller(line).read()


def test_a_wrong_checksum_is_no_temperature() -> None:
    whole = bytearray(golden("eurotherm3216", VALUES)[0].reply)
    whole[5] ^= 0x40
    with ScriptedLine(said(READ_VALUES, bytes(whole))) as line, pytest.raises(BadReply):
        controller(line).read()


@pytest.mark.parametrize("error", [serial.SerialException("Input/output error"), termios.error(5, "I/O error")])
def test_a_line_that_is_lost_is_opened_again_with_the_next_command(error: Exception) -> None:
    class Unplugged(ScriptedSerial):
        unplugged = True

        def write(self, data: bytes) -> int:
            if self.unplugged:
                raise error
            return super().write(data)

    with ScriptedLine(*golden("eurotherm3216", "stand by")) as line:
        port = Unplugged(line)
        heater = Eurotherm3216(port)
        with pytest.raises(InstrumentError, match="line lost"):
            heater.standby()
        assert not port.is_open
        port.unplugged = False
        heater.standby()
        assert port.is_open


@pytest.mark.parametrize("celsius", [math.nan, math.inf])
def test_a_target_that_is_no_number_is_never_sent(celsius: float) -> None:
    with ScriptedLine() as line, pytest.raises(ValueError, match="nothing was changed"):
        controller(line).write_target(celsius)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=30), st.binary(max_size=23).map(framed)))
def test_whatever_comes_it_is_a_reading_or_a_named_error(reply: bytes) -> None:
    heater = controller(ScriptedLine(said(READ_VALUES, reply), *golden("eurotherm3216", "read the status word")))
    reading = outcome(heater.read)
    if isinstance(reading, InstrumentError):
        assert "Eurotherm" in str(reading)
    else:
        assert math.isfinite(reading.process_value.value) or reading.process_value.quality is Quality.INVALID

"""Bytes and doings of the source meter: it gives what it was told to, up to its compliance, for ever."""

import numpy as np
import pytest
from sim_wires.capacitor import Capacitor

from operando.sim.wires.keithley2400 import Keithley2400

SET_UP = (
    "*RST;:OUTP:SMOD HIMP\n:SYST:RSEN ON\n:SENS:FUNC 'VOLT','CURR'\n:FORM:ELEM VOLT,CURR,TIME,STAT\n"
    ":SOUR:FUNC VOLT\n:SENS:CURR:PROT 1e-4\n"
)
IN_COMPLIANCE = 1 << 3


class Bench:
    """A source meter on a capacitor behind 500 Ω, and a clock."""

    def __init__(self) -> None:
        self.cell = Capacitor(voltage=3.0, ohm=500.0)
        self.instrument = Keithley2400(self.cell, np.random.default_rng(3))
        self.now = 50.0

    def ask(self, text: str) -> str:
        return b"".join(reply.data for reply in self.instrument.receive(text.encode(), self.now)).decode()

    def live(self, seconds: float) -> None:
        for _ in range(round(seconds / 0.002)):
            self.cell.step(0.002)
            self.now += 0.002
            assert self.instrument.advance(self.now) == []

    def reading(self) -> tuple[float, float, float, int]:
        volts, ampere, seconds, status = map(float, self.ask(":READ?\n").split(","))
        return volts, ampere, seconds, int(status)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_tells_who_it_is_in_any_case_and_with_any_line_end(bench: Bench) -> None:
    for command in ("*IDN?\n", "*idn?\r", "*IDN?\r\n"):
        assert bench.ask(command).startswith("KEITHLEY INSTRUMENTS INC.,MODEL 2400,")


@pytest.mark.parametrize("header", [":SENS:VOLT:PROT", "sense:voltage:dc:protection:level", "SENS1:VOLT:DC:PROT:LEV"])
def test_headers_have_short_and_long_forms(bench: Bench, header: str) -> None:
    bench.ask(f"{header} 4.3\n")
    assert bench.ask(":SENS:VOLT:PROT?\n") == "4.300000E+00\r"


def test_units_of_a_message_stay_in_their_path(bench: Bench) -> None:
    assert bench.ask(":SENS:CURR:PROT 2E-3;PROT?;:OUTP?\n") == "2.000000E-03;0\r"


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (":FLY:TO:THE:MOON\n", '-113,"Undefined header"\r'),
        (":READ?\n", '803,"Not permitted with OUTPUT off"\r'),
        (":SOUR:CURR 2\n", '-222,"Parameter data out of range"\r'),
        (":SOUR:CURR\n", '-109,"Missing parameter"\r'),
        (":OUTP:SMOD LOUD\n", '-224,"Illegal parameter value"\r'),
    ],
)
def test_what_it_does_not_obey_is_in_its_queue_and_nowhere_else(bench: Bench, command: str, error: str) -> None:
    assert bench.ask(command) == ""
    assert bench.ask(":SYST:ERR?\n") == error
    assert bench.ask(":SYST:ERR?\n") == '0,"No error"\r'


def test_a_voltage_with_a_current_as_compliance_is_constant_current_and_then_constant_voltage(bench: Bench) -> None:
    bench.ask(SET_UP + ":SOUR:VOLT 3.68\n:OUTP ON\n")
    bench.live(1.0)
    volts, ampere, seconds, status = bench.reading()
    assert (volts, ampere) == pytest.approx((3.0 + 0.1 + 0.05, 1e-4), rel=1e-3)
    assert seconds == pytest.approx(1.0, abs=0.01)
    assert status & IN_COMPLIANCE
    assert bench.ask(":SENS:CURR:PROT:TRIP?\n") == "1\r"
    bench.live(9.0)
    volts, ampere, _, status = bench.reading()
    assert volts == pytest.approx(3.68, abs=1e-3)
    assert 0.0 < ampere < 0.1e-4
    assert not status & IN_COMPLIANCE
    assert bench.ask(":OUTP OFF;:OUTP?\n") == "0\r"
    assert bench.cell.state == "open"


def test_it_discharges_down_to_its_voltage_too(bench: Bench) -> None:
    bench.ask(SET_UP + ":SOUR:VOLT 2.18\n:OUTP ON\n")
    bench.live(1.0)
    volts, ampere, _, _ = bench.reading()
    assert (volts, ampere) == pytest.approx((3.0 - 0.1 - 0.05, -1e-4), rel=1e-3)
    bench.live(12.0)
    assert bench.reading()[0] == pytest.approx(2.18, abs=1e-3)


def test_a_current_of_zero_measures_the_open_circuit(bench: Bench) -> None:
    bench.ask(SET_UP + ":SOUR:FUNC CURR\n:SENS:VOLT:PROT 5\n:SOUR:CURR 0\n:OUTP ON\n")
    bench.live(1.0)
    volts, ampere, _, _ = bench.reading()
    assert volts == pytest.approx(3.0, abs=1e-3)
    assert ampere == pytest.approx(0.0, abs=1e-9)


def test_switched_off_in_the_normal_mode_it_drains_what_is_connected(bench: Bench) -> None:
    bench.ask("*RST\n")
    bench.live(1.0)
    assert bench.cell.passed < 0.0
    bench.ask(":OUTP:SMOD HIMP\n")
    passed = bench.cell.passed
    bench.live(1.0)
    assert bench.cell.passed == passed


def test_a_lead_that_is_off_is_compliance(bench: Bench) -> None:
    bench.ask(SET_UP + ":SOUR:FUNC CURR\n:SENS:VOLT:PROT 5\n:SOUR:CURR 1e-4\n:OUTP ON\n")
    bench.instrument.lead_off = True
    volts, ampere, _, status = bench.reading()
    assert volts == pytest.approx(5.0)
    assert ampere == pytest.approx(0.0, abs=1e-9)
    assert status & IN_COMPLIANCE


def test_control_c_clears_half_a_line_and_a_reading_takes_its_time(bench: Bench) -> None:
    assert bench.ask(":OUTP O\x03*OPC?\n") == "1\r"
    bench.ask(SET_UP + ":OUTP ON\n")
    (reply,) = bench.instrument.receive(b":READ?\n", bench.now)
    assert reply.latency == pytest.approx(0.048)


def test_a_semicolon_in_quotes_ends_no_unit(bench: Bench) -> None:
    assert bench.ask(":DISP:ENAB 'a;b';:OUTP?\n") == "0\r"
    assert bench.ask(":SYST:ERR?\n") == '0,"No error"\r'

"""The driver of the source meter says, byte for byte, what the transcript says."""

import math

import pytest
from instruments.virtual_bench import ends, programme, samples
from wire.scripted_line import ScriptedLine, golden, said

from operando.errors import BadReply, InstrumentRefused
from operando.instruments import Keithley2400, Said
from operando.vocabulary import CellProgramme, ConstantCurrent, End, Limit

STARTS_UP = ("what is given when the host starts", "off, and an open relay")
SETS_UP = (
    "four wires, voltage and current",
    "ranges, integration, elements of a reading",
    "one reading at a time, and the display",
    "the timer begins anew",
)
CHARGES = (
    "charge: the voltage is the limit, the current its compliance",
    "on",
    "the display says where",
)


class Host:
    """Its clocks."""

    def __init__(self) -> None:
        self.now = 100.0

    def now_ns(self) -> int:
        return round(self.now * 1e9)

    def driver(self, line: ScriptedLine) -> Keithley2400:
        return Keithley2400(line, now_ns=self.now_ns, monotonic=lambda: self.now)

    def poll_twice(self, driver: Keithley2400, elapsed: float) -> list[Said]:
        """Ask for a reading, and take it."""
        self.now += elapsed
        return [*driver.poll(), *driver.poll()]


def cycle() -> CellProgramme:
    hour = End(Limit.TIME, 3600.0)
    return programme(
        ConstantCurrent(
            number=1, name="charge", ends=(End(Limit.VOLTAGE, 3.68), hour), sample_interval=0.5, current=1e-4
        ),
        ConstantCurrent(
            number=2, name="discharge", ends=(End(Limit.VOLTAGE, 2.18, below=True), hour), sample_interval=0.5,
            current=-1e-4,
        ),
    )  # fmt: skip


def test_it_names_itself() -> None:
    with ScriptedLine(*golden("keithley2400", "identify")) as line:
        assert "MODEL 2400" in Host().driver(line).identify()


def test_a_charge_and_the_change_to_a_discharge() -> None:
    readings = ("a reading while the current is constant", "a reading while the voltage is constant")
    changes = ("discharge, with the output on", "the display says where it is now")
    host = Host()
    with ScriptedLine(*golden("keithley2400", *STARTS_UP, *SETS_UP, *CHARGES, *readings, *changes)) as line:
        driver = host.driver(line)
        assert driver.poll() == []
        driver.start(cycle())
        (first,) = samples(host.poll_twice(driver, 0.5))
        assert (first.voltage, first.current) == (3.15, 1e-4)
        assert first.elapsed == pytest.approx(0.7)
        found = host.poll_twice(driver, 6.0)
        (last,), (end,) = samples(found), ends(found)
        assert (last.voltage, last.status) == (3.68001, 0)
        assert end.end == End(Limit.VOLTAGE, 3.68)
        # 0.5 s of 100 µA, 6 s of 96.5 µA, 0.2 s of 93 µA until the next step began
        assert end.step_charge == pytest.approx((5e-5 + 5.79e-4 + 1.86e-5) / 3600, rel=1e-6)
        assert end.elapsed == pytest.approx(6.9)
        assert driver.running()


def test_off_is_an_open_relay_and_is_read_back() -> None:
    with ScriptedLine(*golden("keithley2400", "end", "is it open")) as line:
        driver = Host().driver(line)
        driver.cell_off()
        assert math.isnan(driver.verify_open())


def test_an_output_that_stays_on_is_not_taken_for_off() -> None:
    off = golden("keithley2400", "end")[0]
    with ScriptedLine(said(off.sent, b"1;HIMP\r")) as line:
        with pytest.raises(InstrumentRefused, match="the cell may be ON"):
            Host().driver(line).cell_off()


@pytest.mark.parametrize("answer", [b"VOLT;4.300000E+00;1.000000E-04\r", b"CURR;3.68;1e-4\r", b"VOLT\r", b"?\r"])
def test_a_limit_that_is_not_read_back_as_told_is_never_switched_on(answer: bytes) -> None:
    charge = golden("keithley2400", CHARGES[0])[0]
    exchanges = [*golden("keithley2400", *SETS_UP), said(charge.sent, answer), *golden("keithley2400", "end")]
    with ScriptedLine(*exchanges) as line:
        with pytest.raises(InstrumentRefused, match=r"the output is off$"):
            Host().driver(line).start(cycle())


@pytest.mark.parametrize("garbage", [b"+3.1E+00,+1.0E-04\r", b"\xff\xfe,,,\r", b"+3.1E+00,+1E-4,+0E+00,x\r"])
def test_garbage_is_no_reading(garbage: bytes) -> None:
    host = Host()
    with ScriptedLine(*golden("keithley2400", *SETS_UP, *CHARGES), said(b":READ?\r", garbage)) as line:
        driver = host.driver(line)
        driver.start(cycle())
        with pytest.raises(BadReply, match="four numbers are wanted"):
            host.poll_twice(driver, 0.5)
        assert driver.running()

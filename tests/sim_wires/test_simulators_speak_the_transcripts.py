"""Each simulated instrument answers the golden transcripts, which the drivers are held against as well."""

from collections.abc import Callable

import numpy as np
import pytest
from sim_wires.capacitor import Capacitor
from wire.transcript import Exchange, exchange, transcript

from operando.sim.cell.amplifier import HIGH, Amplifier
from operando.sim.cell.furnace import Furnace
from operando.sim.wires.dscusb import DSCUSB
from operando.sim.wires.emstat4 import EmStat4
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.instrument import Instrument
from operando.sim.wires.nv200 import NV200


def capacitor() -> Capacitor:
    """0.1 V in a second at 196 µA."""
    return Capacitor(voltage=3.5, farad=1.96e-3)


def load_cell(needs: str) -> Instrument:
    force = float(needs.split()[1]) if needs.startswith("force") else 11_000.0 if needs == "over range" else 6597.344
    digitiser = DSCUSB(lambda: force, np.random.default_rng(1))
    digitiser.broken_wire = needs == "broken wire"
    return digitiser


def piezo(needs: str) -> Instrument:
    drive = float(needs.split()[1]) if needs.startswith("drive") else HIGH if needs == "saturated high" else 62.154
    return NV200(Amplifier(drive), np.random.default_rng(1))


def heater(needs: str) -> Instrument:
    controller = Eurotherm3216(Furnace(25.0), np.random.default_rng(1), 2 if needs == "address 2" else 1)
    controller.loop.sensor_broken = needs == "sensor break"
    return controller


INSTRUMENTS: dict[str, Callable[[str], Instrument]] = {"dscusb": load_cell, "nv200": piezo, "eurotherm3216": heater}
CASES = [(name, each) for name in INSTRUMENTS for each in transcript(name)]


def said(instrument: Instrument, sent: bytes, now: float) -> bytes:
    return b"".join(reply.data for reply in instrument.receive(sent, now))


@pytest.mark.parametrize(("name", "each"), CASES, ids=lambda part: getattr(part, "title", part))
def test_an_exchange_goes_as_the_transcript_says(name: str, each: Exchange) -> None:
    reply = said(INSTRUMENTS[name](each.needs), each.sent, 1.0)
    assert each.matches(reply), reply


def test_the_slew_rate_is_read_back_as_written() -> None:
    instrument = piezo("")
    said(instrument, exchange("nv200", "write the slew rate").sent, 1.0)
    assert said(instrument, b"sr\r\n", 2.0).strip(b"\x13") == exchange("nv200", "read the slew rate").reply


@pytest.mark.parametrize(
    "each", [each for each in transcript("emstat4") if not each.needs], ids=lambda each: each.title
)
def test_a_command_to_the_potentiostat_goes_as_the_transcript_says(each: Exchange) -> None:
    reply = said(EmStat4(capacitor(), np.random.default_rng(1)), each.sent, 1.0)
    if each.title.startswith("start "):
        assert reply.startswith(each.reply)  # the stream begins at once
    else:
        assert each.matches(reply), reply


def started() -> tuple[EmStat4, Capacitor, bytes]:
    cell = capacitor()
    instrument = EmStat4(cell, np.random.default_rng(1))
    start = exchange("emstat4", "start the programme")
    return instrument, cell, said(instrument, start.sent, 1.0).removeprefix(start.reply)


def run(instrument: EmStat4, cell: Capacitor, begin: float, end: float) -> bytes:
    heard = b""
    for now in np.arange(begin, end, 0.01):
        cell.step(0.01)
        heard += b"".join(reply.data for reply in instrument.advance(float(now)))
    return heard


def test_the_programme_is_aborted_as_the_transcript_says() -> None:
    instrument, cell, _ = started()
    heard = run(instrument, cell, 1.0, 1.9) + said(instrument, b"Z\n", 1.9)
    each = exchange("emstat4", "abort the programme")
    assert each.sent == b"Z\n"
    assert each.matches(heard), heard
    assert cell.current == 0.0


def test_an_overload_ends_the_programme_as_the_transcript_says() -> None:
    instrument, cell, _ = started()
    instrument.critical_overload = True
    assert exchange("emstat4", "an error while the programme runs").matches(run(instrument, cell, 1.0, 3.0))

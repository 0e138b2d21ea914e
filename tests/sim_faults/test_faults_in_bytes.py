"""What each fault does to the bytes of an instrument, and that a clear undoes it."""

import struct
from pathlib import Path

import pytest
from sim_faults.bench import AREA, Bench

from operando.sim.faults.table import KINDS, LATE, LINES
from operando.sim.wires.modbus import checksum

LCINTEG, OLDVAL = 2048, 8192
OVER_TEMPERATURE = 1 << 10
SENSOR_BREAK = 1 << 5
QUESTION = {
    "load_cell": b"!001:STN?\r",
    "piezo": b"avmax\r\n",
    "heater": bytes.fromhex("0103 0083 0001 75E2"),
    "potentiostat": b"i\n",
}
ANSWER = {
    "load_cell": b"+00001.000\r",
    "piezo": b"\x13avmax,130.000\r\n\x11",
    "heater": bytes.fromhex("0103 0200 01 7984"),
    "potentiostat": b"iES4HR24A0017\n",
}
REFUSAL = {
    "load_cell": b"?\r",
    "piezo": b"\x13error,1\r\n\x11",
    "heater": b"\x01\x83\x06" + checksum(b"\x01\x83\x06"),
    "potentiostat": b"i!0003\n",
}
any_line = pytest.mark.parametrize("target", LINES)


def heater_status(bench: Bench) -> int:
    request = struct.pack(">BBHH", 1, 3, 75, 1)
    return int.from_bytes(bench.ask("heater", request + checksum(request))[3:5], "big")


def test_a_healthy_bench_answers(bench: Bench) -> None:
    for target in LINES:
        assert bench.ask(target, QUESTION[target]) == ANSWER[target]


def test_stuck_is_the_same_force_and_calls_itself_new(bench: Bench) -> None:
    bench.set("load_cell", "stuck")
    bench.live(0.05)
    stuck = bench.force()
    bench.rig.amplifier.setpoint = 70.0
    bench.live(0.5)
    assert bench.status() == 0
    assert bench.force() == stuck
    bench.clear()
    bench.live(0.05)
    assert bench.force() - stuck > 80.0


def test_frozen_shows_an_old_value(bench: Bench) -> None:
    bench.set("load_cell", "frozen")
    first = bench.force()
    bench.live(0.5)
    assert bench.force() == first
    assert bench.status() == OLDVAL
    bench.clear()
    bench.live(0.05)
    assert bench.status() == 0


def test_nan_is_text_as_wide_as_a_number(bench: Bench) -> None:
    width = len(bench.ask("load_cell", b"!001:SYS?\r"))
    bench.set("load_cell", "nan")
    reply = bench.ask("load_cell", b"!001:SYS?\r")
    assert reply.strip() == b"NAN"
    assert len(reply) == width
    assert bench.status() & ~OLDVAL == 0
    bench.clear()
    assert bench.force() > 6000.0


def test_a_spike_comes_once_a_second(bench: Bench) -> None:
    before = bench.force()
    bench.set("load_cell", "spike", value=-1000.0)
    read = []
    for _ in range(60):  # 20 Hz
        bench.live(0.05)
        read.append(bench.force() - before)
    spikes = [index for index, change in enumerate(read) if change < -0.9 * AREA]
    assert [index for index, change in enumerate(read) if abs(change) > 3.0] == spikes
    assert 3 <= len(spikes) <= 6
    bench.clear()
    bench.live(0.05)
    assert bench.force() == pytest.approx(before, abs=3.0)


def test_drift_grows_at_the_rate_that_was_asked_for(bench: Bench) -> None:
    before = bench.force()
    bench.set("load_cell", "drift", value=20.0)
    bench.live(10.0)
    assert bench.force() - before == pytest.approx(0.2 * AREA, abs=3.0)
    assert bench.rig.pressure == pytest.approx(84.0, abs=0.05)
    bench.clear()
    bench.live(0.05)
    assert bench.force() == pytest.approx(before, abs=3.0)


def test_a_broken_wire_is_in_the_status_alone(bench: Bench) -> None:
    bench.set("load_cell", "broken_wire")
    assert bench.status() & LCINTEG
    assert bench.force() > 6000.0
    bench.clear()
    assert not bench.status() & LCINTEG


def test_an_amplifier_that_is_too_hot_goes_on(bench: Bench) -> None:
    bench.set("piezo", "over_temperature")
    assert int(bench.amplifier("stat")) == 1 | OVER_TEMPERATURE
    bench.ask("piezo", b"set,62.000\r\n")
    bench.live(0.2)
    assert bench.amplifier("meas") == pytest.approx(62.0, abs=0.01)
    bench.clear()
    assert int(bench.amplifier("stat")) == 1


@pytest.mark.parametrize(("sinit", "drive"), [(0.0, -20.0), (40.0, 40.0)])
def test_a_power_cycle_drops_the_drive_and_forgets_the_slew_limit(bench: Bench, sinit: float, drive: float) -> None:
    bench.ask("piezo", f"sinit,{sinit}\r\n".encode())
    bench.ask("piezo", b"sr,0.066667\r\n")
    assert bench.set("piezo", "power_cycled") == "piezo power_cycled, in an instant"
    assert bench.faults.active == []
    bench.live(0.2)
    assert bench.amplifier("set") == drive
    assert bench.amplifier("meas") == pytest.approx(drive, abs=0.01)
    assert bench.amplifier("sr") == 2000.0
    assert bench.amplifier("sinit") == sinit


@pytest.mark.parametrize(("kind", "parameter"), [("closed_loop", "cl"), ("foreign_source", "modsrc")])
def test_another_master_takes_the_drive_and_gives_it_back(bench: Bench, kind: str, parameter: str) -> None:
    bench.set("piezo", kind)
    assert bench.amplifier(parameter) == 1
    assert bool(int(bench.amplifier("stat")) & 8) == (kind == "closed_loop")
    bench.ask("piezo", b"set,62.000\r\n")
    bench.live(0.2)
    assert bench.amplifier("set") == 62.0
    assert bench.amplifier("meas") == pytest.approx(60.0, abs=0.01)
    bench.clear()
    bench.live(0.2)
    assert bench.amplifier(parameter) == 0
    assert bench.amplifier("meas") == pytest.approx(62.0, abs=0.01)


def test_a_hand_on_the_knob_moves_the_drive(bench: Bench) -> None:
    bench.set("piezo", "moved", value=-7.5)
    bench.live(0.2)
    assert bench.amplifier("set") == 52.5
    assert bench.amplifier("meas") == pytest.approx(52.5, abs=0.01)


def test_a_stuck_output_is_seen_in_meas_alone(bench: Bench) -> None:
    bench.set("piezo", "stuck")
    bench.ask("piezo", b"set,62.000\r\n")
    bench.live(0.2)
    assert bench.amplifier("set") == 62.0
    assert bench.amplifier("meas") == pytest.approx(60.0, abs=0.01)
    bench.clear()
    bench.live(0.2)
    assert bench.amplifier("meas") == pytest.approx(62.0, abs=0.01)


def test_a_sensor_break_is_told_and_switches_off(bench: Bench) -> None:
    bench.live(0.5)
    assert bench.rig.furnace.power > 1.0
    bench.set("heater", "sensor_break")
    bench.live(0.5)
    assert heater_status(bench) & SENSOR_BREAK
    assert bench.rig.furnace.power == 0.0
    bench.clear()
    bench.live(0.5)
    assert not heater_status(bench) & SENSOR_BREAK
    assert bench.rig.furnace.power > 1.0


def test_a_heater_stuck_on_heats_in_standby_and_says_nothing(bench: Bench) -> None:
    request = bytes.fromhex("0110 00C7 0001 02 0001")
    bench.ask("heater", request + checksum(request))
    bench.set("heater", "stuck_on", value=80.0)
    bench.live(0.5)
    assert bench.heater.loop.output == 0.0
    assert bench.rig.furnace.power == 80.0
    assert heater_status(bench) == 0
    bench.clear()
    bench.live(0.5)
    assert bench.rig.furnace.power == 0.0


@any_line
def test_nak_refuses_whatever_is_asked(bench: Bench, target: str) -> None:
    bench.set(target, "nak")
    for _ in range(3):
        assert bench.ask(target, QUESTION[target]) == REFUSAL[target]
        bench.live(0.2)
    bench.clear()
    assert bench.ask(target, QUESTION[target]) == ANSWER[target]


def test_what_is_refused_is_not_done(bench: Bench) -> None:
    bench.set("piezo", "nak")
    bench.ask("piezo", b"set,90.000\r\n")
    assert bench.rig.amplifier.setpoint == 60.0


@any_line
def test_half_a_reply_is_the_first_half(bench: Bench, target: str) -> None:
    bench.set(target, "half")
    assert bench.ask(target, QUESTION[target]) == ANSWER[target][: len(ANSWER[target]) // 2]
    bench.clear()
    assert bench.ask(target, QUESTION[target]) == ANSWER[target]


@any_line
def test_garbage_is_inside_replies_and_comes_unasked(bench: Bench, target: str) -> None:
    bench.set(target, "garbage")
    reply = bench.ask(target, QUESTION[target])
    assert len(reply) > len(ANSWER[target])
    if target != "heater":  # whose own bytes may have the top bit
        assert bytes(byte for byte in reply if byte < 0x80) == ANSWER[target]
    assert bench.live(2.0)
    bench.clear()
    assert bench.live(0.5) == b""
    assert bench.ask(target, QUESTION[target]) == ANSWER[target]


@any_line
@pytest.mark.parametrize("value", [None, 0.5])
def test_a_slow_instrument_takes_longer(bench: Bench, target: str, value: float | None) -> None:
    bench.set(target, "slow", value=value)
    (reply,) = bench.replies(target, QUESTION[target])
    assert reply.data == ANSWER[target]
    assert reply.latency >= (value or LATE[target]) > 0.05
    bench.clear()
    (reply,) = bench.replies(target, QUESTION[target])
    assert reply.latency < 0.05


@any_line
def test_a_hung_instrument_hears_nothing_and_goes_on_afterwards(bench: Bench, target: str) -> None:
    bench.set(target, "hung")
    assert bench.ask(target, QUESTION[target]) == b""
    bench.live(1.0)
    bench.clear()
    bench.live(0.1)
    assert bench.ask(target, QUESTION[target]) == ANSWER[target]


def test_a_hung_heater_keeps_its_power(bench: Bench) -> None:
    bench.live(0.5)
    bench.set("heater", "hung")
    power = bench.rig.furnace.power
    bench.live(2.0)
    assert bench.rig.furnace.power == power


@any_line
def test_a_plug_is_pulled_and_put_back(bench: Bench, target: str) -> None:
    bench.set(target, "unplugged")
    assert bench.plugs == [f"{target} out"]
    bench.clear()
    bench.set(target, "reopened")
    assert bench.plugs == [f"{target} {way}" for way in ("out", "in", "out", "in")]


def test_every_fault_begins_and_ends_and_leaves_all_instruments_well(bench: Bench) -> None:
    for kind in KINDS:
        bench.set(kind.target, kind.name)
        bench.live(0.1)
        assert bench.faults.active == ([f"{kind.target} {kind.name}"] if kind.lasts else [])
        bench.clear()
    bench.live(0.2)
    for target in LINES:
        assert bench.ask(target, QUESTION[target]) == ANSWER[target]


def test_the_documented_table_is_the_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "faults.md").read_text()
    rows = [tuple(cell.strip() for cell in line.strip("|\n").split("|")) for line in page.splitlines() if "|" in line]
    documented = {(target.strip("`"), kind.strip("`")): (value, effect) for target, kind, value, effect in rows[2:]}
    assert documented == {
        (kind.target, kind.name): (
            f"{kind.amount.default:g} {kind.amount.unit}" if kind.amount else ("" if kind.lasts else "instant"),
            kind.effect,
        )
        for kind in KINDS
    }

"""What faults of the cell and of its potentiostat do to the bytes and to the cell, and that a clear undoes it."""

import pytest
from sim_faults.bench import Bench
from sim_wires.test_emstat4_bytes import CYCLE, packets, value

SLOW_CYCLE = CYCLE.encode()


def test_an_overload_is_in_every_sample(bench: Bench) -> None:
    bench.ask("potentiostat", CYCLE.encode())
    bench.set("potentiostat", "overload")
    samples = [line for line in bench.live(1.5).decode().splitlines() if line.startswith("P")]
    assert samples
    assert all(",12," in line for line in samples)
    bench.clear()
    samples = [line for line in bench.live(1.5).decode().splitlines() if line.startswith("P")]
    assert samples
    assert not any(",12," in line for line in samples)


def test_a_runtime_error_ends_the_script_with_the_current_on(bench: Bench) -> None:
    bench.ask("potentiostat", CYCLE.encode())
    bench.live(0.5)
    bench.set("potentiostat", "runtime_error")
    assert b"!0032: Line " in bench.live(1.5)
    assert bench.rig.electrochemistry.current != 0.0


def test_a_hung_potentiostat_keeps_its_current_and_no_limits(bench: Bench) -> None:
    bench.ask("potentiostat", CYCLE.encode())
    bench.live(0.5)
    current = bench.rig.electrochemistry.current
    assert current != 0.0
    bench.set("potentiostat", "hung")
    assert bench.live(3.0) == b""
    assert bench.rig.electrochemistry.current == current
    bench.clear()
    assert bench.live(1.5).count(b"P") <= 3  # for the instrument there was no pause


def test_a_short_pulls_the_voltage_down_and_is_gone_when_cleared(bench: Bench) -> None:
    bench.rig.electrochemistry.extracted = 100.0 * bench.rig.electrochemistry.mass
    bench.ask("potentiostat", SLOW_CYCLE)
    bench.live(0.6)
    bench.set("cell", "short")
    assert bench.rig.electrochemistry.voltage < 0.5
    (sample,) = packets(bench.live(0.5).decode())
    assert value(sample, "ab") < 0.5
    assert value(sample, "ba") == pytest.approx(100e-6, rel=1e-3)
    bench.clear()
    bench.live(0.3)
    assert bench.rig.electrochemistry.voltage > 2.5


def test_a_lead_that_is_off_carries_no_current_and_runs_to_compliance(bench: Bench) -> None:
    bench.ask("potentiostat", SLOW_CYCLE)
    bench.live(0.6)
    passed = bench.rig.electrochemistry.passed
    bench.set("cell", "lead_off")
    sample = packets(bench.live(1.0).decode())[0]
    assert value(sample, "ab") == pytest.approx(6.0, abs=0.02)
    assert bench.rig.electrochemistry.passed == passed
    assert ",12,205" in sample
    bench.clear()
    bench.live(0.6)
    assert bench.rig.electrochemistry.current == pytest.approx(100e-6)


def test_limits_are_ignored_while_they_are(bench: Bench) -> None:
    script = SLOW_CYCLE.replace(b"3680m", b"2100m")
    bench.set("potentiostat", "limits_ignored")
    bench.ask("potentiostat", script)
    heard = bench.live(2.2)
    assert heard.count(b"P") == 4
    assert heard.count(b"*") == 0
    bench.clear()
    assert b"*" in bench.live(0.5)


def test_a_silent_potentiostat_goes_on_and_obeys(bench: Bench) -> None:
    bench.ask("potentiostat", SLOW_CYCLE)
    bench.set("potentiostat", "silent")
    assert bench.live(2.0) == b""
    assert bench.rig.electrochemistry.current != 0.0
    assert bench.ask("potentiostat", b"Z\n") == b""
    assert bench.rig.electrochemistry.current == 0.0
    bench.clear()
    assert bench.ask("potentiostat", b"Z\n") == b"Z!0006\n"


def test_a_fast_clock_measures_too_early(bench: Bench) -> None:
    bench.set("potentiostat", "clock", value=10_000.0)
    bench.ask("potentiostat", SLOW_CYCLE)
    bench.live(9.8)
    elapsed = value(packets(bench.live(0.11).decode())[-1], "eb")
    assert elapsed == pytest.approx(10.0, abs=1e-3)  # after 9.9 s


def test_power_is_cycled_and_the_cell_is_open(bench: Bench) -> None:
    bench.ask("potentiostat", SLOW_CYCLE)
    bench.live(1.0)
    bench.set("potentiostat", "power_cycled")
    assert bench.rig.electrochemistry.current == 0.0
    assert bench.live(2.0) == b""
    assert bench.ask("potentiostat", b"Z\n") == b"Z!0006\n"


def test_another_counter_electrode_shifts_the_voltage(bench: Bench) -> None:
    before = bench.rig.electrochemistry.voltage
    bench.set("cell", "counter_electrode")
    assert bench.rig.electrochemistry.voltage - before == pytest.approx(0.5)
    bench.clear()
    assert bench.rig.electrochemistry.voltage == pytest.approx(before)

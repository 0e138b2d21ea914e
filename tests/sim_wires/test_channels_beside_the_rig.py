"""Cells beside the rig: each with its own line, instrument and faults; and the truth about all of them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial
from sim_wires.test_emstat4_bytes import packets, value
from simulated_setup import simulated_setup
from waiting import wait_until

from operando.sim.faults.client import cell_truth, clear_faults, set_fault
from operando.sim.faults.refused import FaultRefused
from operando.sim.setup import ChannelSetup
from operando.sim.wires.loop import Wires

CHANNEL = ChannelSetup(
    name="B", electrode_diameter=10.0, nominal_capacity=0.7854, counter_electrode_potential=0.62, material="LCO"
)
CHARGE = """e
var p
var c
var t
set_pgstat_mode 6
set_range db 1m
set_i 0
cell_on
timer_start
meas_loop_cp p c {current} 20m 60
timer_get t
pck_start
pck_add t
pck_add p
pck_add c
pck_end
if p >= 3680m
breakloop
endif
endloop
on_finished:
cell_off

"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    stop = threading.Event()
    with Wires(simulated_setup(tmp_path, channels=(CHANNEL,))) as wires:
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            yield tmp_path
        finally:
            stop.set()
            thread.join()


def opened(root: Path, name: str) -> serial.Serial:
    return serial.Serial(str(root / "sim" / name), 921600, timeout=10.0, exclusive=True)


def heard(line: serial.Serial, count: int) -> list[str]:
    """Return so many packets."""
    said = b""
    while said.count(b"P") < count or not said.endswith(b"\n"):
        said += line.read_until(b"\n")
    return packets(said.decode())


def test_two_cells_are_charged_at_once_and_each_is_counted_by_its_own_instrument(root: Path) -> None:
    with opened(root, "potentiostat") as first, opened(root, "potentiostat_b") as second:
        first.write(CHARGE.format(current="100u").encode())
        second.write(CHARGE.format(current="50u").encode())
        samples = {"": heard(first, 40), "b": heard(second, 40)}
        for line in (first, second):
            line.write(b"Z\n")
            line.read_until(b"\n\n")
        wait_until(lambda: not cell_truth(root, "b")["connected"])
    for channel, current in (("", 100e-6), ("b", 50e-6)):
        counted = sum(value(each, "ba") for each in samples[channel]) * 0.02 / 3600.0
        assert counted == pytest.approx(40 * 0.02 * current / 3600.0, rel=1e-3)
        truth = cell_truth(root, channel)
        assert truth["passed"] >= 0.999 * counted
        assert truth["current"] == 0.0


def test_a_fault_meets_the_channel_it_is_meant_for(root: Path) -> None:
    set_fault(root, "potentiostat_b", "nak")
    set_fault(root, "cell_b", "counter_electrode", value=-0.5)
    with opened(root, "potentiostat") as first, opened(root, "potentiostat_b") as second:
        for line in (first, second):
            line.write(b"i\n")
        assert first.read_until(b"\n").startswith(b"iES4")
        assert second.read_until(b"\n") == b"i!0003\n"
    shifted = cell_truth(root, "b")["voltage"]
    clear_faults(root, "cell_b")
    assert shifted - cell_truth(root, "b")["voltage"] == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(
        FaultRefused, match="there are load_cell, piezo, heater, potentiostat, cell, detector, potentiostat_b"
    ):
        set_fault(root, "potentiostat_c", "nak")


def test_the_extremes_are_told_once(root: Path) -> None:
    rest = cell_truth(root)["voltage"]
    set_fault(root, "cell", "counter_electrode", value=-0.5)
    wait_until(lambda: cell_truth(root)["highest_voltage"] > rest + 0.4)
    clear_faults(root)
    cell_truth(root)
    assert cell_truth(root)["highest_voltage"] < rest + 0.1


def test_a_source_meter_takes_the_place_of_the_potentiostat(tmp_path: Path) -> None:
    stop = threading.Event()
    with Wires(simulated_setup(tmp_path, potentiostat="keithley2400")) as wires:
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            with serial.Serial(str(tmp_path / "sim" / "potentiostat"), 9600, timeout=10.0) as line:
                line.write(b":SENS:FUNC 'VOLT','CURR';:FORM:ELEM VOLT,CURR;:SENS:CURR:PROT 1e-4\r")
                line.write(b":SOUR:FUNC VOLT;:SOUR:VOLT 3.68;:OUTP ON\r:READ?\r")
                volts, ampere = map(float, line.read_until(b"\r").split(b","))
            with pytest.raises(FaultRefused, match="has no such fault"):
                set_fault(tmp_path, "potentiostat", "limits_ignored")
            set_fault(tmp_path, "potentiostat", "power_cycled")
            truth = cell_truth(tmp_path)
        finally:
            stop.set()
            thread.join()
    assert ampere == pytest.approx(100e-6, rel=1e-3)
    assert truth["lowest_voltage"] <= volts <= truth["highest_voltage"] + 1e-3
    assert truth["largest_current"] == pytest.approx(100e-6)
    assert not truth["connected"]

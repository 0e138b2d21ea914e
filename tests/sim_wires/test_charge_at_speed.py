"""Constant current and constant voltage 250 times faster than life, over a real line: no charge is lost to the host."""

import threading
from pathlib import Path

import pytest
import serial
from sim_wires.virtual_time import packets
from simulated_setup import simulated_setup

from operando.sim.faults.client import cell_truth
from operando.sim.wires.loop import Wires

SPEED = 250.0
INTERVAL = 0.02
SCRIPT = """e
var p
var c
var n
store_var n 1i ja
set_pgstat_mode 6
set_range db 100m
set_i 0
cell_on
meas_loop_cp p c 49m 20m 60
pck_start
pck_add p
pck_add c
pck_add n
pck_end
if p >= 3680m
breakloop
endif
endloop
store_var n 2i ja
set_pgstat_mode 3
set_range ba 100m
set_autoranging ba 1m 100m
set_e 3680m
cell_on
meas_loop_ca p c 3680m 20m 60
pck_start
pck_add p
pck_add c
pck_add n
pck_end
if c <= 30m
breakloop
endif
endloop
on_finished:
cell_off

"""


def test_what_the_instrument_counts_is_what_passed(tmp_path: Path) -> None:
    stop = threading.Event()
    with Wires(simulated_setup(tmp_path, speed=SPEED, active_mass=3.927e-3)) as wires:
        cell = wires.rig.electrochemistry
        cell.extracted = 188.0 * cell.mass
        thread = threading.Thread(target=wires.run, args=(stop,), name="wires")
        thread.start()
        try:
            with serial.Serial(str(tmp_path / "sim" / "potentiostat"), 921600, timeout=30.0) as line:
                line.write(SCRIPT.encode())
                heard = line.read_until(b"\n\n")
            truth = cell_truth(tmp_path)
        finally:
            stop.set()
            thread.join()
    samples = packets(heard.decode())
    assert {each["ja"] for each in samples} == {1.0, 2.0}
    assert samples[-1]["ba"] <= 30e-3 < samples[-2]["ba"]
    counted = sum(each["ba"] for each in samples) * INTERVAL / 3600.0
    assert counted == pytest.approx(truth["passed"], rel=1e-3)
    assert truth["highest_voltage"] <= 3.682
    assert not truth["connected"]

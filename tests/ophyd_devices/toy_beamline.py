"""Serves the simulated beamline's EPICS records with a cell that never changes."""

import multiprocessing
import sys
import threading
from pathlib import Path

from operando.sim.cell.state import TrueState
from operando.sim.iocs.service import run
from operando.sim.setup import Setup


def setup(ca_port: int, root: Path) -> Setup:
    return Setup(
        root=root,
        prefix="SIM:",
        ca_port=ca_port,
        speed=1.0,
        seed=1,
        electrode_diameter=10.0,
        nominal_capacity=0.7854,
        counter_electrode_potential=0.62,
        charge=(0.0, 200.0),
        a=(2.87, 2.82),
        c=(14.2, 14.3),
        initial_pressure=84.0,
        initial_temperature=25.0,
        detector_prefix="SIM:DET:",
        stage_x="SIM:STAGE:X",
        stage_y="SIM:STAGE:Y",
        stage_z="SIM:STAGE:Z",
        ring_current="SIM:RING:CURRENT",
        shutter="SIM:SHUTTER:",
        shape=(40, 60),
        pixel=172e-6,
        distance=0.2,
        poni1=0.0,
        poni2=0.0,
        rot1=0.0,
        rot2=0.0,
        rot3=0.0,
        wavelength=0.2e-10,
    )


def state(time_ns: int) -> TrueState:
    return TrueState(time_ns, 85.0, 25.0, 0.0, 0.0, 2.87, 14.2, 3.0, 0.0, 40.0)


if __name__ == "__main__":
    ours, theirs = multiprocessing.Pipe()
    for moment in (0, 2**62):  # of which the second proves that every exposure is over
        ours.send(state(moment))

    def report() -> None:
        if ours.recv() == "ready":
            sys.stdout.write("ready\n")
            sys.stdout.flush()
        sys.stdin.read()
        ours.close()

    threading.Thread(target=report, daemon=True).start()
    run(setup(int(sys.argv[1]), Path(sys.argv[2])), theirs)

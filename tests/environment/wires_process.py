"""The four simulated instruments in a process of their own; what is true of the cell goes to ``ROOT/true.jsonl``."""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

from operando.sim.beamline import PRIORITY
from operando.sim.cell.imperfections import PERFECT
from operando.sim.cell.state import TrueState
from operando.sim.setup import Setup
from operando.sim.wires.loop import run_wires


def setup(root: Path, speed: float, capacity: float) -> Setup:
    """Return the cell of the shipped configuration, the unused left empty; its load cell tells the truth."""
    return Setup(
        root=root,
        prefix="SIM:",
        ca_port=0,
        speed=speed,
        seed=1,
        electrode_diameter=10.0,
        nominal_capacity=capacity,
        counter_electrode_potential=0.62,
        charge=(0.0, 100.0, 200.0),
        a=(2.87, 2.84, 2.82),
        c=(14.19, 14.34, 14.44),
        initial_pressure=84.0,
        initial_temperature=25.0,
        detector_prefix="",
        stage_x="",
        stage_y="",
        stage_z="",
        ring_current="",
        shutter="",
        shape=(1, 1),
        pixel=1.0,
        distance=1.0,
        poni1=0.0,
        poni2=0.0,
        rot1=0.0,
        rot2=0.0,
        rot3=0.0,
        wavelength=1.0,
        imperfections=PERFECT,
    )


def main(root: Path, speed: float, capacity: float) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(OSError):  # as the simulated beamline does: no instrument is late because its host is busy
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    with (root / "true.jsonl").open("w", buffering=1) as truth:

        def publish(state: TrueState) -> None:
            extracted = state.charge * capacity / 200.0 * 1e-3  # A h
            facts = [state.time_ns, state.stack_pressure, state.drive, state.temperature, extracted]
            truth.write(json.dumps(facts) + "\n")

        run_wires(setup(root, speed, capacity), stop, publish)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))

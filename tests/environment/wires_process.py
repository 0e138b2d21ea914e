"""The four simulated instruments in a process of their own; what is true of the cell goes to ``ROOT/true.jsonl``."""

import contextlib
import json
import os
import signal
import sys
import threading
from pathlib import Path

from simulated_setup import simulated_setup

from operando.sim.beamline import PRIORITY
from operando.sim.cell.imperfections import PERFECT
from operando.sim.cell.state import TrueState
from operando.sim.wires.loop import run_wires


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

        # its load cell tells the truth
        setup = simulated_setup(root, speed=speed, nominal_capacity=capacity, imperfections=PERFECT)
        run_wires(setup, stop, publish)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))

"""Serves the simulated beamline's EPICS records with a cell that never changes."""

import multiprocessing
import sys
import threading
from pathlib import Path

from simulated_setup import simulated_setup

from operando.sim.cell.state import TrueState
from operando.sim.iocs.service import run


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
    run(simulated_setup(Path(sys.argv[2]), ca_port=int(sys.argv[1]), distance=0.2), theirs)

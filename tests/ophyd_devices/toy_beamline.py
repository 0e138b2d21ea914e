"""Serves the simulated beamline's EPICS records with a cell that never changes."""

import multiprocessing
import sys
import threading
from pathlib import Path
from typing import Any

from simulated_setup import simulated_setup

from operando.sim.cell.state import TrueState
from operando.sim.iocs.service import run


def state(time_ns: int) -> TrueState:
    return TrueState(time_ns, 85.0, 25.0, 0.0, 0.0, 2.87, 14.2, 3.0, 0.0, 40.0)


def of_a_family(name: str) -> dict[str, Any]:
    """A beamline with a detector of a family, whose records begin with its name."""
    motors = {f"stage_{axis}": f"{name}:STAGE:{axis.upper()}" for axis in "xyz"}
    others = {"prefix": f"{name}:", "shutter": f"{name}:SHUTTER:", "ring_current": f"{name}:RING:CURRENT"}
    return {"detector_family": name, "detector_prefix": f"{name}:DET:", **motors, **others}


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
    port, root, *family = sys.argv[1:]
    changes = {} if not family else of_a_family(family[0])
    run(simulated_setup(Path(root), ca_port=int(port), distance=0.2, **changes), theirs)

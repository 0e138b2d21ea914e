"""The simulated instruments in a process of their own; what is true of the cell goes to ``ROOT/true.jsonl``."""

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
from operando.sim.setup import ChannelSetup
from operando.sim.wires.loop import run_wires


def main(root: Path, speed: float, capacity: float, *channels: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with contextlib.suppress(OSError):  # as the simulated beamline does: no instrument is late because its host is busy
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    with (root / "true.jsonl").open("w", buffering=1) as truth:

        def publish(state: TrueState) -> None:
            facts = [state.time_ns, state.stack_pressure, state.drive, state.temperature, state.passed]
            facts += [state.voltage, state.current]
            truth.write(json.dumps(facts) + "\n")

        # its load cell tells the truth
        setup = simulated_setup(
            root,
            speed=speed,
            nominal_capacity=capacity,
            imperfections=PERFECT,
            channels=tuple(
                ChannelSetup(
                    name=name.partition("=")[0],
                    electrode_diameter=10.0,
                    nominal_capacity=capacity,
                    counter_electrode_potential=0.62,
                    material="LCO",
                    potentiostat=name.partition("=")[2] or "emstat4",
                )
                for name in channels
            ),
        )
        run_wires(setup, stop, publish)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:])

"""A RunEngine beside a running service: loads a programme, waits, lets the cell rest, measures in a gap of the beam."""

import json
import math
import sys
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky import RunEngine
from bluesky.plans import count
from bluesky.utils import MsgGenerator
from ophyd import Signal

from operando.devices import Potentiostat
from operando.plans import (
    at_rest,
    impedance_in_beam_gaps,
    load_programme,
    wait_for_charge,
    wait_for_event,
    wait_for_step,
    wait_for_voltage,
)

PROGRAMME = """
name = "with a map"
step_time_limit_s = 3600.0
sample_interval_s = 0.1

[safety]
upper_voltage = { value_V = 4.4, scale = "Li/Li+" }
lower_voltage = { value_V = 2.6, scale = "Li/Li+" }
delay_s = 2.0

[[steps]]
kind = "constant_current"
name = "charge"
current_A = 0.05
until_voltage_above = { value_V = 4.2, scale = "Li/Li+" }

[[steps]]
kind = "rest"
name = "beam"
until_measurement = true

[[steps]]
kind = "eis"
name = "spectrum"
amplitude_mV = 7.0
high_frequency_Hz = 1e5
low_frequency_Hz = 100.0
points_per_decade = 5
current_limit_A = 0.05

[[steps]]
kind = "rest"
name = "end"
until_time_s = 1.0
"""


def main() -> None:
    cell = Potentiostat("SIM:", name="potentiostat")
    cell.wait_for_connection(timeout=30)
    engine = RunEngine({})
    told: dict[str, Any] = {"ages": []}
    engine.subscribe(lambda _, event: told["ages"].append(event["data"]["rest_age"]), "event")

    engine(load_programme(cell, PROGRAMME))
    engine(bpp.run_wrapper(bps.kickoff(cell, wait=True)))
    engine(wait_for_step(cell, "charge"))
    engine(wait_for_voltage(cell, above=3.7, scale="Li/Li+"))
    before = float(cell.charge.get())
    engine(at_rest(count([cell.voltage], num=3, delay=0.8), cell))
    told["state"] = cell.state.get()
    told["charged at rest"] = float(cell.charge.get()) - before
    engine(wait_for_charge(cell, 2e-5))
    told["potential"] = float(cell.potential.get())
    engine(wait_for_step(cell, "beam"))

    beam = Signal(name="beam", value=100.0)

    def frames() -> MsgGenerator[None]:
        for value in (100.0, 100.0, 0.0, 100.0):
            beam.put(value)
            told.setdefault("steps", []).append(cell.step_name.get())
            yield from bps.checkpoint()
        told["steps"].append(cell.step_name.get())

    engine(impedance_in_beam_gaps(frames(), cell, beam, below=1.0))
    engine(wait_for_event(cell, "PROGRAMME_ENDED"))
    spectrum = json.loads(cell.impedance.get())
    told["points"] = len(spectrum["frequency"])
    told["finite"] = all(map(math.isfinite, spectrum["real"]))
    told["ended"] = cell.state.get()
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

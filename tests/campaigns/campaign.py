"""One running service on simulated wires, shared by the cases of a campaign: modes, faults, what was true meanwhile."""

import json
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import numpy as np
from environment.running_service import CURRENT, RunningService

from operando.sim.faults.client import clear_faults

TARGET = 85.0  # MPa
BY_HAND = 62.0  # V, where the cell is at about 84 MPa
SLEW = 100.0  # V/s, configured
SOON = (
    ('name = "load_cell_lost"', "for_s = 10.0", "for_s = 0.8"),
    ('name = "amplifier_silent"', "for_s = 10.0", "for_s = 0.8"),
    ('name = "heater_silent"', "for_s = 10.0", "for_s = 1.0"),
    ("[pressure]", "settle_time_s = 2.0", "settle_time_s = 0.5"),
    ("[pressure]", "ramp_rate_MPa_per_min = 30.0", "ramp_rate_MPa_per_min = 600.0"),
)
"""Waits of the shipped configuration that a campaign has no time for."""
GENTLE = (
    0.005  # A: a charge takes four minutes, so that 36 cases of some seconds each, all of them charging, do not fill it
)


class Moment(NamedTuple):
    """What was true at an instant."""

    time_ns: int
    pressure: float
    """MPa."""
    drive: float
    """V at the actuator."""
    temperature: float
    """°C."""


class Campaign(RunningService):
    """A running service with shortened waits, brought from mode to mode."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        text = self.configuration.read_text()
        for place, was, becomes in SOON:
            head, found, tail = text.partition(place)
            assert found
            text = head + found + tail.replace(was, becomes, 1)
        text = text.replace(f"current_A = {CURRENT}", f"current_A = {GENTLE}")
        text = text.replace(f"current_A = {-CURRENT}", f"current_A = {-GENTLE}")
        self.configuration.write_text(text)

    def prepare(self, mode: str) -> None:
        """Bring pressure and drive to the beginning of a case, in a mode, with every instrument heard again."""
        self.until(lambda: "silent" not in self.text("INTERLOCK:ALARMS"))
        self.demand("PRESSURE", "mode", text="closed_loop")
        name = self.demand("PRESSURE", "target", TARGET)
        self.until(lambda: self.text("PRESSURE:SETTLED_ID") == name)
        if mode == "released":
            self.put("SAFE", 1)
            self.until(lambda: self.text("PRESSURE:STATE") == "safe")
        elif mode != "closed_loop":
            self.demand("PRESSURE", "mode", text=mode)
            self.until(lambda: self.text("PRESSURE:MODE") == mode)
        if mode == "manual":
            name = self.demand("PRESSURE", "drive", BY_HAND)
            self.until(lambda: self.text("PRESSURE:SETTLED_ID") == name)

    def demand(self, subsystem: str, field: str, value: float = 0.0, text: str = "") -> str:
        """Ask for what must not be refused; return the id."""
        name, accepted, words = self.ask(subsystem, field, value, text)
        assert accepted, words
        return name

    def recover(self) -> None:
        """Reset whatever is latched, on a rig that is well again."""
        clear_faults(self.root)
        self.until(lambda: self.ask("INTERLOCK", "reset")[1], 30.0)
        self.until(lambda: self.ask("PRESSURE", "reset")[1], 30.0)
        self.until(lambda: self.text("INTERLOCK:FIRST_OUT") == "", 30.0)
        self.demand("CELL", "stop")
        for subsystem in ("TEMPERATURE", "CELL"):
            self.demand(subsystem, "reset")
        self.until(lambda: self.text("PRESSURE:STATE") not in ("fault", "safe"), 30.0)

    def wait(self, seconds: float) -> None:
        """Let time pass: a fault may have no sign to wait for."""
        end = time.monotonic() + seconds
        self.until(lambda: time.monotonic() > end)

    def moments(self, since_ns: int) -> list[Moment]:
        """What was true since an instant."""
        with (self.root / "true.jsonl").open() as file:
            lines = file.read().split("\n")[:-1]
        found = []
        for line in reversed(lines):
            time_ns, pressure, drive, temperature, *_ = json.loads(line)
            if time_ns < since_ns:
                break
            found.append(Moment(time_ns, pressure, drive, temperature))
        return found[::-1]

    def samples_since(self, since_ns: int) -> int:
        """How many samples of the cell the environment log holds since an instant."""
        with closing(self.history()) as history:
            return len(history.samples("voltage", since_ns, time.time_ns()).value)

    def log_since(self, place: int) -> str:
        """What the service has said from a place in its log on."""
        with (self.root / "service.log").open() as log:
            log.seek(place)
            return log.read()

    def log_place(self) -> int:
        return (self.root / "service.log").stat().st_size


def slews(moments: list[Moment]) -> np.ndarray:
    """Return how fast the true drive moved, V/s, over windows long enough that one late sample does not matter."""
    time_s = np.array([moment.time_ns for moment in moments]) * 1e-9
    drive = np.array([moment.drive for moment in moments])
    later = np.searchsorted(time_s, time_s + 0.1)
    whole = later < len(time_s)
    return np.abs(drive[later[whole]] - drive[whole]) / (time_s[later[whole]] - time_s[whole])

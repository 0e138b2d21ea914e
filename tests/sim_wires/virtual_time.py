"""A simulated potentiostat on a cell in virtual time: from event to event, as fast as the interpreter goes."""

import re

import numpy as np
from sim_wires.capacitor import Capacitor

from operando.sim.wires.emstat4 import EmStat4
from operando.sim.wires.methodscript_packet import PREFIXES

LONGEST_STEP = 0.1
"""s of a cell between two events."""


class VirtualTime:
    """An EmStat4 and a cell; `run` lets a script run, `heard` is all that it said."""

    def __init__(self, cell: Capacitor, clock_error: float = 0.0) -> None:
        self.cell = cell
        self.instrument = EmStat4(cell, np.random.default_rng(8), clock_error=clock_error)
        self.now = 100.0

    def start(self, script: str) -> str:
        return self.say(f"e\n{script.strip()}\n\n")

    def say(self, text: str) -> str:
        return b"".join(reply.data for reply in self.instrument.receive(text.encode(), self.now)).decode()

    def run(self, seconds: float = 1e6) -> str:
        """Return what is said until the script has ended, or so much time has passed."""
        heard, end = b"", self.now + seconds
        while self.now < end and self.instrument.due < float("inf"):
            until = min(end, self.now + LONGEST_STEP, max(self.now, self.instrument.due))
            self.cell.step(until - self.now)
            self.now = until
            heard += b"".join(reply.data for reply in self.instrument.advance(self.now))
        return heard.decode()


def packets(text: str) -> list[dict[str, float]]:
    """Return the values of every packet by their kinds."""
    lines = [line[1:].split(";") for line in text.splitlines() if line.startswith("P")]
    return [{part[:2]: _value(part[2:10]) for part in parts} for parts in lines]


def _value(text: str) -> float:
    if re.fullmatch(" *nan", text):
        return float("nan")
    return float((int(text[:7], 16) - 2**27) * 10.0 ** ({"i": 0} | PREFIXES)[text[7]])

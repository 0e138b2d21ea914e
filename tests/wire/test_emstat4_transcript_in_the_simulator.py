"""What the transcript says of a running EmStat4, the simulated one says too; no driver takes part."""

import numpy as np
import pytest
from sim_wires.capacitor import Capacitor
from wire.transcript import exchange

from operando.sim.wires.emstat4 import EmStat4

RUNS = {
    "start the programme": "the programme from start to end",
    "start every kind of step": "every kind of step from start to end",
}


class Simulated:
    """An instrument on a capacitor of 0.1 V in a second at 196 µA."""

    def __init__(self, volts: float) -> None:
        self.cell = Capacitor(volts, 1.96e-3, 100.0)
        self.instrument = EmStat4(self.cell, np.random.default_rng(1))
        self.now = 1.0

    def hears(self, data: bytes) -> bytes:
        return b"".join(reply.data for reply in self.instrument.receive(data, self.now))

    def says(self, seconds: float) -> bytes:
        until, heard = self.now + seconds, b""
        while self.now < until:
            instant = min(until, self.now + 0.01, max(self.now, self.instrument.due))
            self.cell.step(instant - self.now)
            self.now = instant
            heard += b"".join(reply.data for reply in self.instrument.advance(self.now))
        return heard


@pytest.mark.parametrize(("start", "volts"), [("start the programme", 3.5), ("start every kind of step", 3.45)])
def test_a_programme_runs_from_start_to_end(start: str, volts: float) -> None:
    simulated = Simulated(volts)
    heard = simulated.hears(exchange("emstat4", start).sent).removeprefix(exchange("emstat4", start).reply)
    heard += simulated.says(40.0)
    assert exchange("emstat4", RUNS[start]).matches(heard), heard.decode()
    assert simulated.cell.state == "open"


def test_a_step_is_ended_by_the_host() -> None:
    simulated = Simulated(3.0)
    simulated.hears(exchange("emstat4", "start every kind of step").sent)
    simulated.says(0.65)
    heard = simulated.hears(b"Y\n") + simulated.says(0.05)
    assert exchange("emstat4", "end the step").sent == b"Y\n"
    assert exchange("emstat4", "end the step").matches(heard), heard


def test_a_cell_that_is_off_shows_its_open_circuit_potential() -> None:
    simulated = Simulated(3.1)
    each = exchange("emstat4", "the cell is open")
    heard = simulated.hears(each.sent) + simulated.says(0.2)
    assert each.matches(heard), heard


def test_a_cell_that_is_on_shows_none() -> None:
    simulated = Simulated(3.1)
    simulated.hears(b"e\nset_pgstat_mode 6\nset_i 0\ncell_on\n\n")
    each = exchange("emstat4", "the cell is not open")
    heard = simulated.hears(each.sent).replace(b"M000B\n", b"") + simulated.says(0.2)
    assert simulated.instrument.pgstat.connected
    assert each.matches(heard), heard

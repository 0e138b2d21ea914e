"""The simulated source meter answers the golden transcript from its beginning to its end."""

import numpy as np
from sim_wires.capacitor import Capacitor
from wire.transcript import transcript

from operando.sim.wires.keithley2400 import Keithley2400


def test_a_session_goes_as_the_transcript_says() -> None:
    cell = Capacitor(voltage=3.1, farad=1e-3, ohm=500.0)
    instrument, now = Keithley2400(cell, np.random.default_rng(1)), 1.0
    for each in transcript("keithley2400"):
        for _ in range(1000 if each.needs == "the limit" else 10):
            cell.step(0.01)
            now += 0.01
            instrument.advance(now)
        reply = b"".join(reply.data for reply in instrument.receive(each.sent, now))
        assert each.matches(reply), (each.title, reply)
    assert cell.state == "open"

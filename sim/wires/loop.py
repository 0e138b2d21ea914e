"""One thread for everything that must answer in time: four lines and the physics behind them."""

import selectors
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Self

import numpy as np

from operando.sim.cell.rig import Rig
from operando.sim.cell.state import TrueState
from operando.sim.setup import Setup
from operando.sim.wires.dscusb import DSCUSB
from operando.sim.wires.emstat4 import EmStat4
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.instrument import Instrument
from operando.sim.wires.nv200 import NV200
from operando.sim.wires.port import Port

TICK = 0.005
"""s between two steps of the physics."""

PUBLISH_PERIOD = 0.02
"""s between two snapshots of the true state."""

LONGEST_CATCH_UP = 1.0
"""s of physics made up for after this process was held; a longer pause did not happen to the cell either."""

Publish = Callable[[TrueState], None]


def instruments(rig: Rig, seed: int) -> tuple[Instrument, ...]:
    """Return the four instruments on a rig, each with its own random numbers."""
    load_cell, piezo, heater, potentiostat = (np.random.default_rng((seed, index)) for index in range(1, 5))
    return (
        DSCUSB(lambda: rig.force, load_cell),
        NV200(rig.amplifier, piezo),
        Eurotherm3216(rig.furnace, heater),
        EmStat4(rig.electrochemistry, potentiostat),
    )


class Wires:
    """The rig, its instruments and their lines; a context manager that leaves no link behind.

    Parameters
    ----------
    setup : Setup
        ``root/sim`` receives the links.
    """

    def __init__(self, setup: Setup) -> None:
        self.rig = Rig(setup)
        self._setup = setup
        self._ports: list[Port] = []
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        selector = self._resources.enter_context(selectors.DefaultSelector())
        self._selector = selector
        with ExitStack() as opening:
            opening.push(self._resources)
            for instrument in instruments(self.rig, self._setup.seed):
                port = Port(instrument, self._setup.root / "sim")
                self._resources.callback(port.close)
                self._ports.append(port)
                selector.register(port, selectors.EVENT_READ, port)
            opening.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def run(self, stop: threading.Event, publish: Publish | None = None) -> None:
        """Answer and let time pass until ``stop`` is set.

        Parameters
        ----------
        stop : threading.Event
            Looked at every tick.
        publish : callable, optional
            Given the true state every 20 ms; must not block. What it raises ends the run.
        """
        stepped = time.monotonic()
        next_tick = next_publish = stepped
        while not stop.is_set():
            now = time.monotonic()
            if now >= next_tick:
                self.rig.step(min(now - stepped, LONGEST_CATCH_UP))
                stepped, next_tick = now, now + TICK
                for port in self._ports:
                    port.advance(now)
            if publish is not None and now >= next_publish:
                next_publish = now + PUBLISH_PERIOD
                publish(self.rig.snapshot(time.time_ns()))
            self._serve(min(next_tick, *(port.next_due for port in self._ports)))

    def _serve(self, until: float) -> None:
        """Answer clients until the instant ``until`` (s)."""
        ready = self._selector.select(max(0.0, until - time.monotonic()))
        now = time.monotonic()
        for key, _ in ready:
            key.data.receive(now)
        for port in self._ports:
            port.send_due(now)


def run_wires(setup: Setup, stop: threading.Event, publish: Publish | None = None) -> None:
    """Serve the four instruments until ``stop`` is set.

    Parameters
    ----------
    setup : Setup
        The simulated beamline.
    stop : threading.Event
        Ends it.
    publish : callable, optional
        Given the true state every 20 ms.
    """
    with Wires(setup) as wires:
        wires.run(stop, publish)

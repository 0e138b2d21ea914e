"""One thread for everything that must answer in time: the lines, the physics behind them, and their faults.

The physics is stepped to the very instant at which a potentiostat switches or measures by itself: however late this
thread is, a charge is what the instrument's own clock made of it.
"""

import math
import selectors
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import numpy as np

from operando.sim.cell.rig import Rig
from operando.sim.cell.state import TrueState
from operando.sim.detector_faults import DetectorFaults
from operando.sim.faults.board import FaultBoard
from operando.sim.faults.desk import FaultDesk
from operando.sim.faults.equipment import Equipment
from operando.sim.faults.line import FaultyLine
from operando.sim.setup import Setup
from operando.sim.wires.channels import POTENTIOSTAT_STREAM, Channel, Potentiostat, further_channels, potentiostat
from operando.sim.wires.dscusb import DSCUSB
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.nv200 import NV200
from operando.sim.wires.port import Port
from operando.sim.wires.witness import Witness

if TYPE_CHECKING:
    from operando.sim.wires.instrument import Instrument

TICK = 0.005
"""s between two steps of the physics."""

PUBLISH_PERIOD = 0.02
"""s between two snapshots of the true state."""

FAULT_STREAM = 7
"""Stream of random numbers beside those of the rig (0, 5, 6) and its instruments (1 to 4)."""

LONGEST_CATCH_UP = 1.0
"""s of physics made up for after this process was held; a longer pause did not happen to the cell either."""

MOST_EVENTS = 400
"""Within a tick; a script that does nothing but loop must not hold the others up."""

TELLS = 50
"""How often a detector that is well again is told so."""

Publish = Callable[[TrueState | DetectorFaults], None]


def instruments(rig: Rig, seed: int, kind: str = "emstat4") -> tuple[DSCUSB, NV200, Eurotherm3216, Potentiostat]:
    """Return the four instruments on a rig, each with its own random numbers; ``kind`` is that of the potentiostat."""
    load_cell, piezo, heater = (np.random.default_rng((seed, index)) for index in range(1, 4))
    return (
        DSCUSB(lambda: rig.force, load_cell),
        NV200(rig.amplifier, piezo),
        Eurotherm3216(rig.furnace, heater),
        potentiostat(kind, rig.electrochemistry, seed, POTENTIOSTAT_STREAM),
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
        load_cell, piezo, heater, galvanostat = instruments(self.rig, setup.seed, setup.potentiostat)
        beside = further_channels(setup)
        self.channels = (Channel("", self.rig.electrochemistry, galvanostat), *beside)
        """Every cell, that in the rig first."""
        self._witness = Witness(self.channels)
        random = np.random.default_rng((setup.seed, FAULT_STREAM))
        others = (each.potentiostat for each in beside)
        every: tuple[Instrument, ...] = (load_cell, piezo, heater, galvanostat, *others)
        self._lines = [FaultyLine(each) for each in every]
        self._line_of = {line.name: line for line in self._lines}
        self._ports: dict[str, Port] = {}
        self._lived = 0.0
        self._tells = 0
        self.detector_faults = DetectorFaults()
        """What is wrong with the detector, which lives in another process."""
        self.faults = FaultBoard(
            Equipment(
                load_cell=load_cell,
                piezo=piezo,
                heater=heater,
                potentiostat=galvanostat,
                cell=self.rig.electrochemistry,
                amplifier=self.rig.amplifier,
                lines=self._line_of,
                unplug=self._unplug,
                plug_in=self._plug_in,
                area=math.pi * setup.electrode_diameter**2 / 4.0,
                random=random,
                channels={each.name: each for each in beside},
                detector=self.detector_faults,
            )
        )
        """Faults there are now; belongs to the thread that runs."""
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        self._selector = self._resources.enter_context(selectors.DefaultSelector())
        with ExitStack() as opening:
            opening.push(self._resources)
            for line in self._lines:
                port = Port(line, self._setup.root / "sim")
                self._resources.callback(port.unplug)
                self._ports[line.name] = port
                self._selector.register(port, selectors.EVENT_READ, port)
            desk = FaultDesk(self._setup.root, self.faults, self._selector, self._witness.tell)
            self._resources.enter_context(desk)
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
            Given the true state every 20 ms, and what is wrong with the detector if something is; must not block.
            What it raises ends the run.
        """
        self._lived = next_tick = next_publish = time.monotonic()
        while not stop.is_set():
            now = time.monotonic()
            if now >= next_tick:
                self._live(now)
                next_tick = now + TICK
                self.faults.advance(now)
                for port in self._ports.values():
                    port.advance(now)
            if publish is not None and now >= next_publish:
                next_publish = now + PUBLISH_PERIOD
                publish(self.rig.snapshot(time.time_ns()))
                self._tell_detector(publish)
            self._serve(min(next_tick, *(port.next_due for port in self._ports.values())))

    def _tell_detector(self, publish: Publish) -> None:
        """Pass on what is wrong with the detector, and for a while that nothing is any more: a full pipe drops."""
        wrong = self.detector_faults
        if wrong != DetectorFaults():
            self._tells = TELLS
        if self._tells:
            self._tells -= 1
            publish(replace(wrong))

    def _serve(self, until: float) -> None:
        """Answer clients until the instant ``until`` (s)."""
        ready = self._selector.select(max(0.0, until - time.monotonic()))
        now = time.monotonic()
        if ready:
            self._live(now)
        for key, _ in ready:
            key.data.receive(now)
        for port in self._ports.values():
            port.send_due(now)

    def _live(self, until: float) -> None:
        """Let time pass, and each potentiostat do what it does by itself at its instant."""
        self._lived = max(self._lived, until - LONGEST_CATCH_UP)
        for _ in range(MOST_EVENTS):
            due, name = min((self._due(each), each.potentiostat.name) for each in self.channels)
            if due >= until:
                break
            self._step(due)
            self._ports[name].advance(max(due, self._lived))
        self._step(until)

    def _step(self, until: float) -> None:
        while self._lived < until:
            dt = min(TICK, until - self._lived)
            self.rig.step(dt)
            for each in self.channels[1:]:
                each.cell.step(dt)
            self._lived += dt
            for each in self.channels:
                each.potentiostat.regulate(self._line_of[each.potentiostat.name].inside(self._lived))
            self._witness.look()

    def _due(self, channel: Channel) -> float:
        return self._line_of[channel.potentiostat.name].outside(channel.potentiostat.due)

    def _unplug(self, target: str) -> None:
        self._selector.unregister(self._ports[target])
        self._ports[target].unplug()

    def _plug_in(self, target: str) -> None:
        self._ports[target].plug_in()
        self._selector.register(self._ports[target], selectors.EVENT_READ, self._ports[target])


def run_wires(setup: Setup, stop: threading.Event, publish: Publish | None = None) -> None:
    """Serve the instruments until ``stop`` is set.

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

"""The driver and the simulated source meter on one line, with a cell between its terminals, in virtual time."""

import random
from collections.abc import Callable

import numpy as np
from instruments.virtual_bench import START_NS, LivingCell

from operando.errors import NoReply
from operando.instruments import Keithley2400, Said
from operando.sim.wires.keithley2400 import Keithley2400 as SimulatedKeithley2400
from operando.vocabulary import CellProgramme, Position

BYTE = 10 / 9600
"""s on the line."""


def damaged(reply: bytes, dice: random.Random) -> bytes:
    """Return what a noisy line makes of a reply: a byte wrong, lost or twice, the end cut off, or nothing."""
    at = dice.randrange(len(reply))
    wrong = bytes([dice.randrange(256)])
    return dice.choice((reply[:at] + wrong + reply[at + 1 :], reply[:at] + reply[at + 1 :], reply[:at], b"", reply * 2))


class SourceMeterBench:
    """A `Line` of 9600 baud to a simulated source meter; time passes only here.

    Parameters
    ----------
    cell : LivingCell
        Between the terminals.
    tick : float
        s, longest step of the cell.
    """

    def __init__(self, cell: LivingCell, tick: float = 0.01, clock_error: float = 0.0) -> None:
        self.cell = cell
        self.now = 0.0
        self.instrument = SimulatedKeithley2400(cell, np.random.default_rng(1), clock_error=clock_error)
        self.cut = False
        self.dice: random.Random | None = None
        """Damages one reply in ten."""
        self._tick = tick
        self._under_way: list[tuple[float, bytes]] = []
        self._incoming = b""
        self.driver = self.restarted()

    def restarted(self) -> Keithley2400:
        """Return the driver of another host process."""
        self._under_way.clear()
        self._incoming = b""
        self.driver = Keithley2400(self, now_ns=self.now_ns, monotonic=lambda: self.now)
        return self.driver

    def now_ns(self) -> int:
        return START_NS + round(self.now * 1e9)

    def write(self, data: bytes) -> None:
        self.pass_time(len(data) * BYTE)
        if self.cut:
            return
        for reply in self.instrument.receive(data, self.now):
            data = damaged(reply.data, self.dice) if self.dice and self.dice.random() < 0.1 else reply.data
            self._under_way.append((self.now + reply.latency + len(data) * BYTE, data))

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        deadline = self.now + timeout
        while terminator not in self._incoming and self.now < deadline - 1e-6:
            self.pass_time(min(0.005, deadline - self.now))
        if terminator not in self._incoming:
            raise NoReply(f"no {terminator!r} within {timeout} s")
        reply, self._incoming = self._incoming.split(terminator, 1)
        return reply + terminator

    def read_available(self) -> bytes:
        reply, self._incoming = self._incoming, b""
        return reply

    def close(self) -> None:
        self._incoming = b""

    def pass_time(self, seconds: float) -> None:
        """Let cell and instrument live."""
        until = self.now + seconds
        while self.now < until - 1e-9:
            step = min(until - self.now, self._tick)
            self.cell.step(step)
            self.now += step
            self.instrument.advance(self.now)
            arrived = [data for at, data in self._under_way if at <= self.now]
            self._under_way = [(at, data) for at, data in self._under_way if at > self.now]
            if not self.cut:
                self._incoming += b"".join(arrived)

    def run(self, programme: CellProgramme, longest: float = 1e5, at: Position = Position()) -> list[Said]:  # noqa: B008
        """Run a programme to its end and return what was said."""
        self.driver.start(programme, at)
        return self.go_on(lambda: not self.driver.running(), longest)

    def go_on(self, until: Callable[[], bool], longest: float = 1e5) -> list[Said]:
        """Poll until something is so, and return what was said from here."""
        begun, heard = self.now, self.driver.poll()
        while not until():
            assert self.now - begun < longest, f"not so after {longest} s; {heard[-3:]} was said last"
            self.pass_time(0.05)
            heard += self.driver.poll()
        return heard

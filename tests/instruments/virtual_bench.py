"""The driver and the simulated instrument on one line, with a cell between its terminals, in virtual time."""

from collections.abc import Callable
from typing import Protocol

import numpy as np

from operando.errors import NoReply
from operando.instruments import EmStat4, ImpedancePoint, Said, Sample, StepEnd
from operando.sim.wires.emstat4 import EmStat4 as SimulatedEmStat4
from operando.sim.wires.pgstat import Cell
from operando.vocabulary import CellProgramme, Loop, Safety, Step

START_NS = 1_700_000_000_000_000_000
LATENCY = 0.002
"""s between the instrument's saying something and its arrival."""


class LivingCell(Cell, Protocol):
    """A cell that lives as time passes."""

    def step(self, dt: float) -> None:
        """Let ``dt`` s pass."""


class Bench:
    """A `Line` to a simulated instrument; time passes only here.

    Parameters
    ----------
    cell : LivingCell
        Between the terminals.
    clock_error : float
        By how much the instrument's clock is fast.
    tick : float
        s, longest step of the cell.
    """

    def __init__(self, cell: LivingCell, clock_error: float = 0.0, tick: float = 0.1) -> None:
        self.cell = cell
        self.now = 0.0
        self.instrument = SimulatedEmStat4(cell, np.random.default_rng(1), clock_error=clock_error)
        self.driver = EmStat4(self, now_ns=self.now_ns)
        self.said: list[Said] = []
        self._tick = tick
        self._incoming = b""

    def now_ns(self) -> int:
        """Return the host's time."""
        return START_NS + round((self.now + LATENCY) * 1e9)

    def write(self, data: bytes) -> None:
        self._incoming += b"".join(reply.data for reply in self.instrument.receive(data, self.now))

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        deadline = self.now + timeout
        while terminator not in self._incoming and self.now < deadline:
            self.pass_time(min(0.01, deadline - self.now))
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
        """Let cell and instrument live, each change of the script at its own instant."""
        until = self.now + seconds
        while self.now < until:
            instant = min(until, self.now + self._tick, max(self.now, self.instrument.due))
            if instant > self.now:
                self.cell.step(instant - self.now)
                self.now = instant
            self._incoming += b"".join(reply.data for reply in self.instrument.advance(self.now))

    def tell(self, command: bytes) -> None:
        """Send a command past the driver, which does not see its echo."""
        self.write(command)
        self._incoming = self._incoming.replace(command, b"", 1)

    def run(self, programme: CellProgramme, longest: float = 1e6, poll: float = 10.0) -> list[Said]:
        """Run a programme to its end and return what was said."""
        self.driver.start(programme)
        return self.go_on(lambda: not self.driver.running(), longest, poll)

    def go_on(self, until: Callable[[], bool], longest: float = 1e6, poll: float = 0.05) -> list[Said]:
        """Poll until something is so, and return what was said from here."""
        begun, heard = self.now, list[Said]()
        while not until():
            assert self.now - begun < longest, f"not so after {longest} s; {heard[-3:]} was said last"
            self.pass_time(poll)
            heard += self.driver.poll()
        self.said += heard
        return heard


def samples(said: list[Said]) -> list[Sample]:
    return [each for each in said if isinstance(each, Sample)]


def points(said: list[Said]) -> list[ImpedancePoint]:
    return [each for each in said if isinstance(each, ImpedancePoint)]


def ends(said: list[Said]) -> list[StepEnd]:
    return [each for each in said if isinstance(each, StepEnd)]


def programme(*parts: Step | Loop, safety: Safety = Safety()) -> CellProgramme:  # noqa: B008 - frozen
    return CellProgramme("test", parts, safety, "", "", 0.62)

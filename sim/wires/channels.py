"""Cells and what measures them: that in the rig, and others on a bench beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.cell.material import MATERIALS
from operando.sim.setup import ChannelSetup, Setup
from operando.sim.wires.emstat4 import EmStat4
from operando.sim.wires.instrument import Instrument
from operando.sim.wires.keithley2400 import Keithley2400

ROLE = "potentiostat"

POTENTIOSTAT_STREAM, CLOCK_STREAM, CHANNEL_STREAM = 4, 20, 40
"""Streams of random numbers: of the potentiostat in the rig, of the clocks, of the further channels."""

CLOCK_ERROR = 50e-6
"""Up to which a crystal is fast or slow."""


class Potentiostat(Instrument, Protocol):
    """An instrument on a cell."""

    lead_off: bool
    """A fault: a lead has come off the cell."""
    overloaded: bool
    """A fault: every measurement says so."""
    refuses: bool
    """A fault: every command is refused."""

    @property
    def connected(self) -> bool:
        """Whether the cell is on."""

    @property
    def due(self) -> float:
        """When it next does something by itself (s of the host's clock); the cell should have lived up to then."""

    def regulate(self, now: float) -> None:
        """Let its source follow the cell, which has come to the instant ``now`` (s)."""

    def cycle_power(self) -> None:
        """Switch it off and on."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A cell and its potentiostat.

    Parameters
    ----------
    name : str
        ``""`` for the cell in the rig, else in small letters.
    cell : Electrochemistry
        Between the leads.
    potentiostat : Potentiostat
        At the other end of them.
    """

    name: str
    cell: Electrochemistry
    potentiostat: Potentiostat

    @property
    def suffix(self) -> str:
        """Behind the name of what belongs to it: ``_b``."""
        return f"_{self.name}" if self.name else ""


def further_channels(setup: Setup) -> tuple[Channel, ...]:
    """Return the cells beside the rig."""
    return tuple(_channel(setup, index, each) for index, each in enumerate(setup.channels))


def potentiostat(kind: str, cell: Electrochemistry, seed: int, stream: int, name: str = ROLE) -> Potentiostat:
    """Return an instrument on a cell, with noise and a clock error of its own.

    Parameters
    ----------
    kind : str
        ``emstat4`` or ``keithley2400``.
    cell : Electrochemistry
        Between its leads.
    seed, stream : int
        Of the random numbers.
    name : str
        Of the instrument and its link.
    """
    noise = np.random.default_rng((seed, stream))
    clock = float(np.random.default_rng((seed, CLOCK_STREAM, stream)).uniform(-CLOCK_ERROR, CLOCK_ERROR))
    match kind:
        case "emstat4":
            return EmStat4(cell, noise, name, clock)
        case "keithley2400":
            return Keithley2400(cell, noise, name, clock)
        case _:
            raise ValueError(f"{kind!r}: no such potentiostat is simulated; there are emstat4, keithley2400")


def _channel(setup: Setup, index: int, each: ChannelSetup) -> Channel:
    cell = Electrochemistry(
        each.electrode_diameter,
        each.nominal_capacity,
        each.counter_electrode_potential,
        setup.speed,
        MATERIALS[each.material],
        each.active_mass,
    )
    name = each.name.lower()
    return Channel(
        name, cell, potentiostat(each.potentiostat, cell, setup.seed, CHANNEL_STREAM + index, f"{ROLE}_{name}")
    )


def next_due(channels: Iterable[Channel]) -> float:
    """Return when the first of them next does something by itself, s; infinity where none will."""
    return min((each.potentiostat.due for each in channels), default=float("inf"))

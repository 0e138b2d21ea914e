"""What a fault can lay hands on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from operando.sim.cell.amplifier import Amplifier
from operando.sim.faults.line import FaultyLine
from operando.sim.wires.dscusb import DSCUSB
from operando.sim.wires.emstat4 import EmStat4
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.nv200 import NV200


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """The instruments of a rig and their lines.

    Parameters
    ----------
    load_cell, piezo, heater, potentiostat : instrument
        Inside.
    amplifier : Amplifier
        The high-voltage side of the piezo amplifier.
    lines : mapping of str to FaultyLine
        By the name of the instrument.
    unplug, plug_in : callable
        Take the name of the instrument.
    area : float
        mm², nominal, between pressure and force.
    random : numpy.random.Generator
        Of faults that are random.
    """

    load_cell: DSCUSB
    piezo: NV200
    heater: Eurotherm3216
    potentiostat: EmStat4
    amplifier: Amplifier
    lines: Mapping[str, FaultyLine]
    unplug: Callable[[str], None]
    plug_in: Callable[[str], None]
    area: float
    random: np.random.Generator

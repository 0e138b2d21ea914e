"""What a fault can lay hands on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from operando.sim.cell.amplifier import Amplifier
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.detector_faults import DetectorFaults
from operando.sim.faults.line import FaultyLine
from operando.sim.wires.channels import Channel, Potentiostat
from operando.sim.wires.dscusb import DSCUSB
from operando.sim.wires.eurotherm3216 import Eurotherm3216
from operando.sim.wires.nv200 import NV200


@dataclass(frozen=True, slots=True, kw_only=True)
class Equipment:
    """The instruments of a rig and their lines.

    Parameters
    ----------
    load_cell, piezo, heater, potentiostat : instrument
        Inside.
    cell : Electrochemistry
        At the potentiostat's leads.
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
    channels : mapping of str to Channel
        Further cells, by what stands behind the names of their parts: ``b``.
    detector : DetectorFaults
        What is wrong with the detector.
    """

    load_cell: DSCUSB
    piezo: NV200
    heater: Eurotherm3216
    potentiostat: Potentiostat
    cell: Electrochemistry
    amplifier: Amplifier
    lines: Mapping[str, FaultyLine]
    unplug: Callable[[str], None]
    plug_in: Callable[[str], None]
    area: float
    random: np.random.Generator
    channels: Mapping[str, Channel] = field(default_factory=dict)
    detector: DetectorFaults = field(default_factory=DetectorFaults)

    def of(self, name: str) -> "Equipment":
        """Return the same equipment with the potentiostat and the cell of another channel in place of its own."""
        channel = self.channels[name]
        role = f"potentiostat{channel.suffix}"
        return replace(
            self,
            potentiostat=channel.potentiostat,
            cell=channel.cell,
            lines={"potentiostat": self.lines[role]},
            unplug=lambda _: self.unplug(role),
            plug_in=lambda _: self.plug_in(role),
        )

"""What is true of the cells, for tests and judges: no instrument and no service sees it."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from operando.sim.wires.channels import Channel


@dataclass(slots=True)
class CellTruth:
    """One cell, now and since somebody last asked.

    Parameters
    ----------
    voltage : float
        V between the terminals.
    lowest_voltage, highest_voltage : float
        V, since somebody last asked.
    current : float
        A through the leads, charging positive.
    largest_current : float
        A, without its sign, since somebody last asked.
    passed : float
        A h through the leads since assembly.
    charge : float
        mA h/g, taken out of the active material.
    connected : bool
        Whether the potentiostat has the cell switched on.
    """

    voltage: float
    lowest_voltage: float
    highest_voltage: float
    current: float
    largest_current: float
    passed: float
    charge: float
    connected: bool


class Witness:
    """Looks at the cells at every step of the physics.

    Parameters
    ----------
    channels : iterable of Channel
        Whose cells.
    """

    def __init__(self, channels: Iterable[Channel]) -> None:
        self._channels = tuple(channels)
        self._truths = {each.name: _truth(each) for each in self._channels}

    def look(self) -> None:
        """Take down what is true now."""
        for each in self._channels:
            truth, volts, ampere = self._truths[each.name], each.cell.voltage, each.cell.current
            truth.lowest_voltage = min(truth.lowest_voltage, volts)
            truth.highest_voltage = max(truth.highest_voltage, volts)
            truth.largest_current = max(truth.largest_current, abs(ampere))

    def tell(self) -> dict[str, dict[str, float | bool]]:
        """Return the truth of every cell by the name of its channel, and begin to look anew."""
        self.look()
        told = {}
        for each in self._channels:
            before, now = self._truths[each.name], _truth(each)
            self._truths[each.name] = now
            told[each.name] = asdict(now) | {
                "lowest_voltage": before.lowest_voltage,
                "highest_voltage": before.highest_voltage,
                "largest_current": before.largest_current,
            }
        return told


def _truth(channel: Channel) -> CellTruth:
    cell = channel.cell
    volts, ampere = cell.voltage, cell.current
    return CellTruth(volts, volts, volts, ampere, abs(ampere), cell.passed, cell.charge, channel.potentiostat.connected)

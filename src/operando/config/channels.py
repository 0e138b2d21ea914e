"""``[[channels]]``: cells beside the one in the press, each on a potentiostat of its own."""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Table
from operando.config.cell import Cell
from operando.config.instruments import Potentiostat
from operando.config.programme import Programme
from operando.vocabulary import QUANTITY, CellProgramme, Limit, channel_quantities

if TYPE_CHECKING:
    from operando.config.endstation import Endstation


class ChannelSimulation(Table):
    """``simulation`` of a channel: what its simulated cell is."""

    material: Literal["NMC811", "LCO"] = "NMC811"
    """Of the positive electrode."""


class Channel(Table):
    """One further cell; its records are ``CELL_<name>:…``, its quantities ``voltage_<name>`` in small letters."""

    name: Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,7}$")]
    potentiostat: Potentiostat
    cell: Cell
    programme: Programme
    simulation: ChannelSimulation = ChannelSimulation()

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        for quantity in channel_quantities(self.name):
            if quantity.name in QUANTITY:
                raise ValueError(f"name = {self.name!r}: {quantity.name} is a quantity of the main cell already")
        return self


def unwatched(channel: str, programme: CellProgramme) -> str:
    """Return which step waits for a temperature that nobody measures, or nothing: the heater is that of the press."""
    for step in programme.steps:
        if any(end.limit is Limit.TEMPERATURE for end in step.ends):
            return (
                f"channel {channel}: step {step.number} ({step.name}) waits for a temperature, but the heater is "
                "that of the press; a time, a voltage, a charge or a current is wanted"
            )
    return ""


def serial_ports(config: "Endstation") -> dict[str, str]:
    """Return every serial port by the table that names it."""
    return {
        "[load_cell]": config.load_cell.port,
        "[piezo]": config.piezo.port,
        "[heater]": config.heater.port,
        "[potentiostat]": config.potentiostat.port,
        **{f"[[channels]] {channel.name}: potentiostat": channel.potentiostat.port for channel in config.channels},
    }


def clash(channels: list[Channel], main: Potentiostat) -> str:
    """Return which two channels are one, or nothing.

    Parameters
    ----------
    channels : list of Channel
        As configured.
    main : Potentiostat
        Of the cell in the press.
    """
    names = [channel.name for channel in channels]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"channels: name = {twice[0]!r} is there twice; each channel has a name of its own"
    taken = {main.port: "[potentiostat]"}
    for channel in channels:
        port = channel.potentiostat.port
        if port in taken:
            return f"channels: {channel.name}: potentiostat.port = {port!r} is the port of {taken[port]}, too"
        taken[port] = f"channel {channel.name}"
    return ""

"""The instruments of an endstation, opened as its configuration says."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from operando.config import Endstation
from operando.config import instruments as configuration
from operando.errors import ConfigurationError, InstrumentError
from operando.instruments import (
    DSCUSB,
    DSCUSB_BAUDRATE,
    EMSTAT4_BAUDRATE,
    KEITHLEY2400_BAUDRATE,
    NEXUS,
    NV200,
    NV200_BAUDRATE,
    EmStat4,
    Eurotherm3216,
    Keithley2400,
    LoadCell,
    PiezoAmplifier,
    Potentiostat,
    SerialLine,
    TemperatureController,
)

Found = TypeVar("Found")

POTENTIOSTATS: dict[str, Callable[[str], Potentiostat]] = {
    "emstat4": lambda port: EmStat4(SerialLine(port, EMSTAT4_BAUDRATE)),
    "keithley2400": lambda port: Keithley2400(SerialLine(port, KEITHLEY2400_BAUDRATE)),
    "nexus": lambda port: EmStat4(SerialLine(port, EMSTAT4_BAUDRATE), model=NEXUS),
}
"""By the driver that the configuration names: how one is made on a port."""


@dataclass(frozen=True, slots=True)
class Equipment:
    """Who measures and who acts.

    Parameters
    ----------
    load_cell, amplifier, controller
        Of the press.
    potentiostat : Potentiostat
        Of the cell in the press.
    channels : mapping of str to Potentiostat
        Of further cells, by the channel.
    """

    load_cell: LoadCell
    amplifier: PiezoAmplifier
    controller: TemperatureController
    potentiostat: Potentiostat
    channels: Mapping[str, Potentiostat] = field(default_factory=dict)

    @property
    def potentiostats(self) -> dict[str, Potentiostat]:
        """Every potentiostat by the channel of its cell; empty for the one in the press."""
        return {"": self.potentiostat, **self.channels}


def open_equipment(config: Endstation, root: Path) -> Equipment:
    """Open every serial line; nothing is said on any of them.

    Parameters
    ----------
    config : Endstation
        Names the ports.
    root : Path
        State root; relative ports are relative to it.

    Raises
    ------
    ConfigurationError
        A port that is not there or cannot be opened: one line with file, table, key, value and what is allowed.
    """

    def opened(table: str, port: str, make: Callable[[str], Found]) -> Found:
        path, place = root / port, f"{config.file}: {table} port = {port!r}"
        if not path.exists():
            raise ConfigurationError(
                f"{place}: {path}: no such serial port; a device file is wanted, absolute or relative to the root"
            )
        try:
            return make(str(path))
        except InstrumentError as error:
            raise ConfigurationError(
                f"{place}: {error}; a serial port that no other program has open is wanted"
            ) from error

    def potentiostat(table: str, configured: configuration.Potentiostat) -> Potentiostat:
        return opened(table, configured.port, lambda port: POTENTIOSTATS[configured.driver](port))

    load_cell, heater = config.load_cell, config.heater
    return Equipment(
        opened(
            "[load_cell]", load_cell.port, lambda port: DSCUSB(SerialLine(port, DSCUSB_BAUDRATE), load_cell.station)
        ),
        opened("[piezo]", config.piezo.port, lambda port: NV200(SerialLine(port, NV200_BAUDRATE))),
        opened(
            "[heater]",
            heater.port,
            lambda port: Eurotherm3216(port, heater.address, heater.baudrate, watchdog=heater.watchdog),
        ),
        potentiostat("[potentiostat]", config.potentiostat),
        {
            channel.name: potentiostat(f"[[channels]] {channel.name}: potentiostat", channel.potentiostat)
            for channel in config.channels
        },
    )

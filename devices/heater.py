"""The temperature of the cell."""

from typing import Any

from operando.devices.regulated import RegulatedQuantity


class Heater(RegulatedQuantity):
    """Temperature at the cell, °C; the heater's power in % is its drive.

    Its patience is longer than that of the pressure: a massive cell answers its heater after minutes.
    """

    quantity = "temperature"
    drive_name = "heater_drive"
    subsystem = "TEMPERATURE"

    def __init__(self, prefix: str = "", *, name: str, patience: float = 600.0, **kwargs: Any) -> None:
        super().__init__(prefix, name=name, patience=patience, **kwargs)

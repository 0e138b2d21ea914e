"""The pressure on the layers of the cell."""

from operando.devices.regulated import RegulatedQuantity


class StackPressure(RegulatedQuantity):
    """Stack pressure at the load cell, MPa; the piezo amplifier's voltage is its drive."""

    quantity = "stack_pressure"
    drive_name = "piezo_drive"
    subsystem = "PRESSURE"

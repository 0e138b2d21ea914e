"""Words of the interlocks: what they watch beside the logged quantities, how severe they are, how they act."""

from enum import IntEnum, StrEnum

from operando.vocabulary.quantities import QUANTITY


class Severity(StrEnum):
    """What follows when an interlock's condition has stood for long enough."""

    ALARM = "alarm"
    """Logged and shown while it stands."""
    TRIP = "trip"
    """Acts, and stays latched until a human resets it."""


class CurrentAction(IntEnum):
    """What a trip does to the cell; the larger is the stronger, and the first in time."""

    STAY = 0
    OPEN = 1
    """Open circuit; nothing is started until the reset."""


class HeatAction(IntEnum):
    """What a trip does to the heat, after the current."""

    STAY = 0
    FREEZE = 1
    """The ramp ends where the setpoint is, and is regulated there."""
    OFF = 2
    """Standby: no output."""


class PressureAction(IntEnum):
    """What a trip does to the piezo, after the heat."""

    STAY = 0
    HOLD = 1
    """The drive stays where it is, the pressure is free."""
    RELEASE = 2
    """The drive goes to its low limit at the slew limit."""


FACTS: dict[str, str] = {
    "amplifier_foreign": "",
    "amplifier_over_temperature": "",
    "amplifier_status": "",
    "heater_sensor_break": "",
    "heater_fault": "",
    "heartbeat_runengine": "s",
    "heartbeat_recorder": "s",
    "heartbeat_simulator": "s",
    "disk_free": "GB",
    "log_unwritten": "s",
}
"""What interlocks may watch that is no logged quantity, with its unit.

``amplifier_foreign``: somebody or something else moved or switched the piezo amplifier. ``amplifier_status``: it says
that it or its actuator is faulty. ``heater_fault``: loop break, heater failure, over-range or lost remote setpoint.
``log_unwritten``: the time since the environment log was last on its disk.
A heartbeat is the time since the last beat; 0 where none is expected: never heard, or ended in order.
"""


def unit_of(watched: str) -> str:
    """Return the unit of a quantity or fact that an interlock watches.

    Examples
    --------
    >>> unit_of("stack_pressure"), unit_of("disk_free")
    ('MPa', 'GB')
    """
    return QUANTITY[watched].unit if watched in QUANTITY else FACTS[watched]

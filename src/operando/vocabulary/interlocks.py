"""Words of the interlocks: what they watch beside the logged quantities, how severe they are, how they act."""

from enum import IntEnum, StrEnum

from operando.vocabulary.quantities import CELL, QUANTITY, quantity_of


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
    "cell_overload": "",
    "asked_current": "A",
    "allowed_current": "A",
    "sample_interval": "s",
}
"""What interlocks may watch that is no logged quantity, with its unit.

``amplifier_foreign``: somebody or something else moved or switched the piezo amplifier. ``amplifier_status``: it says
that it or its actuator is faulty. ``heater_fault``: loop break, heater failure, over-range or lost remote setpoint.
``log_unwritten``: the time since the environment log was last on its disk. ``cell_overload``: the potentiostat gives
a sample the status overload. ``asked_current``: what the step of a sample asks for, where it is a constant current;
``allowed_current``: what it may draw, where it is a constant voltage; ``sample_interval``: how often it is sampled. Of
the cell on a further channel ``B`` they are called ``cell_overload_b``, and so on.
A heartbeat is the time since the last beat; 0 where none is expected: never heard, or ended in order.
"""


OPEN_READ_BACK = "open circuit read back: "
"""How ``CELL:OPEN_VERIFIED`` begins once the circuit was seen open; anything else says that it was not."""

CELL_FACTS = frozenset({"cell_overload", "asked_current", "allowed_current", "sample_interval"})
"""Those that come with each sample of a cell."""


def unit_of(watched: str) -> str:
    """Return the unit of a quantity or fact that an interlock watches.

    Examples
    --------
    >>> unit_of("stack_pressure"), unit_of("disk_free"), unit_of("voltage_b")
    ('MPa', 'GB', 'V')
    """
    quantity = quantity_of(watched)
    return quantity.unit if quantity else FACTS[plain_name(watched)]


def cell_of(watched: str) -> str | None:
    """Return the channel of the cell that a quantity or fact is of: empty for the main cell, None for no cell.

    Raises
    ------
    KeyError
        Nothing of this name can be watched.

    Examples
    --------
    >>> cell_of("voltage"), cell_of("cell_overload_b"), cell_of("stack_pressure")
    ('', 'B', None)
    """
    if watched in QUANTITY:
        return "" if QUANTITY[watched].record.startswith(CELL) else None
    if watched in FACTS:
        return "" if watched in CELL_FACTS else None
    plain, _, channel = watched.rpartition("_")
    if plain in CELL_FACTS and channel:
        return channel.upper()
    if quantity_of(watched) is None:
        raise KeyError(watched)
    return channel.upper()


def plain_name(watched: str) -> str:
    """Return the name without a channel.

    Examples
    --------
    >>> plain_name("voltage_b"), plain_name("step_charge"), plain_name("disk_free")
    ('voltage', 'step_charge', 'disk_free')
    """
    return watched.removesuffix(f"_{channel.lower()}") if (channel := cell_of(watched)) else watched


def of_channel(plain: str, channel: str) -> str:
    """Return the name that a quantity or fact of a cell has on a channel; the main cell's is empty.

    Examples
    --------
    >>> of_channel("voltage", "B"), of_channel("voltage", "")
    ('voltage_b', 'voltage')
    """
    return f"{plain}_{channel.lower()}" if channel else plain

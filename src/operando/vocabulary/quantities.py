"""The quantities of an endstation: one table for the log, the EPICS records and the file of record."""

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum


class Quality(IntEnum):
    """How far a reading can be trusted; the numbers are EPICS alarm severities."""

    GOOD = 0
    """Measured, in time, plausible."""
    SUSPECT = 1
    """Usable for a display, not for regulation."""
    INVALID = 3
    """Not a measurement: no reply, broken sensor, not a number."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value.

    Parameters
    ----------
    value : float
        In the unit of its quantity.
    time_ns : int
        UTC, ns since the epoch, of the measurement (not of its arrival in a queue).
    quality : Quality
        Whether the value may be regulated on and recorded as good.
    """

    value: float
    time_ns: int
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Quantity:
    """What is logged under one name.

    Parameters
    ----------
    name : str
        In the environment log and in the file of record.
    unit : str
        The internal unit, and the EGU of the record.
    record : str
        Name of the EPICS record, without the endstation's prefix.
    precision : int
        Digits after the point that mean something.
    description : str
        Shown in DESC (at most 40 characters) and as the long name in the file.
    assumption : str
        What a number that nobody measured rests on; stands beside it in the file.
    """

    name: str
    unit: str
    record: str
    precision: int
    description: str
    assumption: str = ""


QUANTITIES: tuple[Quantity, ...] = (
    Quantity("stack_pressure", "MPa", "PRESSURE:READBACK", 4, "stack pressure at the load cell"),
    Quantity("stack_pressure_setpoint", "MPa", "PRESSURE:SETPOINT", 4, "stack pressure demanded now"),
    Quantity("stack_pressure_target", "MPa", "PRESSURE:TARGET", 4, "stack pressure asked for"),
    Quantity("stack_pressure_settled", "", "PRESSURE:SETTLED", 0, "stack pressure within tolerance"),
    Quantity("piezo_drive", "V", "PRESSURE:DRIVE", 3, "voltage told to the piezo amplifier"),
    Quantity("stack_pressure_uncertainty", "MPa", "PRESSURE:UNCERTAINTY", 4, "standard uncertainty of stack pressure"),
    Quantity("authority_up", "MPa", "PRESSURE:AUTHORITY_UP", 2, "pressure the stroke can still add"),
    Quantity("authority_down", "MPa", "PRESSURE:AUTHORITY_DOWN", 2, "pressure the stroke can still take off"),
    Quantity("temperature", "degC", "TEMPERATURE:READBACK", 2, "temperature at the cell"),
    Quantity("temperature_setpoint", "degC", "TEMPERATURE:SETPOINT", 2, "temperature demanded now"),
    Quantity("temperature_target", "degC", "TEMPERATURE:TARGET", 2, "temperature asked for"),
    Quantity("temperature_settled", "", "TEMPERATURE:SETTLED", 0, "temperature within tolerance"),
    Quantity("heater_drive", "%", "TEMPERATURE:DRIVE", 1, "heater output power"),
    Quantity("heater_writes", "", "TEMPERATURE:WRITES", 0, "writes to the controller's EEPROM so far"),
    Quantity("voltage", "V", "CELL:VOLTAGE", 4, "cell voltage at the terminals"),
    Quantity("current", "A", "CELL:CURRENT", 7, "cell current, charge positive"),
    Quantity("charge", "A h", "CELL:CHARGE", 7, "charge passed since programme start"),
    Quantity("cycle", "", "CELL:CYCLE", 0, "cycle number, from 1"),
    Quantity("step", "", "CELL:STEP", 0, "step number in the programme, from 1"),
    Quantity("half_cycle", "", "CELL:HALF_CYCLE", 0, "half-cycle, from 1; rests turn none"),
    Quantity("run", "", "CELL:RUN", 0, "steps begun since programme start"),
    Quantity("step_time", "s", "CELL:STEP_TIME", 2, "how long the step has lasted"),
    Quantity("step_charge", "A h", "CELL:STEP_CHARGE", 9, "charge passed in the step"),
    Quantity("potential", "V", "CELL:POTENTIAL", 4, "working electrode vs Li/Li+"),
    Quantity("specific_capacity", "mA h/g", "CELL:SPECIFIC_CAPACITY", 3, "of the half-cycle, per active mass"),
    Quantity("efficiency", "", "CELL:EFFICIENCY", 5, "discharge over the charge before it"),
    Quantity(
        "state_of_charge",
        "",
        "CELL:STATE_OF_CHARGE",
        5,
        "extracted over theory; as assembled = 0",
        "charge extracted since the cell was mounted over its theoretical capacity; as assembled = 0",
    ),
    Quantity("rest_age", "s", "CELL:REST_AGE", 2, "since current last flowed"),
    Quantity("time_uncertainty", "s", "CELL:TIME_UNCERTAINTY", 6, "standard uncertainty of sample times"),
    Quantity("clock_drift", "", "CELL:CLOCK_DRIFT", 9, "drift of the instrument's clock, s/s"),
    Quantity("clock_drift_uncertainty", "", "CELL:CLOCK_DRIFT_UNCERTAINTY", 9, "standard uncertainty of clock drift"),
    Quantity("interlock_tripped", "", "INTERLOCK:TRIPPED", 0, "an interlock has tripped and is latched"),
)
"""Every quantity that the environment service logs and serves."""

QUANTITY: dict[str, Quantity] = {quantity.name: quantity for quantity in QUANTITIES}
"""The same table by name."""

CELL = "CELL:"
"""Records of the main cell; those of a further channel ``B`` are called ``CELL_B:…``, its quantities ``voltage_b``."""


def cell_subsystem(channel: str) -> str:
    """Return what the records of a cell begin with, in front of the colon; the main cell's channel is empty.

    Examples
    --------
    >>> cell_subsystem("B"), cell_subsystem("")
    ('CELL_B', 'CELL')
    """
    return f"CELL_{channel}" if channel else "CELL"


def channel_quantities(channel: str) -> tuple[Quantity, ...]:
    """Return the quantities of the cell on a further channel.

    Parameters
    ----------
    channel : str
        Its name: capital letters and digits.

    Examples
    --------
    >>> channel_quantities("B")[0].name, channel_quantities("B")[0].record
    ('voltage_b', 'CELL_B:VOLTAGE')
    """
    return tuple(_of_channel(each, channel) for each in QUANTITIES if each.record.startswith(CELL))


def quantity_of(name: str) -> Quantity | None:
    """Return a quantity by its name in the log, of any channel; None for a name that is none.

    Examples
    --------
    >>> quantity_of("step_charge_b").record, quantity_of("step_charge").record
    ('CELL_B:STEP_CHARGE', 'CELL:STEP_CHARGE')
    """
    if found := QUANTITY.get(name):
        return found
    plain, _, channel = name.rpartition("_")
    found = QUANTITY.get(plain)
    return _of_channel(found, channel.upper()) if found and found.record.startswith(CELL) and channel else None


def _of_channel(quantity: Quantity, channel: str) -> Quantity:
    record = quantity.record.replace(CELL, f"{cell_subsystem(channel)}:", 1)
    name = f"{quantity.name}_{channel.lower()}"
    return replace(quantity, name=name, record=record)


class PotentialScale(StrEnum):
    """What a potential is measured against; a potential without its scale can overcharge a cell by 0.6 V."""

    CELL = "cell"
    """Between the terminals of the cell, as the potentiostat measures it."""
    LITHIUM = "Li/Li+"
    """Against lithium: the terminal voltage plus the counter electrode's potential."""


def terminal_voltage(potential: float, scale: PotentialScale, counter_electrode_potential: float) -> float:
    """Convert a working-electrode potential to the voltage between the cell's terminals.

    Parameters
    ----------
    potential : float
        V, on ``scale``.
    scale : PotentialScale
        What ``potential`` is measured against.
    counter_electrode_potential : float
        V vs Li/Li+; 0.62 V for the two-phase Li-In alloy
        (Santhosha et al., Batteries & Supercaps 2 (2019) 524).

    Examples
    --------
    >>> round(terminal_voltage(4.3, PotentialScale.LITHIUM, 0.62), 3)
    3.68
    """
    if scale is PotentialScale.CELL:
        return potential
    return potential - counter_electrode_potential

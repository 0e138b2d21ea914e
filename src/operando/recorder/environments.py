"""What of the sample environment is logged, and what each instrument is called in the file of record.

https://manual.nexusformat.org/classes/base_classes/NXenvironment.html
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from operando.vocabulary import of_channel


@dataclass(frozen=True, slots=True)
class Sensor:
    """An NXsensor: a logged quantity, what is measured, and the table of the configuration with its driver.

    Parameters
    ----------
    calibration : dict
        Name of a field → (table, key, unit) of the configuration: what the reading was made with.
    """

    quantity: str
    name: str
    measurement: str
    table: str
    calibration: dict[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Actuator:
    """An NXactuator with the regulator that drives it.

    Parameters
    ----------
    gains : dict
        Name in NXpid_controller → (table, key, unit) of the configuration; empty where the instrument's own loop
        regulates.
    """

    drive: str
    name: str
    physical_quantity: str
    table: str
    setpoint: str
    regulator: str
    gains: dict[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Environment:
    """An NXenvironment: its sensors, perhaps an actuator, and further logged quantities.

    Parameters
    ----------
    channel : str
        Of a further cell: its quantities are ``voltage_b`` in the log, and ``voltage`` in its own group of the file.
    """

    name: str
    kind: str
    sensors: tuple[Sensor, ...]
    actuator: Actuator | None = None
    further: tuple[str, ...] = ()
    channel: str = ""

    def logged(self, quantity: str) -> str:
        """Return the name of a quantity in the environment log."""
        return of_channel(quantity, self.channel)


ELECTROCHEMISTRY = Environment(
    "electrochemistry",
    "potentiostat",
    (
        Sensor("voltage", "voltage", "voltage", "potentiostat"),
        Sensor("current", "current", "current", "potentiostat"),
    ),
    None,
    (
        "potential",
        "charge",
        "cycle",
        "half_cycle",
        "step",
        "run",
        "step_time",
        "step_charge",
        "specific_capacity",
        "efficiency",
        "state_of_charge",
        "rest_age",
        "time_uncertainty",
        "clock_drift",
        "clock_drift_uncertainty",
    ),
)
"""Of the main cell; further cells have one each, called after their channel."""

ENVIRONMENTS = (
    Environment(
        "pressure",
        "uniaxial press",
        (
            Sensor(
                "stack_pressure",
                "load_cell",
                "pressure",
                "load_cell",
                {
                    "tare": ("load_cell", "tare_N", "N"),
                    "tare_time": ("load_cell", "tare_time", ""),
                    "tare_temperature": ("load_cell", "tare_temperature_C", "degC"),
                    "tare_by": ("load_cell", "tare_by", ""),
                    "load_cell_model": ("load_cell", "model", ""),
                    "serial_number": ("load_cell", "serial_number", ""),
                    "sensitivity": ("load_cell", "sensitivity_mV_per_V", "mV/V"),
                    "calibration_date": ("load_cell", "calibrated_on", ""),
                    "calibrated_by": ("load_cell", "calibrated_by", ""),
                    "calibration_certificate": ("load_cell", "calibration_certificate", ""),
                    "electrode_diameter": ("cell", "electrode_diameter_mm", "mm"),
                    "electrode_diameter_uncertainty": ("cell", "electrode_diameter_uncertainty_mm", "mm"),
                    "guide_friction": ("load_cell", "guide_friction_N", "N"),
                },
            ),
        ),
        Actuator(
            "piezo_drive",
            "piezo",
            "voltage",
            "piezo",
            "stack_pressure_setpoint",
            "velocity-form PI of the environment service",
            {
                "K_p": ("pressure", "proportional_gain_V_per_MPa", "V/MPa"),
                "K_i": ("pressure", "integral_gain_V_per_MPa_s", "V/(MPa s)"),
            },
        ),
        (
            "stack_pressure_target",
            "stack_pressure_settled",
            "stack_pressure_uncertainty",
            "authority_up",
            "authority_down",
        ),
    ),
    Environment(
        "temperature",
        "heater",
        (Sensor("temperature", "thermometer", "temperature", "heater"),),
        Actuator("heater_drive", "heater", "power", "heater", "temperature_setpoint", "the instrument's own loop"),
        ("temperature_target", "temperature_settled"),
    ),
    ELECTROCHEMISTRY,
)
"""Those that every endstation has."""


def environments(channels: Iterable[str]) -> tuple[Environment, ...]:
    """Return what is logged at an endstation with further cells.

    Examples
    --------
    >>> environments(["B"])[-1].name, environments(["B"])[-1].logged("voltage")
    ('electrochemistry_b', 'voltage_b')
    """
    further = (
        replace(ELECTROCHEMISTRY, name=of_channel(ELECTROCHEMISTRY.name, name), channel=name) for name in channels
    )
    return (*ENVIRONMENTS, *further)


def channel_of(environment: str) -> str:
    """Return the suffix of the quantities of a group of the file; empty for the main cell and everything else.

    Examples
    --------
    >>> channel_of("electrochemistry_b"), channel_of("pressure")
    ('_b', '')
    """
    stem = f"{ELECTROCHEMISTRY.name}_"
    return environment.removeprefix(stem[:-1]) if environment.startswith(stem) else ""

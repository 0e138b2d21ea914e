"""The NXentry of the sample environment: the whole log of the run, sensor by sensor.

https://manual.nexusformat.org/classes/base_classes/NXenvironment.html
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import h5py

from operando.history import EnvironmentHistory
from operando.recorder.instants import NS, iso8601
from operando.recorder.layout import link_fields, make_data, make_group, write_text, write_value
from operando.recorder.run import Run
from operando.recorder.table import Column, Table
from operando.vocabulary import QUANTITY

WINDOW_NS = 60 * NS
"""ns of log read and written at a time."""


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
    """An NXenvironment: its sensors, perhaps an actuator, and further logged quantities."""

    name: str
    kind: str
    sensors: tuple[Sensor, ...]
    actuator: Actuator | None = None
    further: tuple[str, ...] = ()


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
    Environment(
        "electrochemistry",
        "potentiostat",
        (
            Sensor("voltage", "voltage", "voltage", "potentiostat"),
            Sensor("current", "current", "current", "potentiostat"),
        ),
        None,
        ("charge", "cycle", "step"),
    ),
)


class Surroundings:
    """The entry ``environment``, which grows with the log.

    Parameters
    ----------
    root : h5py.File
        The file.
    run : Run
        Gives zero of time, names and gains.
    """

    def __init__(self, root: h5py.File, run: Run) -> None:
        self.entry = make_group(root, "environment", "NXentry", default="stack_pressure")
        self._start_ns = run.start_ns
        self._written_ns = run.start_ns - 1
        self._logs: dict[str, Table] = {}
        instrument = make_group(self.entry, "instrument", "NXinstrument")
        write_text(instrument, "name", str(run.setting("name") or ""))
        for environment in ENVIRONMENTS:
            self._write(instrument, environment, run)
        log = instrument["pressure/load_cell/value_log"]
        plot = make_data(self.entry, "stack_pressure", "value", ["time"], title="stack pressure")
        link_fields(plot, log, ("value", "time"))

    def extend(self, history: EnvironmentHistory, end_ns: int, whole: bool = False) -> bool:
        """Append the log up to an instant that is committed; return whether anything was done.

        Parameters
        ----------
        history : EnvironmentHistory
            The environment log.
        end_ns : int
            UTC, ns since the epoch.
        whole : bool
            Also what does not fill a window.
        """
        done = False
        for last_ns in self._windows(end_ns, whole):
            for quantity, log in self._logs.items():
                samples = history.samples(quantity, self._written_ns + 1, last_ns)
                blocks: dict[str, Any] = {
                    "time": (samples.time_ns - self._start_ns) / NS,
                    "value": samples.value,
                    "quality": samples.quality,
                }
                log.extend(blocks)
            self._written_ns, done = last_ns, True
        return done

    def _windows(self, end_ns: int, whole: bool) -> Iterator[int]:
        """Yield the ends of the windows that are still to be written."""
        while self._written_ns + WINDOW_NS <= end_ns:
            yield self._written_ns + WINDOW_NS
        if whole and self._written_ns < end_ns:
            yield end_ns

    def _write(self, instrument: h5py.Group, environment: Environment, run: Run) -> None:
        group = make_group(instrument, environment.name, "NXenvironment")
        write_text(group, "name", environment.name)
        write_text(group, "type", environment.kind)
        for sensor in environment.sensors:
            place = make_group(group, sensor.name, "NXsensor")
            write_text(place, "name", QUANTITY[sensor.quantity].description)
            write_text(place, "model", str(run.setting(sensor.table, "driver") or ""))
            write_text(place, "measurement", sensor.measurement)
            for name, (table, key, unit) in sensor.calibration.items():
                if isinstance(value := run.setting(table, key), str):
                    write_text(place, name, value)
                elif value is not None:
                    write_value(place, name, float(value), unit)
            self._log(place, "value_log", sensor.quantity)
        if environment.actuator:
            self._write_actuator(group, environment.actuator, group[environment.sensors[0].name], run)
        for quantity in environment.further:
            self._log(group, f"{quantity}_log", quantity)

    def _write_actuator(self, parent: h5py.Group, actuator: Actuator, sensor: h5py.Group, run: Run) -> None:
        group = make_group(parent, actuator.name, "NXactuator")
        write_text(group, "name", QUANTITY[actuator.drive].description)
        write_text(group, "type", str(run.setting(actuator.table, "driver") or ""))
        write_text(group, "physical_quantity", actuator.physical_quantity)
        self._log(group, "output_log", actuator.drive)
        regulator = make_group(group, "regulator", "NXpid_controller")
        write_text(regulator, "description", actuator.regulator)
        regulator["pv_sensor"] = sensor
        for name, (table, key, unit) in actuator.gains.items():
            gain = run.setting(table, key)
            if gain is not None:
                write_value(regulator, name, float(gain), unit)
        self._log(regulator, "setpoint_log", actuator.setpoint)

    def _log(self, parent: h5py.Group, name: str, quantity: str) -> None:
        known = QUANTITY[quantity]
        group = make_group(parent, name, "NXlog")
        write_text(group, "description", known.description)
        columns = (
            Column("time", "s", "time since the start of the run", attributes={"start": iso8601(self._start_ns)}),
            Column("value", known.unit, known.description),
            Column("quality", "", "0 good, 1 suspect, 3 not a measurement", "int8", (), 0),
        )
        self._logs[quantity] = Table(group, columns)

"""Another calibration of the load cell: the logged pressure back to what the load cell showed, and forth again."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.control.uncertainty import LoadPath, stack_pressure_uncertainty
from operando.errors import RecordError
from operando.history import EnvironmentHistory, KeptProgramme, RealisedStep, Samples, Spectrum
from operando.recorder.instants import NS
from operando.recorder.run import Run
from operando.vocabulary import Quality, Reading

PRESSURE, UNCERTAINTY, TEMPERATURE = "stack_pressure", "stack_pressure_uncertainty", "temperature"
REACH_NS = 120 * NS
"""ns before a sample of the uncertainty within which pressure and temperature may have been read."""
UNKNOWN_AGE = 30 * 86_400.0
"""s, where nobody has written down when the load cell was tared; as the environment service has it."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is to hold of the load cell in place of what was configured.

    Parameters
    ----------
    fields : Mapping
        Keys of the table ``[load_cell]`` → value; what is not named stays.
    scale : float
        True force over the force that the load cell showed.
    text : str
        The file that says so.
    name : str
        Of that file.
    """

    fields: Mapping[str, Any]
    scale: float
    text: str
    name: str


@dataclass(frozen=True, slots=True)
class Conversion:
    """MPa as logged → MPa as they are now: (scale (P A + old tare) − tare) / A.

    Parameters
    ----------
    area : float
        mm², of the electrode.
    old_tare, tare : float
        N; the old one in the old scale, the new one in the new scale.
    scale : float
        True force over the force that the load cell showed.
    capacity : float
        N, true force; beyond it nothing is believed.
    """

    area: float
    old_tare: float
    tare: float
    scale: float
    capacity: float

    @classmethod
    def between(cls, old: Run, new: Run, scale: float) -> "Conversion":
        """Return the conversion between two configurations of a run.

        Raises
        ------
        RecordError
            They do not say what it takes.
        """
        values = {
            "electrode_diameter_mm": old.setting("cell", "electrode_diameter_mm"),
            "tare_N of the run": old.setting("load_cell", "tare_N"),
            "tare_N": new.setting("load_cell", "tare_N"),
            "capacity_N": new.setting("load_cell", "capacity_N"),
        }
        missing = [name for name, value in values.items() if value is None]
        if missing:
            raise RecordError(f"run {old.uid}: no {', '.join(missing)}: its pressure is not converted")
        diameter, old_tare, tare, capacity = (float(value) for value in values.values())
        return cls(math.pi / 4 * diameter**2, old_tare, tare, scale, capacity)

    def __call__(self, pressure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return pressures, MPa."""
        converted: NDArray[np.float64] = (self.force(pressure) - self.tare) / self.area
        return converted

    def force(self, pressure: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return true forces on the load cell, its zero included, N."""
        force: NDArray[np.float64] = self.scale * (pressure * self.area + self.old_tare)
        return force


class Recalibrated(EnvironmentHistory):
    """An environment log with the pressures of another calibration of the load cell; all else is as it was logged.

    Parameters
    ----------
    history : EnvironmentHistory
        As logged.
    run : Run
        With the new calibration in its configuration.
    conversion : Conversion
        Of the pressure.
    """

    def __init__(self, history: EnvironmentHistory, run: Run, conversion: Conversion) -> None:
        self._history = history
        self._conversion = conversion
        self._path = _load_path(run, conversion.area)
        self._tared_at = float(run.setting("load_cell", "tare_temperature_C") or 25.0)
        self._tared_ns = _instant(run.setting("load_cell", "tare_time"))

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        """Return what was measured of a quantity from ``start_ns`` to ``end_ns``, both included."""
        if quantity == PRESSURE:
            return self._pressures(start_ns, end_ns)
        if quantity == UNCERTAINTY:
            return self._uncertainties(start_ns, end_ns)
        return self._history.samples(quantity, start_ns, end_ns)

    def last(self, quantity: str, before_ns: int | None = None) -> Reading | None:
        """Return the newest sample of a quantity, or the newest at or before ``before_ns``, or None."""
        found = self._history.last(quantity, before_ns)
        if found is None or quantity not in (PRESSURE, UNCERTAINTY):
            return found
        samples = self.samples(quantity, found.time_ns, found.time_ns)
        return Reading(float(samples.value[-1]), found.time_ns, Quality(int(samples.quality[-1])))

    def steps(self, start_ns: int, end_ns: int, cell: str = "") -> list[RealisedStep]:
        """Return them as they were logged."""
        return self._history.steps(start_ns, end_ns, cell)

    def spectra(self, start_ns: int, end_ns: int, cell: str = "") -> list[Spectrum]:
        """Return them as they were logged."""
        return self._history.spectra(start_ns, end_ns, cell)

    def programme(self, before_ns: int, cell: str = "", hash: str = "%") -> KeptProgramme | None:
        """Return it as it was logged."""
        return self._history.programme(before_ns, cell, hash)

    def programmes(self, start_ns: int, end_ns: int, cell: str = "") -> list[KeptProgramme]:
        """Return them as they were logged."""
        return self._history.programmes(start_ns, end_ns, cell)

    def committed_ns(self) -> int:
        """Return how far the log is complete."""
        return self._history.committed_ns()

    def close(self) -> None:
        """Close the log."""
        self._history.close()

    def _pressures(self, start_ns: int, end_ns: int) -> Samples:
        """Convert; what is beyond the new capacity is not believed, as the service would not have believed it."""
        logged = self._history.samples(PRESSURE, start_ns, end_ns)
        beyond = np.abs(self._conversion.force(logged.value)) > self._conversion.capacity
        value = np.where(beyond, np.nan, self._conversion(logged.value))
        quality = np.where(beyond, np.int8(Quality.INVALID), logged.quality)
        return Samples(logged.time_ns, value, quality.astype(np.int8))

    def _uncertainties(self, start_ns: int, end_ns: int) -> Samples:
        logged = self._history.samples(UNCERTAINTY, start_ns, end_ns)
        if not len(logged):
            return logged
        pressure = _held(self._pressures(start_ns - REACH_NS, end_ns), logged.time_ns)
        temperature = _held(self._history.samples(TEMPERATURE, start_ns - REACH_NS, end_ns), logged.time_ns)
        warming = np.nan_to_num(temperature - self._tared_at)
        value = [
            stack_pressure_uncertainty(self._path, float(each), float(kelvin), self._age(int(time_ns)))
            for each, kelvin, time_ns in zip(pressure, warming, logged.time_ns, strict=True)
        ]
        return Samples(logged.time_ns, np.where(np.isnan(logged.value), np.nan, value), logged.quality)

    def _age(self, time_ns: int) -> float:
        return UNKNOWN_AGE if self._tared_ns is None else (time_ns - self._tared_ns) / NS


def _held(samples: Samples, time_ns: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the last good value at or before each time; not a number where there is none."""
    good = (samples.quality == Quality.GOOD) & np.isfinite(samples.value)
    times, values = samples.time_ns[good], np.concatenate([[np.nan], samples.value[good]])
    return values[np.searchsorted(times, time_ns, side="right")]


def _load_path(run: Run, area: float) -> LoadPath:
    def number(table: str, key: str, default: float) -> float:
        value = run.setting(table, key)
        return default if value is None else float(value)

    diameter = number("cell", "electrode_diameter_mm", math.nan)
    return LoadPath(
        area=area,
        area_uncertainty=2 * number("cell", "electrode_diameter_uncertainty_mm", 0.0) / diameter,
        zero_per_kelvin=number("load_cell", "zero_drift_N_per_K", 0.0),
        zero_per_root_day=number("load_cell", "zero_drift_N_per_root_day", 0.0),
        friction=number("load_cell", "guide_friction_N", 0.0),
    )


def _instant(moment: Any) -> int | None:
    if not isinstance(moment, str):
        return None
    found = datetime.fromisoformat(moment)
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()) * NS

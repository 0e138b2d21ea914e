"""The stack pressure's uncertainty, from what the configuration knows of the load path."""

import math
from datetime import UTC, datetime

from operando.config import Endstation
from operando.control.uncertainty import LoadPath, stack_pressure_uncertainty
from operando.vocabulary import Quality, Reading

UNKNOWN_AGE = 30 * 86_400.0
"""s, where nobody has written down when the load cell was tared."""


class PressureUncertainty:
    """Judges readings of the stack pressure.

    Parameters
    ----------
    config : Endstation
        Electrode, load cell, tare.
    """

    def __init__(self, config: Endstation) -> None:
        cell, load_cell = config.cell, config.load_cell
        self._path = LoadPath(
            area=math.pi / 4 * cell.electrode_diameter_mm**2,
            area_uncertainty=2 * cell.electrode_diameter_uncertainty_mm / cell.electrode_diameter_mm,
            zero_per_kelvin=load_cell.zero_drift_N_per_K,
            zero_per_root_day=load_cell.zero_drift_N_per_root_day,
            friction=load_cell.guide_friction_N,
        )
        self._tared = load_cell.tare_time
        self._tared_at = load_cell.tare_temperature_C

    def of(self, pressure: Reading, temperature: float) -> Reading:
        """Return the standard uncertainty (MPa) of a reading (MPa).

        Parameters
        ----------
        pressure : Reading
            As read; an uncertainty of what is INVALID is INVALID too.
        temperature : float
            °C, of the cell: the load cell changes by less, so this is the safe side. Not a number counts as unchanged.
        """
        warming = 0.0 if math.isnan(temperature) else temperature - self._tared_at
        value = stack_pressure_uncertainty(self._path, pressure.value, warming, self._age(pressure.time_ns))
        return Reading(value, pressure.time_ns, Quality.GOOD if math.isfinite(value) else Quality.INVALID)

    def _age(self, time_ns: int) -> float:
        if self._tared is None:
            return UNKNOWN_AGE
        tared = self._tared if self._tared.tzinfo else self._tared.replace(tzinfo=UTC)
        return (datetime.fromtimestamp(time_ns * 1e-9, UTC) - tared).total_seconds()

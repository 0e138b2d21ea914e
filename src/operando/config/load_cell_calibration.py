"""Another calibration of the load cell, for runs that were recorded with an older one."""

from datetime import datetime
from pathlib import Path
from typing import Any, Self

from pydantic import model_validator

from operando.config._model import Day, NotNegative, Positive, Table
from operando.config.load import parse, read_text, validate


class LoadCellCalibration(Table):
    """Keys of the table ``[load_cell]`` that may be known better afterwards, and ``scale``; all may be left out."""

    scale: Positive = 1.0
    """True force over the force that the load cell showed."""
    tare_N: float | None = None
    """In the new scale."""
    capacity_N: Positive | None = None
    tare_time: datetime | None = None
    tare_temperature_C: float | None = None
    tare_by: str | None = None
    zero_drift_N_per_K: NotNegative | None = None
    zero_drift_N_per_root_day: NotNegative | None = None
    guide_friction_N: NotNegative | None = None
    model: str | None = None
    serial_number: str | None = None
    sensitivity_mV_per_V: Positive | None = None
    calibrated_on: Day | None = None
    calibrated_by: str | None = None
    calibration_certificate: str | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("says nothing; scale, tare_N or another key of [load_cell] is wanted")
        return self

    def fields(self) -> dict[str, Any]:
        """Return the keys of ``[load_cell]`` that are given, as plain values."""
        return self.model_dump(mode="json", exclude_unset=True, exclude={"scale"})


def load_calibration(path: Path) -> tuple[LoadCellCalibration, str]:
    """Load a calibration of the load cell, and its text.

    Raises
    ------
    ConfigurationError
        One line for each thing that is wrong.
    """
    text = read_text(path)
    return validate(path, parse(path, text), LoadCellCalibration), text

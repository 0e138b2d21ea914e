"""Potentials with their scale; currents and charges in A, per gram of active material, or as a C-rate."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from operando.config._model import Positive, Table
from operando.config.programme.currents import CRate, PositiveCRate
from operando.vocabulary import PotentialScale, terminal_voltage

UNITS = {"_A": "A", "_mA_per_g": "mA/g", "_C_rate": "C", "_mAh": "mA h", "_mAh_per_g": "mA h/g"}
"""End of a key → the unit of its number."""


class Potential(Table):
    """A potential and what it is measured against, as ``{ value_V = 4.3, scale = "Li/Li+" }``."""

    value_V: float
    scale: Annotated[PotentialScale, Field(strict=False)]

    @model_validator(mode="before")
    @classmethod
    def _with_its_scale(cls, written: Any) -> Any:
        if isinstance(written, int | float) and not isinstance(written, bool):
            raise ValueError(
                f'{written:g} V has no scale; {{ value_V = {written:g}, scale = "Li/Li+" }} or '
                f'{{ value_V = {written:g}, scale = "cell" }} (between the terminals) is wanted'
            )
        return written

    def at_terminals(self, counter_electrode_potential: float) -> float:
        """V between the cell's terminals, given the counter electrode's potential in V vs Li/Li+."""
        return terminal_voltage(self.value_V, self.scale, counter_electrode_potential)


def given(table: Table, stem: str) -> str:
    """Return the one key of a table that begins with a stem and has a value; nothing where none has."""
    keys = (f"{stem}{ending}" for ending in UNITS)
    return next((key for key in keys if getattr(table, key, None) is not None), "")


def unit(key: str) -> str:
    """Return the unit in which a key's number is."""
    return next((name for ending, name in UNITS.items() if key.endswith(ending)), "")


def _one(table: Table, stem: str, *, needed: bool = True) -> None:
    keys = [f"{stem}{ending}" for ending in UNITS if f"{stem}{ending}" in type(table).model_fields]
    there = [key for key in keys if getattr(table, key) is not None]
    if len(there) > 1 or (needed and not there):
        found = " and ".join(there) or "none of them"
        raise ValueError(f"{' or '.join(keys)}: one of them is wanted, {found} is there")


class AppliedCurrent(Table):
    """The current that is applied; above zero it charges the cell."""

    current_A: float | None = None
    current_mA_per_g: float | None = None
    current_C_rate: CRate | None = None

    @model_validator(mode="after")
    def _one_current(self) -> Self:
        _one(self, "current")
        if not getattr(self, key := given(self, "current")):
            raise ValueError(f"{key} = 0: a step without current is a rest")
        return self


class CurrentLimit(Table):
    """What may flow while a voltage is applied, without its sign: the instrument's range is chosen by it."""

    current_limit_A: Positive | None = None
    current_limit_mA_per_g: Positive | None = None
    current_limit_C_rate: Annotated[PositiveCRate, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        _one(self, "current_limit")
        return self


class Taper(Table):
    """The current, without its sign, down to which a voltage is held."""

    until_current_below_A: Positive | None = None
    until_current_below_mA_per_g: Positive | None = None
    until_current_below_C_rate: Annotated[PositiveCRate, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _one_taper(self) -> Self:
        _one(self, "until_current_below", needed=False)
        return self


class ChargeEnd(Table):
    """The charge that passes in a step, without its sign."""

    until_charge_mAh: Positive | None = None
    until_charge_mAh_per_g: Positive | None = None

    @model_validator(mode="after")
    def _one_charge(self) -> Self:
        _one(self, "until_charge", needed=False)
        return self


class VoltageEnds(Table):
    """Where the voltage between working and counter electrode ends a step."""

    until_voltage_above: Potential | None = None
    until_voltage_below: Potential | None = None


class OtherEnds(Table):
    """Time, and what somebody else than the instrument must say."""

    until_time_s: Annotated[float, Field(gt=0, le=2_592_000)] | None = None
    """At most 30 days."""
    until_temperature_above_C: float | None = None
    until_temperature_below_C: float | None = None
    until_measurement: Literal[True] | None = None
    """Somebody says that a measurement, such as a map, is done."""


class Modulation(Table):
    """The amplitude (rms) of a modulated current, and the current that it is modulated about."""

    amplitude_A: Positive | None = None
    amplitude_mA_per_g: Positive | None = None
    amplitude_C_rate: Annotated[PositiveCRate, Field(gt=0)] | None = None
    bias_A: float | None = None
    bias_mA_per_g: float | None = None
    bias_C_rate: CRate | None = None

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        _one(self, "amplitude")
        _one(self, "bias", needed=False)
        return self

"""``[[interlocks]]``: what is watched, when that is too much, and what is done about it."""

import math
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from operando.config._model import Table
from operando.vocabulary import FACTS, QUANTITY, Severity, unit_of

if TYPE_CHECKING:
    from operando.config.endstation import Endstation

ConditionName = Literal[
    "above",
    "below",
    "rate_above",
    "invalid",
    "stale",
    "saturated",
    "set",
    "no_effect",
    "runaway",
    "short_circuit",
    "unexplained",
]
ONLY = {
    "saturated": "piezo_drive",
    "unexplained": "piezo_drive",
    "no_effect": "temperature",
    "runaway": "temperature",
    "short_circuit": "voltage",
}
"""Conditions that look at more than the quantity that they name, which is then always the same."""
LIMITLESS = ("invalid", "saturated", "set")
FLAGS = tuple(name for name, unit in FACTS.items() if not unit)
WINDOWS = {"rate_above": 0.5, "runaway": 10.0}
"""s over which a rate is taken, where the row does not say."""
LIMIT_UNITS = {"stale": "s", "no_effect": "%", "runaway": "K/s"}


class InterlockRow(Table):
    """One row; the limit is in the quantity's own unit, in that unit per second for ``rate_above``."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    quantity: str
    condition: ConditionName
    limit: float | None = None
    for_s: Annotated[float, Field(ge=0)] = 0.0
    window_s: Annotated[float, Field(gt=0)] | None = None
    severity: Annotated[Severity, Field(strict=False)]
    current: Literal["stay", "open"] = "stay"
    heat: Literal["stay", "freeze", "off"] = "stay"
    pressure: Literal["stay", "hold", "release"] = "stay"

    @field_validator("quantity")
    @classmethod
    def _known(cls, quantity: str) -> str:
        if quantity not in QUANTITY and quantity not in FACTS:
            raise ValueError(f"quantity = {quantity!r} is not known; allowed: {', '.join((*QUANTITY, *FACTS))}")
        return quantity

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        for complaint in (self._watched(), self._limited(), self._acting()):
            if complaint:
                raise ValueError(f"{self.name}: {complaint}")
        return self

    @property
    def limit_unit(self) -> str:
        """The unit of ``limit``."""
        unit = LIMIT_UNITS.get(self.condition, unit_of(self.quantity))
        return f"{unit}/s" if self.condition == "rate_above" else unit

    @property
    def window(self) -> float:
        """Seconds over which a rate is taken."""
        return self.window_s or WINDOWS.get(self.condition, 0.0)

    def _watched(self) -> str:
        wanted = ONLY.get(self.condition, self.quantity)
        if self.quantity != wanted:
            return f"condition {self.condition} is for quantity = {wanted!r}, not {self.quantity!r}"
        if self.condition == "set" and self.quantity not in FLAGS:
            return f"condition set is for a flag: {', '.join(FLAGS)}; not {self.quantity!r}"
        return ""

    def _limited(self) -> str:
        needless = self.condition in LIMITLESS
        if needless and self.limit is not None:
            return f"limit = {self.limit:g}: condition {self.condition} has none"
        if not needless and self.limit is None:
            return f"limit is missing; a number in {self.limit_unit or 'its own count'} is wanted"
        if self.limit is not None and self.limit <= 0 and self.condition not in ("above", "below"):
            return f"limit = {self.limit:g} {self.limit_unit}: more than 0 {self.limit_unit} is wanted"
        if self.window_s and self.condition not in WINDOWS:
            return f"window_s = {self.window_s:g}: only for {', '.join(WINDOWS)}"
        return ""

    def _acting(self) -> str:
        if self.severity is Severity.ALARM and (self.current, self.pressure) != ("stay", "stay"):
            return "an alarm leaves current and pressure alone; severity = 'trip' acts on them"
        if self.severity is Severity.ALARM and self.heat == "off":
            return "heat = 'off': an alarm may freeze the ramp; severity = 'trip' switches the heat off"
        return ""


def contradiction(config: "Endstation") -> str:
    """Return what a trip and the rest of the configuration disagree about, or nothing."""
    names = [row.name for row in config.interlocks]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"interlocks: name = {twice[0]!r} is there twice; each row has a name of its own"
    programme = config.programme.compiled(config.cell.counter_electrode_potential_V)
    allowed = {
        ("stack_pressure", "above"): (config.pressure.high_limit_MPa, "[pressure] high_limit_MPa"),
        ("stack_pressure", "below"): (config.pressure.low_limit_MPa, "[pressure] low_limit_MPa"),
        ("temperature", "above"): (config.heater.high_limit_C, "[heater] high_limit_C"),
        ("voltage", "above"): (programme.upper_cutoff, "[programme] upper_cutoff at the terminals"),
        ("voltage", "below"): (programme.lower_cutoff, "[programme] lower_cutoff at the terminals"),
    }
    area = math.pi / 4 * config.cell.electrode_diameter_mm**2
    reach = (config.load_cell.capacity_N - config.load_cell.tare_N) / area
    for row in config.interlocks:
        if (row.quantity, row.condition) == ("stack_pressure", "above") and (row.limit or 0.0) >= reach:
            return f"interlocks: {row.name}: limit = {row.limit:g} MPa, but the load cell ends at {reach:.4g} MPa"
        edge, where = allowed.get((row.quantity, row.condition), (None, ""))
        if row.severity is not Severity.TRIP or edge is None or row.limit is None:
            continue
        if row.limit < edge if row.condition == "above" else row.limit > edge:
            return (
                f"interlocks: {row.name}: limit = {row.limit:g} {row.limit_unit} would trip on what is allowed: "
                f"{where} is {edge:g}"
            )
    return ""

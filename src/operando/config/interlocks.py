"""``[[interlocks]]``: what is watched, when that is too much, and what is done about it."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from operando.config._model import Table
from operando.config.programme import voltage_range
from operando.config.programme.doubts import HIGHEST, LOWEST
from operando.config.programme.wording import Words
from operando.vocabulary import FACTS, QUANTITY, Severity, cell_of, of_channel, plain_name, unit_of

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
    "surge",
    "lead_off",
    "missing",
    "unexplained",
]
ONLY = {
    "saturated": "piezo_drive",
    "unexplained": "piezo_drive",
    "no_effect": "temperature",
    "runaway": "temperature",
    "short_circuit": "voltage",
    "surge": "current",
    "lead_off": "current",
}
"""Conditions that look at more than the quantity that they name, which is then always the same, of whichever cell."""
LIMITLESS = ("invalid", "saturated", "set", "missing")
SHARES = ("surge", "lead_off")
"""Conditions whose limit is a share."""
FLAGS = tuple(name for name, unit in FACTS.items() if not unit)
WINDOWS = {"rate_above": 0.5, "runaway": 10.0}
"""s over which a rate is taken, where the row does not say."""
LIMIT_UNITS = {"stale": "s", "no_effect": "%", "runaway": "K/s", "surge": "", "lead_off": ""}

GUARDS = {
    "a short circuit": ("voltage", "short_circuit"),
    "a lead that is off": ("current", "lead_off"),
    "an overload": ("cell_overload", "set"),
    "too high a voltage": ("voltage", "above"),
    "too low a voltage": ("voltage", "below"),
    "a potentiostat that is silent": ("current", "missing"),
}
"""What a cell should be opened for: quantity and condition of a row."""
SCALE_WORDS = {"voltage": "at the terminals", "potential": "vs Li/Li+"}
MARGIN = 0.3
"""V: a limit that lies no further behind what a programme leads to is meant; the other scale is mostly further off."""
EXACT = 1e-9
"""V: two scales are converted into each other with less rounding than that."""


class InterlockRow(Table):
    """One row; the limit is in the quantity's own unit, in that unit per second for ``rate_above``."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    quantity: str
    condition: ConditionName
    limit: float | None = None
    for_s: Annotated[float, Field(ge=0)] = 0.0
    for_samples: Annotated[int, Field(ge=1, le=1000)] = 1
    """Readings, one after the other, at which the condition must be met; of a cell, none is skipped."""
    every_cell: bool = False
    """The row stands for the cell of each channel, too, under the name with the channel's behind it; a row that is
    written under that name takes its place."""
    window_s: Annotated[float, Field(gt=0)] | None = None
    severity: Annotated[Severity, Field(strict=False)]
    current: Literal["stay", "open"] = "stay"
    heat: Literal["stay", "freeze", "off"] = "stay"
    pressure: Literal["stay", "hold", "release"] = "stay"

    @field_validator("quantity")
    @classmethod
    def _known(cls, quantity: str) -> str:
        try:
            cell_of(quantity)
        except KeyError:
            allowed = ", ".join((*QUANTITY, *FACTS))
            raise ValueError(f"quantity = {quantity!r} is not known; allowed: {allowed}") from None
        return quantity

    @model_validator(mode="after")
    def _sensible(self) -> Self:
        for complaint in (self._watched(), self._limited(), self._acting()):
            if complaint:
                raise ValueError(f"{self.name}: {complaint}")
        return self

    @property
    def cell(self) -> str | None:
        """Channel of the cell that it is about; empty for the main cell, None for the whole endstation."""
        return cell_of(self.quantity)

    def on_channel(self, channel: str) -> Self:
        """Return the same row for the cell of a channel."""
        changes = {"name": of_channel(self.name, channel), "quantity": of_channel(self.quantity, channel)}
        return self.model_copy(update=changes | {"every_cell": False})

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
        plain = plain_name(self.quantity)
        wanted = ONLY.get(self.condition, plain)
        if plain != wanted:
            return f"condition {self.condition} is for quantity = {wanted!r}, not {self.quantity!r}"
        if self.every_cell and self.cell != "":
            return f"every_cell = true is for a row that names the main cell's quantity, not {self.quantity!r}"
        if self.condition == "set" and plain not in FLAGS:
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
        if self.condition in SHARES and self.limit is not None and self.limit >= 1:
            return f"limit = {self.limit:g}: a share, less than 1, is wanted"
        if self.window_s and self.condition not in WINDOWS:
            return f"window_s = {self.window_s:g}: only for {', '.join(WINDOWS)}"
        return ""

    def _acting(self) -> str:
        if self.severity is Severity.ALARM and (self.current, self.pressure) != ("stay", "stay"):
            return "an alarm leaves current and pressure alone; severity = 'trip' acts on them"
        if self.severity is Severity.ALARM and self.heat == "off":
            return "heat = 'off': an alarm may freeze the ramp; severity = 'trip' switches the heat off"
        return ""


def expanded(config: "Endstation") -> list[InterlockRow]:
    """Return every row, those for every cell once for each, where no row of that name is a cell's own."""
    written = {row.name for row in config.interlocks}
    found = []
    for row in config.interlocks:
        copies = [row.on_channel(channel.name) for channel in config.channels] if row.every_cell else []
        found += [row, *(copy for copy in copies if copy.name not in written)]
    return found


def unguarded(config: "Endstation") -> list[str]:
    """Return, for each cell that is not opened for everything it should be, what is missing."""
    guarded = {
        (row.quantity, row.condition)
        for row in expanded(config)
        if row.severity is Severity.TRIP and row.current == "open"
    }
    found = []
    for channel in ("", *(channel.name for channel in config.channels)):
        missing = [
            what
            for what, (quantity, condition) in GUARDS.items()
            if (of_channel(quantity, channel), condition) not in guarded
        ]
        if missing:
            whose = f"channel {channel}" if channel else "the cell in the press"
            found.append(f"[[interlocks]] no row opens {whose} for {', '.join(missing)}")
    return found


def contradiction(config: "Endstation") -> str:
    """Return what a trip and the rest of the configuration disagree about, or nothing."""
    rows = expanded(config)
    names = [row.name for row in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        return f"interlocks: name = {twice[0]!r} is there twice; each row has a name of its own"
    known = {"", *(channel.name for channel in config.channels)}
    for row in rows:
        if row.cell is not None and row.cell not in known:
            return f"interlocks: {row.name}: quantity = {row.quantity!r}: there is no channel {row.cell!r}"
    allowed = _allowed(config)
    area = math.pi / 4 * config.cell.electrode_diameter_mm**2
    reach = (config.load_cell.capacity_N - config.load_cell.tare_N) / area
    for row in rows:
        if (row.quantity, row.condition) == ("stack_pressure", "above") and (row.limit or 0.0) >= reach:
            return f"interlocks: {row.name}: limit = {row.limit:g} MPa, but the load cell ends at {reach:.4g} MPa"
        edge, where = allowed.get((row.quantity, row.condition), (None, ""))
        if row.severity is not Severity.TRIP or edge is None or row.limit is None:
            continue
        if row.limit < edge - EXACT if row.condition == "above" else row.limit > edge + EXACT:
            return (
                f"interlocks: {row.name}: limit = {row.limit:g} {row.limit_unit} would trip on what is allowed: "
                f"{where} is {edge:g}"
            )
    return ""


def _allowed(config: "Endstation") -> dict[tuple[str, str], tuple[float, str]]:
    """Return how far each quantity may go, by name and condition, and where that stands."""
    allowed = {
        ("stack_pressure", "above"): (config.pressure.high_limit_MPa, "[pressure] high_limit_MPa"),
        ("stack_pressure", "below"): (config.pressure.low_limit_MPa, "[pressure] low_limit_MPa"),
        ("temperature", "above"): (config.heater.high_limit_C, "[heater] high_limit_C"),
    }
    for channel, programme in config.compiled_programmes().items():
        whose = f"channel {channel}: programme:" if channel else "[programme]"
        for quantity, counter in _scales(programme.counter_electrode_potential).items():
            lowest, highest = voltage_range(programme) or (math.inf, -math.inf)
            led_to = f"{whose} the {quantity} that it leads to, {SCALE_WORDS[quantity]},"
            allowed[of_channel(quantity, channel), "above"] = (highest + counter, led_to)
            allowed[of_channel(quantity, channel), "below"] = (lowest + counter, led_to)
    return allowed


def _scales(counter: float) -> dict[str, float]:
    """Return the quantities that are the cell's voltage, and how far each lies above that between the terminals."""
    return {"voltage": 0.0, "potential": counter}


def scale_doubts(config: "Endstation") -> Iterator[str]:
    """Yield limits of a cell's voltage that no usual electrode meets, on both scales: perhaps the other was meant."""
    for channel, programme in config.compiled_programmes().items():
        counter = programme.counter_electrode_potential
        offsets = {of_channel(quantity, channel): offset for quantity, offset in _scales(counter).items()}
        lowest, highest = voltage_range(programme) or (math.inf, -math.inf)
        for row in expanded(config):
            if row.quantity not in offsets or row.limit is None:
                continue
            volts = row.limit - offsets[row.quantity]
            high, low = max(HIGHEST - counter, highest + MARGIN), min(LOWEST - counter, lowest - MARGIN)
            if volts > high if row.condition == "above" else row.condition == "below" and volts < low:
                yield (
                    f"[[interlocks]] {row.name}: {row.quantity} {row.condition} {row.limit:g} V is "
                    f"{Words(counter).voltage(volts)}; is its scale meant? quantity = 'voltage' is between the "
                    "terminals, 'potential' vs Li/Li+"
                )

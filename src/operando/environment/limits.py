"""What may be asked for: each field of a request with its unit, its limits, and where they are configured."""

import math
from dataclasses import dataclass

from operando.config import Endstation
from operando.errors import RequestRefused
from operando.vocabulary import Mode, Request


@dataclass(frozen=True, slots=True)
class Field:
    """A field that a request may name.

    Parameters
    ----------
    unit : str
        Internal unit of the value; empty for a command, whose value is ignored.
    low, high : float
        Smallest and largest value that is taken.
    low_key, high_key : str
        Where the limit is configured; empty where it follows from what the field means.
    command : bool
        The value is ignored.
    words : tuple of str
        What may be asked for in words; the value is ignored.
    text : bool
        A text is asked for, not an empty one; the value is ignored.
    """

    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    low_key: str = ""
    high_key: str = ""
    command: bool = False
    words: tuple[str, ...] = ()
    text: bool = False


COMMAND = Field(command=True)
MODES = (Mode.CLOSED_LOOP.value, Mode.CONSTANT_VOLUME.value, Mode.MANUAL.value)
"""What may be asked for; the released mode is reached by ``safe`` alone."""
LONGEST = 86_400.0
"""s, a day: a longer settle time is a typing error."""
SMALLEST = 1e-6
"""Of the unit: a tolerance or a rate of zero could never be met."""


def pressure_fields(config: Endstation) -> dict[str, Field]:
    """Return what may be asked of the stack pressure."""
    table = config.pressure
    span = table.high_limit_MPa - table.low_limit_MPa
    low_key, high_key = _key(config, "pressure", "low_limit_MPa"), _key(config, "pressure", "high_limit_MPa")
    piezo = config.piezo
    piezo_keys = _key(config, "piezo", "low_limit_V"), _key(config, "piezo", "high_limit_V")
    return {
        "mode": Field(words=MODES),
        "drive": Field("V", piezo.low_limit_V, piezo.high_limit_V, *piezo_keys),
        "target": Field("MPa", table.low_limit_MPa, table.high_limit_MPa, low_key, high_key),
        "tolerance": Field("MPa", SMALLEST, span),
        "settle_time": Field("s", 0.0, LONGEST),
        "ramp_rate": Field("MPa/s", SMALLEST, span),
        "stop": COMMAND,
        "reset": COMMAND,
    }


def temperature_fields(config: Endstation) -> dict[str, Field]:
    """Return what may be asked of the temperature."""
    table = config.heater
    span = table.high_limit_C - table.low_limit_C
    low_key, high_key = _key(config, "heater", "low_limit_C"), _key(config, "heater", "high_limit_C")
    return {
        "target": Field("degC", table.low_limit_C, table.high_limit_C, low_key, high_key),
        "tolerance": Field("K", SMALLEST, span),
        "settle_time": Field("s", 0.0, LONGEST),
        "ramp_rate": Field("K/s", SMALLEST, span),
        "stop": COMMAND,
        "reset": COMMAND,
    }


def programme_fields() -> dict[str, Field]:
    """Return what may be asked of a cell programme, whose limits are checked where it is compiled."""
    return {"load": Field(text=True)} | dict.fromkeys(
        ("start", "stop", "pause", "resume", "end_step", "reset"), COMMAND
    )


def control_fields() -> dict[str, Field]:
    """Return what may be asked of the endstation as a whole."""
    return dict.fromkeys(("own", "disown", "hold", "safe"), COMMAND)


def check(subject: str, request: Request, fields: dict[str, Field]) -> None:
    """Refuse what is out of limits; nothing is clamped.

    Parameters
    ----------
    subject : str
        What is asked: ``stack_pressure``.
    request : Request
        By whom, and for what.
    fields : dict
        What may be asked.

    Raises
    ------
    RequestRefused
        Names who, field, value, unit, limit, and where the limit is configured.
    """
    field = fields.get(request.field)
    if field is None:
        allowed = ", ".join(sorted(fields))
        raise RequestRefused(
            f"{subject}: {request.who} asked for {request.field!r}; allowed: {allowed}; nothing changes"
        )
    if field.words and request.text not in field.words:
        raise RequestRefused(
            f"{subject}: {request.who} asked for {request.field} = {request.text!r}; "
            f"allowed: {', '.join(field.words)}; nothing changes"
        )
    if field.text and not request.text.strip():
        raise RequestRefused(
            f"{subject}: {request.who} asked for {request.field} without a text; one is wanted; nothing changes"
        )
    if field.text or field.words or field.command or field.low <= request.value <= field.high:
        return
    asked = f"{subject}: {request.who} asked for {request.field} = {request.value:g} {field.unit}"
    if not math.isfinite(request.value):
        raise RequestRefused(f"{asked}, which is no number to go to; nothing changes")
    beyond = request.value > field.high
    limit, key = (field.high, field.high_key) if beyond else (field.low, field.low_key)
    where = f" ({key})" if key else ""
    side = "above the high" if beyond else "below the low"
    raise RequestRefused(f"{asked}, {side} limit {limit:g} {field.unit}{where}; nothing changes")


def _key(config: Endstation, table: str, key: str) -> str:
    return f"{config.file}: [{table}] {key}"

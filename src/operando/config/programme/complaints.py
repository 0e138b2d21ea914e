"""What is wrong with a programme's text, in a line with the step's number, its name and the field."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from operando.config.programme.model import Programme
from operando.config.programme.steps import KINDS

PARTS = {"cc_cv": 2, "gitt": 2}
"""Steps that a kind becomes, where it is not one."""
SHORT_FORM = {
    "charge_current_A": 'kind = "constant_current" with current_A above zero',
    "discharge_current_A": 'kind = "constant_current" with current_A below zero',
    "upper_cutoff": "until_voltage_above of the step that charges",
    "lower_cutoff": "until_voltage_below of the step that discharges",
    "cycles": 'kind = "loop" with passes, and the steps of a cycle in it',
}
"""Keys of the constant-current cycling that was written without steps → how an entry of ``steps`` says it."""


def complaint(detail: ErrorDetails, written: Any) -> str:
    """Return one line for what pydantic found.

    Parameters
    ----------
    detail : ErrorDetails
        Its location begins at the programme itself.
    written : object
        The programme as it was read, before anybody looked at it.
    """
    place, kind, rest = _place(list(detail["loc"]), written)
    # A potential without a scale and the like: the key itself, then what is wrong with its value.
    field = ".".join(str(part) for part in rest)
    return f"{place}{_wrong(detail, kind, field)}"


def step_count(written: Any) -> int:
    """Return how many steps an entry of ``steps`` becomes."""
    if not isinstance(written, Mapping):
        return 1
    if written.get("kind") == "loop":
        inner = written.get("steps")
        return sum(map(step_count, inner)) if isinstance(inner, list) else 0
    return PARTS.get(str(written.get("kind")), 1)


def step_place(number: int, name: str, count: int = 1) -> str:
    """Return how a step is called in a complaint."""
    return f"steps {number}–{number + count - 1} ({name})" if count > 1 else f"step {number} ({name})"


def _place(loc: list[Any], written: Any) -> tuple[str, str, list[Any]]:
    """Return which step a location is in, of which kind it is, and what remains of the location."""
    place, kind, first = "", "", 1
    while len(loc) >= 2 and loc[0] == "steps" and isinstance(loc[1], int):
        entries: Sequence[Any] = written.get("steps") if isinstance(written, Mapping) else ()  # type: ignore[assignment]
        index = loc[1]
        first += sum(map(step_count, entries[:index]))
        written = entries[index]
        named = written if isinstance(written, Mapping) else {}
        kind = str(named.get("kind", ""))
        count = step_count(written)
        name = str(named.get("name") or kind or "without a kind")
        place = (
            f"loop around {step_place(first, name, count)} " if kind == "loop" else f"{step_place(first, name, count)} "
        )
        # Behind the index pydantic names the kind by which it chose the model.
        loc = loc[3:] if len(loc) > 2 and loc[2] in KINDS else loc[2:]
    return place, kind, loc


def _wrong(detail: ErrorDetails, kind: str, field: str) -> str:
    found, value = detail["type"], detail["input"]
    if found == "extra_forbidden":
        return _unknown(kind, field, value)
    if found == "missing":
        return f"{field}: missing; a value is wanted"
    if found == "value_error":
        return f"{field}: {detail['ctx']['error']}" if field else str(detail["ctx"]["error"])
    if found in ("union_tag_invalid", "union_tag_not_found"):
        was = value.get("kind") if isinstance(value, Mapping) else None
        return f"kind = {was!r}: one of {', '.join(KINDS)} is wanted"
    shown = f" = {value!r}" if isinstance(value, str | int | float | bool) else ""
    return f"{field}{shown}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"


def _unknown(kind: str, field: str, value: object) -> str:
    if not kind and field in SHORT_FORM:
        return f"{field} = {value!r}: the short form is gone; an entry of steps says it now: {SHORT_FORM[field]}"
    table, _, key = field.rpartition(".")
    model: Any = KINDS.get(kind, Programme)
    for part in table.split(".") if table else ():
        options = getattr(model.model_fields[part].annotation, "__args__", (model.model_fields[part].annotation,))
        model = next(option for option in options if hasattr(option, "model_fields"))
    elsewhere = [name for name, other in KINDS.items() if key in other.model_fields]
    why = f"no key of a {kind} step" if kind in KINDS and elsewhere and not table else "unknown key"
    return f"{field} = {value!r}: {why}; allowed: {', '.join(sorted(set(model.model_fields) - {'kind'}))}"

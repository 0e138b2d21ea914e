"""A compiled cell programme as plain values, as they go into JSON, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from operando.vocabulary.cell_programme import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Rest,
    Safety,
    Step,
    VoltageRamp,
)

KINDS: dict[str, type[Step]] = {
    kind.kind: kind for kind in (Rest, ConstantCurrent, ConstantVoltage, VoltageRamp, Impedance)
}


def plain_step(step: Step) -> dict[str, Any]:
    """Return a step as plain values."""
    ends = [{"limit": end.limit.value, "value": end.value, "below": end.below} for end in step.ends]
    return {"kind": step.kind, **asdict(step), "ends": ends}


def plain(programme: CellProgramme) -> dict[str, Any]:
    """Return a programme as plain values; `programme_from` makes the same programme of them."""
    return {
        "name": programme.name,
        "hash": programme.hash,
        "counter_electrode_potential": programme.counter_electrode_potential,
        "safety": asdict(programme.safety),
        "parts": [_part(part) for part in programme.parts],
        "source": programme.source,
    }


def programme_from(found: Mapping[str, Any]) -> CellProgramme:
    """Return the programme that plain values state.

    Raises
    ------
    KeyError, TypeError, ValueError
        They state none.
    """
    return CellProgramme(
        name=str(found["name"]),
        parts=tuple(_read(part) for part in found["parts"]),
        safety=Safety(**found["safety"]),
        source=str(found["source"]),
        hash=str(found["hash"]),
        counter_electrode_potential=float(found["counter_electrode_potential"]),
    )


def _part(part: Step | Loop) -> dict[str, Any]:
    if isinstance(part, Loop):
        return {"passes": part.passes, "cycles": part.cycles, "parts": [_part(inner) for inner in part.parts]}
    return plain_step(part)


def _read(found: Mapping[str, Any]) -> Step | Loop:
    if "passes" in found:
        return Loop(int(found["passes"]), tuple(_read(part) for part in found["parts"]), bool(found["cycles"]))
    values = {name: value for name, value in found.items() if name not in ("kind", "ends")}
    ends = tuple(End(Limit(end["limit"]), float(end["value"]), bool(end["below"])) for end in found["ends"])
    return KINDS[found["kind"]](**values, ends=ends)

"""Loops of a flat method, which jump back, as loops around their steps."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from operando.errors import ConfigurationError

Table = dict[str, Any]


def nested(
    method: Sequence[Mapping[str, Any]], step: Callable[[int, Mapping[str, Any]], Table], file: str
) -> list[Table]:
    """Return the entries of a method, with loops around what they repeat.

    Parameters
    ----------
    method : sequence of mapping
        In order; a loop names a tag, or the number from 1 of an entry before it, to which it goes back.
    step : callable
        Gives our step for the number from 1 of an entry that is neither tag nor loop.
    file : str
        For the message.

    Raises
    ------
    ConfigurationError
        Two loops cross.
    """
    tags = {entry["tag"]: index for index, entry in enumerate(method) if entry["step"] == "tag"}
    made: list[tuple[int, Table]] = []  # with the index at which each begins
    for index, entry in enumerate(method):
        if entry["step"] == "tag":
            continue
        if entry["step"] != "loop":
            made.append((index, step(index + 1, entry)))
            continue
        to = entry["loop_to"]
        first = tags[to] if isinstance(to, str) else to - 1
        inside = [(begins, part) for begins, part in made if begins >= first]
        if not inside or any(begins < first <= part.get("_ends", begins) for begins, part in made):
            raise ConfigurationError(f"{file}: method {index + 1} (loop): goes back into another loop")
        made = made[: len(made) - len(inside)]
        loop = {"kind": "loop", "passes": entry["cycle_count"], "steps": [part for _, part in inside], "_ends": index}
        made.append((inside[0][0], loop))
    return [_clean(part) for _, part in made]


def flat(parts: Sequence[Any], leaf: Callable[[Any], Table]) -> list[Table]:
    """Return loops of a programme as tags, steps and jumps back.

    Parameters
    ----------
    parts : sequence of Step or Loop
        In order.
    leaf : callable
        Gives the entry for a step.
    """
    method: list[Table] = []
    _flatten(parts, leaf, method)
    return method


def _flatten(parts: Sequence[Any], leaf: Callable[[Any], Table], method: list[Table]) -> None:
    for part in parts:
        if not hasattr(part, "passes"):
            method.append(leaf(part))
            continue
        tag = f"loop {len(method) + 1}"
        method.append({"step": "tag", "tag": tag})
        _flatten(part.parts, leaf, method)
        method.append({"step": "loop", "loop_to": tag, "cycle_count": part.passes})


def _clean(part: Table) -> Table:
    part.pop("_ends", None)
    for inner in part.get("steps", ()):
        _clean(inner)
    return part

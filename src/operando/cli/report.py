"""How commands report: a readable table, or one JSON object alone on the last line of standard output."""

import json
import sys
from collections.abc import Mapping
from typing import Any


def report(facts: Mapping[str, Any], as_json: bool) -> None:
    """Print what a command found.

    Parameters
    ----------
    facts : mapping
        Name → value; the unit is in the name.
    as_json : bool
        One JSON object on the last line instead of a table.
    """
    if as_json:
        sys.stdout.write(json.dumps(dict(facts)) + "\n")
        return
    width = max((len(name) for name in facts), default=0)
    for name, value in facts.items():
        sys.stdout.write(f"{name:<{width}}  {_shown(value)}\n")


def progress(text: str) -> None:
    """Say on standard error what is being done."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def _shown(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)

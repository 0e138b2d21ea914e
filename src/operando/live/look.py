"""A look at one thing, and the line of text that carries it."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIRE = np.dtype("<f4")
"""Of arrays on the line: a screen has no more digits."""
FORMAT = 1
"""Of the lines; a reader that knows another one must not guess."""
HELLO = "hello"
"""Name of the first line: the format, and which looks come at once."""
Fact = float | int | str | None


@dataclass(frozen=True, slots=True)
class Look:
    """What there is to see of one thing.

    Parameters
    ----------
    name : str
        Of the thing, as ``pattern``; a newer look replaces an older one of the same name.
    facts : mapping
        Numbers and words; not a number is None on the line.
    arrays : mapping
        Name → array.
    """

    name: str
    facts: Mapping[str, Fact]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def encode(look: Look) -> bytes:
    r"""Return a look as one line of JSON with its end mark; arrays are float32, little-endian, base64.

    Examples
    --------
    >>> encode(Look("pattern", {"row": 7}, {"intensity": np.array([1.0, 2.0])}))
    b'{"name": "pattern", "row": 7, "arrays": {"intensity": {"shape": [2], "float32": "AACAPwAAAEA="}}}\n'
    """
    arrays = {
        name: {
            "shape": list(array.shape),
            "float32": base64.b64encode(np.ascontiguousarray(array, WIRE).tobytes()).decode(),
        }
        for name, array in look.arrays.items()
    }
    facts = {name: _plain(value) for name, value in look.facts.items()}
    return json.dumps({"name": look.name, **facts, "arrays": arrays}, allow_nan=False).encode() + b"\n"


def decode(line: bytes) -> Look:
    """Return the look of a line.

    Raises
    ------
    ValueError
        The line holds none.
    """
    try:
        found = dict(json.loads(line))
        name, arrays = str(found.pop("name")), found.pop("arrays")
        return Look(name, found, {key: _array(each) for key, each in arrays.items()})
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a line of a live feed without {error}") from error


def _array(wire: Mapping[str, Any]) -> NDArray[np.float32]:
    values = np.frombuffer(base64.b64decode(wire["float32"]), WIRE)
    return values.reshape(wire["shape"]).astype(np.float32)


def _plain(value: Any) -> Fact:
    """Return a fact as JSON knows it: numpy's numbers as Python's, not a number as nothing."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value  # type: ignore[no-any-return]  # numpy's item() is of any type

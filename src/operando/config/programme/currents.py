"""Currents and charges as people write them: in A, per gram of active material, as a C-rate."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

C_RATE = r"^[+-]?(\d+(\.\d+)?)?[CD](/\d+(\.\d+)?)?$"
_RATE = re.compile(r"(?P<sign>[+-]?)(?P<times>\d+(\.\d+)?)?(?P<letter>[CD])(/(?P<part>\d+(\.\d+)?))?")


def c_rate(written: Any) -> Any:
    """Return 1/h for ``"C/4"``, ``"2C"``, ``"-C/10"`` or ``"D/10"``; anything else as it is.

    A sign or the letter D says that the cell is discharged.

    Examples
    --------
    >>> c_rate("C/4"), c_rate("-2C"), c_rate("D/10"), c_rate(0.25)
    (0.25, -2.0, -0.1, 0.25)

    Raises
    ------
    ValueError
        A text that is no such rate.
    """
    if not isinstance(written, str):
        return written
    found = _RATE.fullmatch(written)
    if found is None or float(found["part"] or 1.0) == 0.0 or (found["sign"] and found["letter"] == "D"):
        raise ValueError(f"{written!r} is no C-rate; one such as 'C/4', '2C', '-C/10' or 'D/10' is wanted, or a number")
    rate = float(found["times"] or 1.0) / float(found["part"] or 1.0)
    return -rate if found["sign"] == "-" or found["letter"] == "D" else rate


CRate = Annotated[
    float,
    BeforeValidator(c_rate),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": C_RATE}]}),
]
"""1/h, as a number or as ``"C/4"``; charging is positive."""
PositiveCRate = Annotated[
    float,
    BeforeValidator(c_rate),
    WithJsonSchema({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "string", "pattern": C_RATE}]}),
]

"""Data packets of MethodSCRIPT: what an instrument says while a script runs.

Source: MethodSCRIPT manual v1.8, "Measurement data packages". A packet is ``P``, variables between semicolons, and a
line end. A variable is two letters of type, seven hexadecimal digits of the value plus 2^27, an SI prefix, and
metadata after commas: ``1s`` status bits, ``2rr`` range.
"""

import math
import re
from dataclasses import dataclass

from operando.errors import BadReply

OFFSET = 1 << 27
PREFIXES = {
    "a": 1e-18,
    "f": 1e-15,
    "p": 1e-12,
    "n": 1e-9,
    "u": 1e-6,
    "m": 1e-3,
    " ": 1.0,
    "i": 1.0,  # a whole number
    "k": 1e3,
    "M": 1e6,
    "G": 1e9,
    "T": 1e12,
    "P": 1e15,
    "E": 1e18,
}
VARIABLE = re.compile(
    r"(?P<type>[a-z]{2})(?:(?P<digits>[0-9A-F]{7})(?P<prefix>[afpnum ikMGTPE])| {5}nan)"
    r"(?P<metadata>(?:,[0-9A-F]{2,3})*)"
)
LENGTH = {"1": 2, "2": 3}
"""Characters of a metadata token, by its first: status, range. Others are left to later versions of the manual."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a packet.

    Parameters
    ----------
    type : str
        Two letters: ``ab`` potential, ``ba`` current, ``eb`` time.
    value : float
        In the SI unit of its type; not a number where the instrument says so.
    status : int or None
        1 timing, 2 overload, 4 underload, 8 overload warning; None where the instrument says nothing of it.
    range : int or None
        Number of the range, by the instrument's own table.
    whole : bool
        Sent as a whole number.
    """

    type: str
    value: float
    status: int | None = None
    range: int | None = None
    whole: bool = False


def variable(text: str) -> Variable:
    """Read one variable.

    Raises
    ------
    BadReply
        It is not one.

    Examples
    --------
    >>> variable("da7F85F3Fu").value
    -0.499905
    """
    match = VARIABLE.fullmatch(text)
    if match is None:
        raise BadReply(f"MethodSCRIPT: {text!r} is not a variable of a data packet")
    metadata = [token for token in match["metadata"].split(",") if token]
    known = {token[0]: int(token[1:], 16) for token in metadata if len(token) == LENGTH.get(token[0], len(token))}
    if len(known) != len(metadata):
        raise BadReply(f"MethodSCRIPT: {text!r} holds metadata twice or of a wrong length")
    return Variable(match["type"], _value(match), known.get("1"), known.get("2"), match["prefix"] == "i")


def packet(line: str) -> dict[str, Variable]:
    """Read a packet, without its line end, into variables by their type.

    Raises
    ------
    BadReply
        It is not one, or a type occurs twice.
    """
    if not line.startswith("P"):
        raise BadReply(f"MethodSCRIPT: {line!r} is not a data packet")
    variables = [variable(text) for text in line[1:].split(";")]
    found = {each.type: each for each in variables}
    if len(found) != len(variables):
        raise BadReply(f"MethodSCRIPT: {line!r} holds a type twice")
    return found


def _value(match: re.Match[str]) -> float:
    if match["digits"] is None:
        return math.nan
    whole = int(match["digits"], 16) - OFFSET
    factor = PREFIXES[match["prefix"]]
    # dividing by a whole power of ten is exact to the last digit, multiplying by its inverse is not
    return whole / round(1 / factor) if factor < 1 else whole * factor

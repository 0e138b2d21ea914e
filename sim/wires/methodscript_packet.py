"""Variables of a MethodSCRIPT: numbers of 32 bits, and how an EmStat4 writes them into data packets.

MethodSCRIPT manual v1.8, "Measurement data packages": two letters of variable type, seven hexadecimal digits of value
plus 2²⁷, one SI prefix; then optional fields, each behind a comma: ``1`` and a digit of status, ``2`` and two digits of
range.
"""

import math
import struct
from dataclasses import dataclass

SINGLE = struct.Struct("f")
"""A number with a fraction has 24 bits: one part in 17 million."""

OFFSET = 1 << 27

PREFIXES = {
    "a": -18, "f": -15, "p": -12, "n": -9, "u": -6, "m": -3, " ": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18,
}  # fmt: skip
"""Power of ten of each SI prefix, in rising order."""

NAMES = {power: name for name, power in PREFIXES.items()}

LARGEST = OFFSET * 1e18
"""Beyond what the coarsest prefix holds."""


@dataclass(slots=True)
class Variable:
    """A MethodSCRIPT variable.

    Parameters
    ----------
    value : float
        In the unit of its type, without prefix.
    kind : str
        Two letters: ``ab`` potential of the working against the reference electrode in V, ``ba`` current in A,
        ``eb`` time in s, ``ja`` … counters.
    integer : bool
        A whole number, written with the prefix ``i``.
    fields : str
        Status and range, where it was measured.
    """

    value: float = 0.0
    kind: str = "aa"
    integer: bool = False
    fields: str = ""

    def packed(self) -> str:
        """Return it as it stands in a packet.

        Examples
        --------
        >>> Variable(-0.01, "da").packed()
        'da7FFFFF6m'
        """
        return f"{self.kind}{number(self.value, self.integer)}{self.fields}"


def single(value: float) -> float:
    """Return a number as 32 bits hold it.

    Examples
    --------
    >>> single(16777217.0)
    16777216.0
    """
    try:
        return float(SINGLE.unpack(SINGLE.pack(value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def number(value: float, integer: bool = False) -> str:
    """Return seven hexadecimal digits and a prefix: the finest that holds the value, without trailing thousands."""
    if math.isnan(value) or abs(value) >= LARGEST:
        return "     nan"
    if integer and abs(value) < OFFSET:
        return f"{round(value) + OFFSET:07X}i"
    if value == 0.0:
        return f"{OFFSET:07X} "
    finest = max(-18, 3 * math.floor(math.log10(abs(value) / OFFSET) / 3.0))
    for power in range(finest, 19, 3):
        digits = round(value / 10.0**power) if power > 0 else round(value * 10.0**-power)
        if -OFFSET <= digits < OFFSET:
            return _shortest(digits, power)
    return "     nan"


def _shortest(digits: int, power: int) -> str:
    while digits and digits % 1000 == 0 and power < 18:
        digits, power = digits // 1000, power + 3
    return f"{digits + OFFSET:07X}{NAMES[power] if digits else ' '}"

"""Numbers as a MethodSCRIPT has them: whole, with an SI prefix."""

import math

from operando.errors import RequestRefused

PREFIXES = (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("p", 1e-12), ("f", 1e-15))
LARGEST = 1 << 27
"""Of a literal, so that it also fits a packet."""
KEPT = 1e-6
"""Relative; a coarser prefix is taken where it keeps the value so well."""


def number(value: float) -> str:
    """Write a number as a whole number with an SI prefix, the only kind that MethodSCRIPT has.

    Parameters
    ----------
    value : float
        In an SI unit; kept to four parts in a million (27 bits between two prefixes), or to 1e-15.

    Raises
    ------
    RequestRefused
        It is too large, or no number.

    Examples
    --------
    >>> number(3.68), number(-196.35e-6), number(36000.0), number(0.5)
    ('3680m', '-196350n', '36000', '500m')
    """
    if not math.isfinite(value):
        raise RequestRefused(f"MethodSCRIPT: {value:g} is no number; nothing was started")
    fitting = [(symbol, scale, round(value / scale)) for symbol, scale in PREFIXES if abs(value / scale) < LARGEST]
    if not fitting:
        raise RequestRefused(f"MethodSCRIPT: {value:g} is too large for a number; nothing was started")
    for symbol, scale, digits in fitting:
        if abs(digits * scale - value) <= KEPT * abs(value):
            return f"{digits}{symbol}"
    symbol, _, digits = fitting[-1]
    return f"{digits}{symbol}"


def whole(value: int) -> str:
    """Write a whole number.

    Raises
    ------
    RequestRefused
        It does not fit a packet.
    """
    if abs(value) >= LARGEST:
        raise RequestRefused(f"MethodSCRIPT: {value} is too large for a whole number; nothing was started")
    return f"{value}i"

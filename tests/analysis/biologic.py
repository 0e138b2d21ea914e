"""Columns of BioLogic's ``.mpr`` files, as far as the real vectors need them: a data module is rows of fixed layout."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

HEADER, ROWS = 57, 406  # bytes of a module's header, and of what stands before the rows in version 3 of the data module

CYCLING = np.dtype(
    [("flags", "u1"), ("sequence", "<u2"), ("time", "<f8"), ("increment", "<f8"), ("charge", "<f8"), ("control", "<f4"),
     ("voltage", "<f4"), ("range", "<u2"), ("half_charge", "<f8"), ("half_cycle", "<u4"), ("power", "<f4")]
)  # fmt: skip
"""s, mA h, mA h, mA, V, -, mA h since the half-cycle began, number, W."""

SPECTRUM = np.dtype([("frequency", "<f4"), ("real", "<f4"), ("minus_imaginary", "<f4"), ("rest", "V98")])
"""Hz, Ω, Ω."""


def rows(path: Path, layout: np.dtype[Any]) -> NDArray[Any]:
    """Return the rows of a file's data module."""
    content = path.read_bytes()
    module = content.index(b"MODULEVMP data") + HEADER
    (count,) = struct.unpack_from("<I", content, module)
    return np.frombuffer(content, layout, count, module + ROWS)

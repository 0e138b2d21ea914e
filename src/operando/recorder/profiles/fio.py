"""FIO: the text of a scan that PETRA III users plot (Sardana's FIO recorder; read by silx and hasyutils)."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import h5py
import numpy as np

from operando.recorder.pattern_entry import pattern_entries

TYPES = {"f": "DOUBLE", "i": "INTEGER", "u": "INTEGER", "b": "INTEGER"}
"""numpy's kind → FIO's type."""


def write_fio(record: Path, target: Path) -> int:
    """Write the per-frame quantities of a file of record, the time stamp last; patterns stay in the file of record.

    Parameters
    ----------
    record : Path
        A complete file of record; one without frames has no FIO.
    target : Path
        Replaced as a whole; its folder is there.

    Returns
    -------
    int
        Frames; 0 where there is nothing to write.

    Raises
    ------
    OSError
        Not now.
    """
    with h5py.File(record, "r", locking=False) as file:
        patterns = next(pattern_entries(file), None)
        if patterns is None:
            return 0
        length = len(patterns)
        text = "\n".join(_lines(patterns.entry)) + "\n"
    fresh = target.with_suffix(".fio.new")
    with fresh.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    os.replace(fresh, target)
    return length


def _lines(entry: h5py.Group) -> Iterator[str]:
    frames = entry["frames"]
    columns = [name for name in frames if frames[name].ndim == 1 and frames[name].dtype.kind in TYPES]
    start = datetime.fromisoformat(_text(entry, "start_time"))
    yield from ("!", "! Comments", "!", "%c", _text(entry, "title"))
    yield f"user operando Acquisition started at {start:%a %b %d %H:%M:%S %Y}"
    yield from ("!", "! Parameter", "!", "%p")
    for name in ("entry_identifier", "start_time", "end_time", "end_reason"):
        yield f"{name} = {_text(entry, name)}"
    for name in columns:
        if unit := frames[name].attrs.get("units"):
            yield f"unit_{name} = {unit}"
    yield from ("!", "! Data", "!", "%d")
    for position, name in enumerate(columns, 1):
        yield f" Col {position} {name} {TYPES[frames[name].dtype.kind]}"
    yield f" Col {len(columns) + 1} timestamp DOUBLE"
    values = [frames[name][()] for name in columns]
    for row in zip(*values, frames["time"][()], strict=True):
        yield " " + " ".join(_number(value) for value in row)


def _number(value: np.generic) -> str:
    return str(int(value)) if value.dtype.kind != "f" else f"{float(value):.12g}"


def _text(entry: h5py.Group, name: str) -> str:
    return " ".join(entry[name].asstr()[()].split()) if name in entry else ""

"""Dark, flat field and mask as one HDF5 file that a recipe takes as ``dark``, ``flat`` and ``mask``."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

import operando
from operando.analysis.averaging import BadPixels
from operando.recorder.layout import make_data, make_group, write_text, write_value
from operando.recorder.new_file import new_file

SAME_EXPOSURE = 0.01
"""Of an exposure: those of dark and frame closer than that are one."""
UNITS = {"dark": "counts", "flat": "", "mask": "", "spread": "counts", "count": ""}
MEANING = {
    "dark": "mean counts of a frame without light",
    "flat": "response of each pixel, median 1; counts are divided by it",
    "mask": "0 = valid; sum of 1: not data in every frame, 2: too high, 4: too low, 8: unsteady, 16: in the mask given",
    "spread": "standard deviation from frame to frame",
    "count": "frames in which the pixel was data",
}


def write_corrections(path: Path, tables: Mapping[str, NDArray[Any]], origin: Mapping[str, Any]) -> None:
    """Write tables of pixels into a new file; an interrupted one leaves none.

    Parameters
    ----------
    path : Path
        Not there yet.
    tables : mapping
        Some of `MEANING`, the first of them is what viewers show.
    origin : mapping
        Name → text or number: frames, their hash, run, who, when.

    Raises
    ------
    RecordError
        It exists already, or the folder does not take it.
    """
    with new_file(path) as file:
        _fill(file, tables, origin)


def other_exposure(dark: Path | None, exposure: float | None) -> str:
    """Return why a dark cannot be subtracted from frames; empty where it can, or where one does not say its time.

    Parameters
    ----------
    dark : Path or None
        Of `operando average`, or any other image.
    exposure : float or None
        s, of the frames.
    """
    of_dark = None if dark is None else _exposure(dark)
    if of_dark is None or not exposure or abs(of_dark - exposure) <= SAME_EXPOSURE * exposure:
        return ""
    return (
        f"dark {dark}: exposed for {of_dark:g} s, frames for {exposure:g} s: its counts are not theirs; take one of "
        f"{exposure:g} s"
    )


def _exposure(dark: Path) -> float | None:
    """Return the s that each frame of a dark was exposed; None where the file does not say."""
    try:
        if not h5py.is_hdf5(dark):
            return None
        with h5py.File(dark, "r") as file:
            found = float(file["/entry/process/input/exposure_s"][()])
    except (OSError, KeyError, TypeError, ValueError):
        return None
    return found if np.isfinite(found) else None


def _fill(file: h5py.File, tables: Mapping[str, NDArray[Any]], origin: Mapping[str, Any]) -> None:
    file.attrs.update({"NX_class": "NXroot", "default": "entry", "creator": f"operando {operando.__version__}"})
    entry = make_group(file, "entry", "NXentry", default="data")
    write_text(entry, "title", " and ".join(name for name in tables if name in ("dark", "flat", "mask")))
    data = make_data(entry, "data", next(iter(tables)), [".", "."])
    for name, table in tables.items():
        dataset = data.create_dataset(name, data=table, compression="gzip", compression_opts=1, shuffle=True)
        dataset.attrs["long_name"] = MEANING[name]
        if UNITS[name]:
            dataset.attrs["units"] = UNITS[name]
    process = make_group(entry, "process", "NXprocess")
    write_text(process, "program", "operando")
    write_text(process, "version", operando.__version__)
    parameters = make_group(process, "input", "NXparameters")
    for name, value in origin.items():
        if value is not None:
            write_value(parameters, name, value)


def classified(bad: BadPixels, given: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Return the mask: 0 = valid, else what is wrong, as `MEANING` says; ``given`` are pixels masked by another one."""
    mask = np.zeros(bad.marked.shape, np.uint8)
    kinds = (bad.marked, bad.high, bad.low, bad.unsteady)
    for bit, kind in enumerate(kinds if given is None else (*kinds, given)):
        mask |= kind.astype(np.uint8) << np.uint8(bit)
    return mask

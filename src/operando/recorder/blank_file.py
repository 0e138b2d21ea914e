"""A blank as a NeXus file of its own, and as the part of a start document that takes it along.

A start document carries the whole blank, not its name: what was taken off must be known as long as there is a journal.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

import operando
from operando.analysis.blank import Blank
from operando.errors import RecordError
from operando.recorder.layout import make_data, make_group, write_text, write_value
from operando.recorder.new_file import new_file
from operando.recorder.patterns import RADIAL
from operando.recorder.tree import text_of

ENTRY = "blank"
_AXES = {**RADIAL, "d_A": ("d", "angstrom")}


def write_blank(path: Path, blank: Blank, recipe: Mapping[str, Any], origin: Mapping[str, Any]) -> None:
    """Write a blank into a new file; an interrupted one leaves none.

    Parameters
    ----------
    path : Path
        Not there yet.
    blank : Blank
        The pattern.
    recipe : mapping
        How its frames were integrated, as a start document has it.
    origin : mapping
        Name → text or number: run, file, frames, PONI.

    Raises
    ------
    RecordError
        It exists already, or the folder does not take it.
    """
    with new_file(path) as file:
        _fill(file, blank, recipe, origin)


def read_blank(path: Path) -> dict[str, Any]:
    """Return a blank as a start document carries it: plain values, with the hash of the file.

    Raises
    ------
    RecordError
        It is no such file.
    """
    try:
        content = path.read_bytes()
        with h5py.File(path, "r") as file:
            entry = file[ENTRY]
            data, inside = entry["data"], entry["reduction/input"]
            sigma = data["I_errors"][()].tolist() if "I_errors" in data else None
            return {
                "file": path.name,
                "sha256": hashlib.sha256(content).hexdigest(),
                "source": text_of(inside["run"]),
                "frames": int(inside["frames"][()]),
                "recipe": json.loads(text_of(inside["recipe"])),
                "poni": text_of(inside["poni"]),
                "radial": data["radial_axis"][()].tolist(),
                "intensity": data["I"][()].tolist(),
                "sigma": sigma,
                **{name: float(entry[name][()]) for name in ("monitor", "transmission", "transmission_errors")},
            }
    except (OSError, KeyError, ValueError, AttributeError) as error:
        raise RecordError(f"{path}: {error}; a blank that `operando blank` made is wanted") from error


def blank_from(document: Mapping[str, Any]) -> Blank:
    """Read what a start document carries."""
    sigma = document.get("sigma")
    return Blank(
        radial=np.asarray(document["radial"], np.float64),
        intensity=np.asarray(document["intensity"], np.float64),
        sigma=None if sigma is None else np.asarray(sigma, np.float64),
        monitor=float(document["monitor"]),
        transmission=float(document["transmission"]),
        transmission_error=float(document["transmission_errors"]),
    )


def _fill(file: h5py.File, blank: Blank, recipe: Mapping[str, Any], origin: Mapping[str, Any]) -> None:
    file.attrs.update({"NX_class": "NXroot", "default": ENTRY, "creator": "operando"})
    entry = make_group(file, ENTRY, "NXentry", default="data")
    write_text(entry, "title", f"blank, {origin['frames']} frames of run {origin['run']}")
    data = make_data(entry, "data", "I", ["radial_axis"], interpretation="spectrum")
    name, unit = _AXES[recipe["unit"]]
    write_value(data, "radial_axis", blank.radial, unit, long_name=name)
    write_value(data, "I", blank.intensity, "arbitrary units", long_name="intensity")
    if blank.sigma is not None:
        write_value(data, "I_errors", blank.sigma, "arbitrary units")
    write_value(entry, "monitor", blank.monitor, "counts", description="incident monitor that the pattern stands for")
    write_value(entry, "transmission", blank.transmission, description="diode behind the cell over incident monitor")
    write_value(entry, "transmission_errors", blank.transmission_error)
    process = make_group(entry, "reduction", "NXprocess")
    write_text(process, "program", "operando")
    write_text(process, "version", operando.__version__)
    parameters = make_group(process, "input", "NXparameters")
    write_text(parameters, "recipe", json.dumps(dict(recipe), sort_keys=True))
    for key, value in origin.items():
        write_value(parameters, key, value)

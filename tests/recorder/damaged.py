"""A good file of record with its raw frames, and copies of it with one thing damaged."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
from recorder.made_run import CONFIGS, NMC811, MadeRun

from operando.config import load
from operando.recorder.environments import ELECTROCHEMISTRY
from operando.recorder.service import run as record
from operando.recorder.stood import STOOD

Defect = Callable[[h5py.File], None]


def made_file(root: Path, frames: int = 3) -> MadeRun:
    """Record a run with every kind of thing in its file."""
    run = MadeRun(root, frames=frames, per_file=2, lattice=NMC811)
    run.write_frames()
    run.write_log()
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run


TWICE = (
    *(f"xrd/{name}" for name in ("sample", "programme", "user_1", "software", "start_document", "instrument/beam")),
    *(f"environment/{name}" for name in ("programme", "user_1", "software", "instrument/beam")),
    *(f"environment/sample/layer_{number}" for number in (1, 2, 3)),
    "environment/instrument/source",
    *(
        f"environment/instrument/electrochemistry/{name}"
        for name in ("current", *(f"{each}_log" for each in ELECTROCHEMISTRY.further if each != "charge"))
    ),
    "environment/voltage",
    *(f"environment/instrument/pressure/{name}_log" for name in ("authority_up", "authority_down")),
    *(f"environment/instrument/pressure/stack_pressure_{name}_log" for name in ("target", "settled", "uncertainty")),
    *(f"environment/instrument/temperature/{name}" for name in ("heater", "temperature_target_log")),
    "environment/instrument/temperature/temperature_settled_log",
    "environment/instrument/pressure/piezo/regulator/pv_sensor",
    "xrd/lattice",
)
"""What stands there a second time in its kind."""
KEPT = {
    "environment/sample/cell": ("electrode_diameter", "assembly_pressure"),
    "environment/instrument/pressure/load_cell": ("measurement", "tare", "tare_time", "calibration_date"),
    "xrd/reduction/input": ("poni",),
    "xrd/instrument/detector": ("distance",),
}
"""Of places with many fields of a kind, those that stay."""


def slim(path: Path) -> None:
    """Take away what repeats itself: nexusformat reads some 700 fields a second."""
    with h5py.File(path, "r+") as file:
        for name in TWICE:
            del file[name]
        for place, kept in KEPT.items():
            for name in [name for name in file[place] if isinstance(file[place].get(name), h5py.Dataset)]:
                if name not in kept and not name.startswith("frames_"):
                    del file[place][name]
        for quantity in ("stack_pressure_uncertainty", "temperature", "current", "charge", "lattice_", *STOOD):
            for name in [name for name in file["xrd/frames"] if name.startswith(quantity)]:
                del file["xrd/frames"][name]
            if quantity in file["xrd/data"]:
                del file["xrd/data"][quantity], file["xrd/data"].attrs[f"{quantity}_indices"]


def damaged(run: MadeRun, folder: Path, defect: Defect) -> Path:
    """Copy file and raw frames, and damage the copy of the file."""
    shutil.copytree(run.data, folder / "data")
    path = folder / "data" / run.file.relative_to(run.data)
    with h5py.File(path, "r+") as file:
        defect(file)
    return path


def remove(name: str) -> Defect:
    def defect(file: h5py.File) -> None:
        del file[name]

    return defect


def attribute(place: str, name: str, value: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[place].attrs[name] = value

    return defect


def without_attribute(place: str, name: str) -> Defect:
    def defect(file: h5py.File) -> None:
        del file[place].attrs[name]

    return defect


def replaced(name: str, value: object) -> Defect:
    """Put other values there; the attributes stay."""

    def defect(file: h5py.File) -> None:
        attributes = dict(file[name].attrs)
        del file[name]
        file[name] = value
        file[name].attrs.update(attributes)

    return defect


def added(name: str, value: object, **attributes: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[name] = value
        file[name].attrs.update(attributes)

    return defect


def in_place(name: str, rows: object, value: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[name][rows] = value

    return defect


def grown(name: str, *values: object) -> Defect:
    """Add rows to a field."""

    def defect(file: h5py.File) -> None:
        start = len(file[name])
        file[name].resize(start + len(values), axis=0)
        file[name][start:] = list(values)

    return defect


def linked(name: str, target: str, path: str = "/entry/data/data") -> Defect:
    """Link to another raw file."""

    def defect(file: h5py.File) -> None:
        del file[name]
        file[name] = h5py.ExternalLink(target, path)

    return defect


def both(*defects: Defect) -> Defect:
    def defect(file: h5py.File) -> None:
        for each in defects:
            each(file)

    return defect

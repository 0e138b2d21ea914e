"""A run that was recorded, and the folder that a scientist takes home: file of record and raw frames."""

import shutil
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from recorder.made_run import CONFIGS, NMC811, MadeRun

from operando.config import load
from operando.recorder.service import run as record


def recorded(root: Path, frames: int = 4, **further: Any) -> MadeRun:
    """Write and record a run."""
    made = MadeRun(root, frames=frames, per_file=3, lattice=NMC811, **further)
    made.write_frames()
    made.write_log()
    made.write_journal()
    record_again(root)
    return made


def record_again(root: Path) -> None:
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)


def taken_home(run: MadeRun, folder: Path) -> Path:
    """Copy the data alone, without journal and log; return the file of record there."""
    shutil.copytree(run.data, folder / "data")
    return folder / "data" / run.file.relative_to(run.data)


def columns(path: Path, entry: str) -> dict[str, Any]:
    """Per-frame fields and patterns of an entry."""
    with h5py.File(path) as file:
        fields = {name: file[entry]["frames"][name][()] for name in file[entry]["frames"]}
        return fields | {"I": file[entry]["data/I"][()], "I_errors": file[entry]["data/I_errors"][()]}


def differing(one: dict[str, Any], other: dict[str, Any]) -> set[str]:
    """Names of the columns that are not the same, bit for bit."""
    assert one.keys() == other.keys()
    return {name for name in one if np.asarray(one[name]).tobytes() != np.asarray(other[name]).tobytes()}

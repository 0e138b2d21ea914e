"""Frames of a calibrant from the simulated beamline: its geometry and its powder know nothing of pyFAI."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simulated_setup import simulated_setup

from operando.sim.cell.state import TrueState
from operando.sim.iocs.diffraction import Diffraction
from operando.sim.iocs.exposure import Exposure
from operando.sim.setup import Setup

WIDE: dict[str, Any] = {"shape": (300, 290), "pixel": 600e-6, "poni1": 0.0897, "poni2": 0.0844}
"""A coarse detector as large as a Pilatus 1M: its frames take no time, and rings lie on it whole."""

NEW = TrueState(0, 85.0, 25.0, 0.0, 0.0, 2.87, 14.19, 3.0, 0.0, 50.0)
"""What the cell is, should anybody look."""


def shown(folder: Path, sample: str = "CeO2", **changes: Any) -> Setup:
    """Return a beamline that shows a calibrant on the coarse detector."""
    return simulated_setup(folder, **{**WIDE, "sample": sample, **changes})


def frame_of(setup: Setup, seconds: float = 5.0) -> NDArray[np.int32]:
    return Diffraction(setup).frame(Exposure(1, 0, 1, seconds, sample=setup.sample), [NEW])


def poni_of(setup: Setup, **changes: float) -> str:
    """Return the text of the PONI file of a beamline, or of what is believed of it."""
    told = {name: changes.get(name, getattr(setup, name)) for name in ("distance", "poni1", "poni2", "rot1", "rot2")}
    rows, columns = setup.shape
    config = {"pixel1": setup.pixel, "pixel2": setup.pixel, "max_shape": [rows, columns], "orientation": 3}
    lines = [
        "poni_version: 2.1",
        "Detector: Detector",
        f"Detector_config: {json.dumps(config)}",
        *(f"{name.capitalize()}: {value!r}" for name, value in told.items()),
        "Rot3: 0.0",
        f"Wavelength: {setup.wavelength!r}",
    ]
    return "\n".join(lines) + "\n"

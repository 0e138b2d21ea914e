"""Frames of a calibrant from the simulated beamline: its geometry and its powder know nothing of pyFAI."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from simulated_setup import simulated_setup

from operando.sim.iocs.diffraction import Diffraction
from operando.sim.iocs.exposure import Exposure
from operando.sim.setup import Setup

WIDE: dict[str, Any] = {"shape": (420, 400), "pixel": 430e-6, "poni1": 0.0897, "poni2": 0.0844}
"""A coarse detector as large as a Pilatus 1M: its frames take no time, and rings lie on it whole."""


def shown(folder: Path, sample: str = "CeO2", **changes: Any) -> Setup:
    """Return a beamline that shows a calibrant on the coarse detector."""
    return simulated_setup(folder, **{**WIDE, "sample": sample, **changes})


def frame_of(setup: Setup, seconds: float = 5.0) -> NDArray[np.int32]:
    return Diffraction(setup).frame(Exposure(1, 0, 1, seconds), [])

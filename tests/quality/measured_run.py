"""A made run whose frames carry monitors of the beam: walls of the cell alone, or walls and electrode."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray
from recorder.made_run import CONFIGS, RECIPE, SHAPE, MadeRun, image

from operando.config import load
from operando.recorder.service import run as record
from operando.vocabulary import Recipe

ATTRIBUTES = "/entry/instrument/NDAttributes/"
NAMES = {"monitor": "IncidentMonitor", "diode": "TransmittedDiode", "ring_current": "RingCurrent"}
MONITOR, EMPTY, SAMPLE = 1e6, 0.8, 0.5
"""Counts of the monitor in an exposure; transmission of the empty cell, and of the sample in it."""
WALL_Q = 2 * np.pi / 0.2088
"""nm⁻¹: 111 of copper."""
SETTINGS = {"beam_off_below_per_s": 1000.0, "monitor_dark_per_s": 40.0, "diode_dark_per_s": 250.0, "change_above": 0.2}


def walls(counts: float) -> NDArray[np.float64]:
    """Return what the cell alone scatters."""
    rows, columns = np.indices(SHAPE)
    radius = np.hypot(rows + 0.5, columns + 0.5) * 0.5e-3
    q = 4 * np.pi / 0.020664 * np.sin(np.arctan(radius / 0.25) / 2)
    return np.asarray(counts * (0.2 + 3 * np.exp(-0.5 * ((q - WALL_Q) / 0.15) ** 2)))


class MeasuredRun(MadeRun):
    """Six frames, the fourth without beam.

    Parameters
    ----------
    sample : bool
        Whether the electrode is in the cell.
    recipe : Recipe
        How it is integrated.
    further : mapping
        Beside them in the start document.
    """

    DARK = 3

    def __init__(
        self, root: Path, sample: bool, recipe: Recipe = RECIPE, further: Mapping[str, Any] | None = None, **keys: Any
    ) -> None:
        super().__init__(root, frames=6, per_file=4, **keys)
        self._sample = sample
        ours = self.documents[0][1]["operando"]
        ours["recipe"] = recipe.document()
        ours.update(further or {})
        ours["configuration"]["detector"].update({f"{key}_attribute": name for key, name in NAMES.items()})
        ours["configuration"]["quality"] = dict(SETTINGS)

    def frame(self, number: int) -> tuple[NDArray[np.int32], dict[str, float]]:
        """Return a frame and what the monitors counted meanwhile."""
        random = np.random.default_rng(100 + number)
        lit = 0.0 if number == self.DARK else 1.0 - 0.05 * number
        through = EMPTY * (SAMPLE if self._sample else 1.0)
        seen = random.poisson(lit * walls(400.0) * (SAMPLE if self._sample else 1.0))
        frame = image(number) * int(self._sample and lit > 0) + seen
        frame[:, 100] = -1
        monitor, diode = random.poisson([40 + MONITOR * lit, 250 + 2 * MONITOR * lit * through])
        return frame.astype(np.int32), {
            "IncidentMonitor": float(monitor),
            "TransmittedDiode": float(diode),
            "RingCurrent": 100.0 * lit,
        }

    def write(self) -> None:
        """Write frames, log and journal."""
        self.write_frames()
        for number in range(2):
            with h5py.File(self.raw_file(number), "r+") as file:
                frames = file["/entry/data/data"]
                taken = [self.frame(4 * number + index) for index in range(len(frames))]
                frames[...] = np.array([pixels for pixels, _ in taken])
                for name in taken[0][1]:
                    file[ATTRIBUTES + name] = np.array([counted[name] for _, counted in taken])
        self.write_log()
        self.write_journal()

    def record(self) -> Path:
        """Write everything and have it recorded."""
        self.write()
        record(load(CONFIGS / "simulated.toml"), self.root, 0, True, lambda: None)
        return self.file


def recipe_with(**changes: Any) -> Recipe:
    """Return the recipe of the made run, changed."""
    return replace(RECIPE, **changes)

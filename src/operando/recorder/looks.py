"""Looks at the newest row of a recording, and at the whole of it."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from operando.live import Look, Waterfall, decimated
from operando.live.waterfall import BINS as WATERFALL_BINS
from operando.recorder.nexus import Row
from operando.recorder.quality_alarms import alarms
from operando.recorder.run import Run

PATTERN_BINS = 2000
"""Of the latest pattern, at most."""
CAKE_SECTORS, CAKE_BINS = 90, 500
"""Of the latest cake, at most."""
QUALITY = (
    "counts_total",
    "counts_over_monitor",
    "saturated_pixels",
    "spottiness",
    "texture",
    "change_previous",
    "change_first",
    "transmission",
    "beam_off",
    "lattice_a",
    "lattice_c",
)
"""Columns of the frames that a look at quality repeats; what a run does not have is not shown."""


class Stored(Protocol):
    """Patterns in a file that is being written."""

    @property
    def radial(self) -> NDArray[np.float64]:
        """Of each bin."""

    @property
    def azimuth(self) -> NDArray[np.float64] | None:
        """°, of each sector of a cake."""

    @property
    def is_open(self) -> bool:
        """Whether the file can be asked."""

    @property
    def length(self) -> int:
        """How many there are."""

    def stored(self, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return times and patterns of some."""

    def stored_in(self, path: Path, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same, once the file is complete."""


class Shown(Protocol):
    """A recording, as far as it is shown."""

    run: Run
    path: Path
    finished: bool
    latest: Row
    latest_reason: str

    @property
    def length(self) -> int:
        """Frames that have a row."""

    @property
    def patterns(self) -> Stored | None:
        """Those in its file, once there are any."""


def pattern_look(recording: Shown, radial: NDArray[np.float64]) -> Look:
    """Return the latest pattern."""
    arrays = {"radial": decimated(radial, PATTERN_BINS), "intensity": decimated(recording.latest["I"], PATTERN_BINS)}
    return Look("pattern", {**_about(recording), "unit": recording.run.recipe.unit}, arrays)


def cake_look(recording: Shown, radial: NDArray[np.float64], azimuth: NDArray[np.float64]) -> Look:
    """Return the latest cake."""
    sectors = decimated(recording.latest["cake"], CAKE_SECTORS, axis=0)
    arrays = {
        "radial": decimated(radial, CAKE_BINS),
        "azimuth": decimated(azimuth, CAKE_SECTORS),
        "intensity": decimated(sectors, CAKE_BINS),
    }
    return Look("cake", {**_about(recording), "unit": recording.run.recipe.unit}, arrays)


def waterfall_look(recording: Shown, waterfall: Waterfall, radial: NDArray[np.float64]) -> Look:
    """Return the patterns of the run, one above the other."""
    arrays = {
        "time": waterfall.time,
        "radial": decimated(radial, WATERFALL_BINS),
        "intensity": waterfall.intensity,
    }
    facts = {**_about(recording), "stride": waterfall.stride, "unit": recording.run.recipe.unit}
    return Look("waterfall", facts, arrays)


def quality_look(recording: Shown) -> Look:
    """Return what the latest row says of its frame, in words where something is wrong."""
    row = recording.latest
    state, reason = _judged(recording)
    return Look("quality", {**_about(recording), **_numbers(row), "state": state, "reason": reason})


def _about(recording: Shown) -> dict[str, Any]:
    """Return which frame of which run a look is at."""
    row = recording.latest
    return {
        "run": recording.run.uid,
        "scan_id": recording.run.scan_id,
        "start_ns": recording.run.start_ns,
        "row": recording.length - 1,
        "number": int(row.get("frame_number", -1)),
        "time": float(row.get("time", math.nan)),
    }


def _numbers(row: Mapping[str, Any]) -> dict[str, float | int]:
    found = {name: row[name] for name in QUALITY if row.get(name) is not None}
    whole = (int, np.integer, np.bool_)
    return {name: int(value) if isinstance(value, whole) else float(value) for name, value in found.items()}


def _judged(recording: Shown) -> tuple[str, str]:
    """Return the state, and why."""
    if recording.latest.get("I") is None:
        return "missing", recording.latest_reason or "the frame has no pattern"
    found = alarms(recording.run, recording.latest)
    return ("warning", "; ".join(found)) if found else ("good", "")

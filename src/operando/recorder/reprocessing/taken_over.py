"""Conditions of frames that no log knows any more, as they were recorded."""

import h5py

from operando.recorder.columns import JOINED, STATISTICS
from operando.recorder.stood import STEPS_DURING, STOOD

COLUMNS = (
    *(name + ending for name in JOINED for ending in ("", "_count", *(f"_{each}" for each in STATISTICS))),
    *STOOD,
    STEPS_DURING,
)


def take_over(frames: h5py.Group, recorded: h5py.Group) -> None:
    """Fill the columns of conditions with those of the recorded entry, row by row."""
    for name in COLUMNS:
        if name in frames and name in recorded:
            frames[name][...] = recorded[name][()]

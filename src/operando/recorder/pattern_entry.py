"""The entries of a file of record that hold patterns, under whatever name a site gives them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.tree import entries, fields_of

REPROCESSING = "reprocessing"
"""Name of the process that an entry has which was made afterwards."""


@dataclass(frozen=True, slots=True)
class PatternEntry:
    """An entry with patterns, and what stands beside each of them.

    Parameters
    ----------
    entry : h5py.Group
        The NXentry.
    patterns : h5py.Dataset
        Frames × bins.
    frames : h5py.Group
        Fields with a row for each frame.
    """

    entry: h5py.Group
    patterns: h5py.Dataset
    frames: h5py.Group

    def __len__(self) -> int:
        return len(self.patterns)

    def column(self, name: str) -> NDArray[Any] | None:
        """Return a per-frame field; None where there is none, or where it has not a row for each pattern."""
        field = self.frames.get(name)
        if not isinstance(field, h5py.Dataset) or field.shape != (len(self),):
            return None
        return np.asarray(field[()])

    def columns(self) -> Iterator[tuple[str, h5py.Dataset]]:
        """Yield every per-frame field."""
        return fields_of(self.frames)

    def gaps(self) -> list[tuple[int, str]]:
        """Return the rows that lack something, and why."""
        rows, reasons = self.entry.get("gaps/row"), self.entry.get("gaps/reason")
        if not isinstance(rows, h5py.Dataset) or not isinstance(reasons, h5py.Dataset):
            return []
        return list(zip((int(row) for row in rows[()]), reasons.asstr()[()], strict=False))


def is_reprocessed(entry: h5py.Group) -> bool:
    """Return whether an entry was made afterwards, of the frames of a recorded one."""
    return isinstance(entry.get(REPROCESSING), h5py.Group)


def pattern_entries(file: h5py.File, reprocessed: bool = False) -> Iterator[PatternEntry]:
    """Yield the entries of a file that hold patterns, as they were recorded.

    Parameters
    ----------
    reprocessed : bool
        Also those that were made of the same frames afterwards, behind them.
    """
    found = entries(file)
    recorded = [entry for entry in found if not is_reprocessed(entry)]
    for entry in recorded + [entry for entry in found if reprocessed and is_reprocessed(entry)]:
        patterns, frames = entry.get("data/I"), entry.get("frames")
        if isinstance(patterns, h5py.Dataset) and patterns.ndim == 2 and isinstance(frames, h5py.Group):
            yield PatternEntry(entry, patterns, frames)

"""The entries of a file of record that hold patterns, under whatever name a site gives them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.tree import entries, fields_of


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


def pattern_entries(file: h5py.File) -> Iterator[PatternEntry]:
    """Yield the entries of a file that hold patterns."""
    for entry in entries(file):
        patterns, frames = entry.get("data/I"), entry.get("frames")
        if isinstance(patterns, h5py.Dataset) and patterns.ndim == 2 and isinstance(frames, h5py.Group):
            yield PatternEntry(entry, patterns, frames)

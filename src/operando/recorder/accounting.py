"""Every announced frame accounted for: a row each, none twice, and a reason for each row without a pattern."""

from collections.abc import Iterator

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.finding import Finding, Rule
from operando.recorder.pattern_entry import PatternEntry, pattern_entries

READ_WHOLE = 4096
"""Patterns that are all looked at; of more, about as many, evenly spread, and those that look suspicious."""
ANNOUNCED = "frames_announced"
"""Field of an entry: frames that the documents of the run promised."""


def check_frames(file: h5py.File) -> Iterator[Finding]:
    """Check that no frame was lost on its way into the entries of patterns."""
    for patterns in pattern_entries(file, reprocessed=True):
        yield from _check_announced(patterns)
        yield from _check_numbers(patterns)
        yield from _check_places(patterns)
        yield from _check_gaps(patterns)


def _check_announced(patterns: PatternEntry) -> Iterator[Finding]:
    announced = patterns.entry.get(ANNOUNCED)
    if isinstance(announced, h5py.Dataset) and int(announced[()]) != len(patterns):
        words = f"{int(announced[()])} frames were announced, {len(patterns)} have a row"
        yield Finding(Rule.FRAMES, announced.name, words)


def _check_numbers(patterns: PatternEntry) -> Iterator[Finding]:
    numbers = patterns.column("frame_number")
    if numbers is None:
        return
    values, counts = np.unique(numbers[numbers >= 0], return_counts=True)
    for value in values[counts > 1][:10]:
        yield Finding(Rule.FRAMES, f"{patterns.frames.name}/frame_number", f"frame {value} is there more than once")


def _check_places(patterns: PatternEntry) -> Iterator[Finding]:
    """Check that the rows of each raw file are its frames from the first on, each once: no hole was announced."""
    files, indices = patterns.column("raw_file"), patterns.column("raw_index")
    if files is None or indices is None:
        return
    place = f"{patterns.frames.name}/raw_index"
    for number in np.unique(files[files >= 0]):
        rows = indices[files == number]
        values, counts = np.unique(rows, return_counts=True)
        doubled = counts > 1
        for value, count in zip(values[doubled][:10], counts[doubled][:10], strict=True):
            yield Finding(Rule.FRAMES, place, f"frame {value} of raw file {number} has {count} rows")
        missing = np.setdiff1d(np.arange(values[-1] + 1), values)
        if missing.size:
            words = f"{missing.size} frames of raw file {number} have no row, first frame {missing[0]}"
            yield Finding(Rule.FRAMES, place, words)


def _check_gaps(patterns: PatternEntry) -> Iterator[Finding]:
    gaps = patterns.gaps()
    place = f"{patterns.entry.name}/gaps"
    for row, reason in gaps:
        if not 0 <= row < len(patterns):
            yield Finding(Rule.GAPS, place, f"row {row} of {len(patterns)}")
        if not reason.strip():
            yield Finding(Rule.GAPS, place, f"row {row} lacks something, and no reason is given")
    explained = np.array([row for row, _ in gaps], dtype=int)
    for row in np.setdiff1d(_empty_rows(patterns), explained)[:10]:
        yield Finding(Rule.GAPS, patterns.patterns.name, f"row {row} holds no pattern, and gaps give no reason")


def _empty_rows(patterns: PatternEntry) -> NDArray[np.int64]:
    """Return rows without a pattern, among those that are looked at."""
    stack, count = patterns.patterns, len(patterns)
    if count <= READ_WHOLE:
        return np.flatnonzero(np.all(np.isnan(stack[()]), axis=1))
    looked_at = np.unique(
        np.concatenate([np.linspace(0, count - 1, READ_WHOLE // 4, dtype=int), _suspicious(patterns)])
    )
    return np.array([row for row in looked_at if np.all(np.isnan(stack[row]))], dtype=int)


def _suspicious(patterns: PatternEntry) -> NDArray[np.int64]:
    """Return rows that lack a frame number, a time or a fit."""
    doubtful = np.zeros(len(patterns), dtype=bool)
    for name in ("frame_number", "exposure_end", "lattice_a"):
        column = patterns.column(name)
        if column is not None:
            doubtful |= (column < 0) | ~np.isfinite(column)
    return np.flatnonzero(doubtful)[: READ_WHOLE // 4]

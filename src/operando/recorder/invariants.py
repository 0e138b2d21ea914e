"""What holds in every file of record, beyond NeXus: an end, equal axes, times that go forward, sound exposures."""

from collections.abc import Iterator
from datetime import datetime

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.finding import Finding, Rule
from operando.recorder.pattern_entry import PatternEntry, pattern_entries
from operando.recorder.tree import entries, text_of

ENOUGH = 3
"""Samples of which a mean is made; of fewer, it is interpolated."""
ROUNDING_S = 1e-6
"""s; ends of entries are written to the µs, times of frames to the ns."""
ROUNDING = 1e-9
"""Relative; a mean of equal samples may leave their span by its last digits."""


def check_invariants(file: h5py.File) -> Iterator[Finding]:
    """Check entries and the per-frame fields of patterns."""
    for entry in entries(file):
        yield from _check_end(entry)
    for patterns in pattern_entries(file, reprocessed=True):
        yield from _check_rows(patterns)
        yield from _check_times(patterns)
        yield from _check_exposures(patterns)
        yield from _check_statistics(patterns)


def backward(field: str, times: NDArray[np.float64], last: float = float("nan")) -> Iterator[Finding]:
    """Check that times go forward, strictly; ``last`` is the one before them."""
    known = np.concatenate([[last], times])
    known = known[np.isfinite(known)]
    wrong = np.flatnonzero(np.diff(known) <= 0)
    if wrong.size:
        first = known[wrong[0]], known[wrong[0] + 1]
        words = f"time goes back or stands still {wrong.size} times, first from {first[0]} to {first[1]} s"
        yield Finding(Rule.TIME, field, words)


def _check_end(entry: h5py.Group) -> Iterator[Finding]:
    if "end_time" not in entry or not text_of(entry["end_time"]):
        yield Finding(Rule.COMPLETE, entry.name, "no end_time: the entry is not complete")
        return
    duration = seconds_between(entry, "start_time", "end_time")
    if duration is None:
        return
    if duration < 0:
        yield Finding(Rule.COMPLETE, entry["end_time"].name, f"{-duration} s before start_time")
        return
    ends = entry.get("frames/exposure_end")
    last = np.nanmax(ends[()], initial=-np.inf) if isinstance(ends, h5py.Dataset) and len(ends) else -np.inf
    if last > duration + ROUNDING_S:
        words = f"{last - duration:.6f} s before the end of the last exposure"
        yield Finding(Rule.COMPLETE, entry["end_time"].name, words)


def seconds_between(entry: h5py.Group, start: str, end: str) -> float | None:
    """Return s between two instants of an entry; None where one is missing or unreadable (the definition says so)."""
    try:
        first, last = (datetime.fromisoformat(text_of(entry[name])) for name in (start, end))
        return (last - first).total_seconds()
    except (KeyError, ValueError, TypeError):
        return None


def _check_rows(patterns: PatternEntry) -> Iterator[Finding]:
    for _, field in patterns.columns():
        if field.shape[:1] != (len(patterns),):
            yield Finding(Rule.ROWS, field.name, f"{field.shape[0]} rows, there are {len(patterns)} patterns")


def _check_times(patterns: PatternEntry) -> Iterator[Finding]:
    for name in ("time", "exposure_start", "exposure_end"):
        times = patterns.column(name)
        if times is not None:
            yield from backward(f"{patterns.frames.name}/{name}", times)


def _check_exposures(patterns: PatternEntry) -> Iterator[Finding]:
    start, time, end = (patterns.column(name) for name in ("exposure_start", "time", "exposure_end"))
    if start is None or time is None or end is None:
        return
    whole = np.isfinite(start) & np.isfinite(end)
    for row in _few(whole & (start >= end)):
        yield Finding(
            Rule.EXPOSURE, patterns.frames.name, f"row {row} starts at {start[row]} s and ends at {end[row]} s"
        )
    for row in _few(whole & (start < end) & ~((start <= time) & (time <= end))):
        words = f"row {row}: time {time[row]} s is not within its exposure, {start[row]} to {end[row]} s"
        yield Finding(Rule.EXPOSURE, patterns.frames.name, words)


def _check_statistics(patterns: PatternEntry) -> Iterator[Finding]:
    """Check means; one of few samples is interpolated and may lie outside of them."""
    for name in [name.removesuffix("_count") for name, _ in patterns.columns() if name.endswith("_count")]:
        parts = [patterns.column(f"{name}{what}") for what in ("_minimum", "", "_maximum", "_count")]
        if any(part is None for part in parts):
            continue
        low, mean, high, count = (np.asarray(part) for part in parts)
        slack = ROUNDING * np.maximum(np.abs(low), np.abs(high))
        outside = (count >= ENOUGH) & ~((low - slack <= mean) & (mean <= high + slack))
        for row in _few(outside):
            words = f"row {row}: mean {mean[row]} of {count[row]} samples between {low[row]} and {high[row]}"
            yield Finding(Rule.STATISTICS, f"{patterns.frames.name}/{name}", words)


def _few(wrong: NDArray[np.bool_]) -> list[int]:
    """Return the first rows of many."""
    return [int(row) for row in np.flatnonzero(wrong)[:10]]

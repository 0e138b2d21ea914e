"""The environment log beside the exposures: it goes forward, goes on during each, and holds what was joined with it.

Logs are read in blocks: a week of them does not fit into memory with ease.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.environment_logs import environment_logs, logs_below
from operando.recorder.finding import Finding, Rule
from operando.recorder.invariants import backward
from operando.recorder.pattern_entry import PatternEntry, is_reprocessed, pattern_entries
from operando.recorder.tree import groups_of
from operando.vocabulary import Quality

BLOCK = 1_000_000
"""Samples read at a time."""
REACH_S = 2.0
"""s around an exposure within which a log must have a sample; or a few of its intervals."""
INTERVALS = 3
"""Sampling intervals that a log may be silent before it counts as interrupted."""
ALWAYS_LOGGED = ("stack_pressure", "temperature")
"""Quantities that are logged whether or not a cell programme runs."""


@dataclass(frozen=True, slots=True)
class _Windows:
    """Exposures of one entry, s from the start of the run."""

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    rows: NDArray[np.int64]


def check_logs(file: h5py.File) -> Iterator[Finding]:
    """Check every log, and those that were joined with exposures against what came of it."""
    for log in groups_of(file, "NXlog"):
        yield from _check_log(log)
    logs = dict(environment_logs(file))
    for patterns in pattern_entries(file, reprocessed=True):
        windows = _windows(patterns)
        own = dict(logs_below(patterns.entry)) if is_reprocessed(patterns.entry) else {}
        for quantity, log in (logs | own).items():
            if windows is not None and _is_whole(log):
                yield from _check_coverage(patterns, windows, quantity, log)


def _check_log(log: h5py.Group) -> Iterator[Finding]:
    if not _is_there(log):
        yield Finding(Rule.LOG, log.name, "a log without time or value")
    elif not _is_whole(log):
        lengths = ", ".join(f"{len(log[name])} of {name}" for name in ("time", "value", "quality") if name in log)
        yield Finding(Rule.LOG, log.name, f"a log of unequal columns: {lengths}")
    else:
        last = float("nan")
        for times, _ in _blocks(log, quality=False):
            wrong = list(backward(f"{log.name}/time", times, last))
            yield from wrong[:1]
            if wrong:
                return
            last = times[-1]


def _windows(patterns: PatternEntry) -> _Windows | None:
    start, end = patterns.column("exposure_start"), patterns.column("exposure_end")
    if start is None or end is None:
        return None
    rows = np.flatnonzero(np.isfinite(start) & np.isfinite(end))
    return _Windows(start[rows], end[rows], rows)


def _check_coverage(patterns: PatternEntry, windows: _Windows, quantity: str, log: h5py.Group) -> Iterator[Finding]:
    reach = max(REACH_S, INTERVALS * _interval(log))
    near, good = np.zeros(len(windows.rows), dtype=int), np.zeros(len(windows.rows), dtype=int)
    for times, trusted in _blocks(log):
        near += _count(times, windows.start - reach, windows.end + reach)
        good += _count(times[trusted], windows.start, windows.end)
    if quantity in ALWAYS_LOGGED and np.any(near == 0):
        silent = windows.rows[near == 0]
        words = f"{silent.size} exposures, the first of row {silent[0]}, without a sample within {reach:g} s"
        yield Finding(Rule.COVERAGE, log.name, words)
    joined = patterns.column(f"{quantity}_count")
    if joined is not None:
        wrong = np.flatnonzero((joined[windows.rows] > 0) & (joined[windows.rows] != good))
        if wrong.size:
            row = windows.rows[wrong[0]]
            words = f"{wrong.size} rows, first row {row}: {joined[row]} samples joined, the log has {good[wrong[0]]}"
            yield Finding(Rule.COVERAGE, f"{patterns.frames.name}/{quantity}_count", words)


def _count(times: NDArray[np.float64], start: NDArray[np.float64], end: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return how many times lie within each window, both ends included."""
    return np.searchsorted(times, end, side="right") - np.searchsorted(times, start, side="left")


def _interval(log: h5py.Group) -> float:
    """Return s between two samples, as a rule."""
    times = log["time"][: min(len(log["time"]), BLOCK)]
    return float(np.median(np.diff(times))) if len(times) > 1 else 0.0


def _blocks(log: h5py.Group, quality: bool = True) -> Iterator[tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Yield times, and which of their values can be trusted."""
    for start in range(0, len(log["time"]), BLOCK):
        part = slice(start, start + BLOCK)
        times = np.asarray(log["time"][part], dtype=np.float64)
        trusted = np.ones(len(times), dtype=bool)
        if quality:
            trusted = np.isfinite(log["value"][part])
            if "quality" in log:
                trusted &= log["quality"][part] == Quality.GOOD
        yield times, trusted


def _is_there(log: h5py.Group) -> bool:
    return all(isinstance(log.get(name), h5py.Dataset) and log[name].ndim == 1 for name in ("time", "value"))


def _is_whole(log: h5py.Group) -> bool:
    return _is_there(log) and len({len(log[name]) for name in ("time", "value", "quality") if name in log}) == 1

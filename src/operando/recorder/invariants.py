"""What holds in every file of record, beyond NeXus: equal axes, times that go forward, every frame accounted for."""

from collections.abc import Iterator

import h5py
import numpy as np

from operando.recorder.finding import Finding
from operando.recorder.tree import entries, groups_of

ROWS_AT_ONCE = 1024


def check_invariants(file: h5py.File) -> Iterator[Finding]:
    """Check the entries of patterns, and the logs."""
    for entry in entries(file):
        if "end_time" not in entry:
            yield Finding(entry.name, "no end_time: the entry is not complete")
        if "frames" in entry and "data/I" in entry:
            yield from _check_frames(entry)
    for log in groups_of(file, "NXlog"):
        yield from _check_log(log)


def _check_frames(entry: h5py.Group) -> Iterator[Finding]:
    frames, patterns = entry["frames"], entry["data/I"]
    lengths = {name: len(frames[name]) for name in frames}
    for name, length in lengths.items():
        if length != len(patterns):
            yield Finding(frames[name].name, f"{length} rows, there are {len(patterns)} patterns")
    if set(lengths.values()) - {len(patterns)}:
        return
    if "frame_number" in frames:
        yield from _check_numbers(frames["frame_number"])
    if "time" in frames:
        yield from _check_forward(frames["time"], strictly=True)
    yield from _check_accounted(entry, patterns)


def _check_numbers(field: h5py.Dataset) -> Iterator[Finding]:
    known = field[()][field[()] >= 0]
    values, counts = np.unique(known, return_counts=True)
    for value in values[counts > 1][:10]:
        yield Finding(field.name, f"frame {value} is there more than once")


def _check_forward(field: h5py.Dataset, strictly: bool) -> Iterator[Finding]:
    known = field[()][np.isfinite(field[()])]
    steps = np.diff(known)
    wrong = np.flatnonzero(steps <= 0 if strictly else steps < 0)
    if wrong.size:
        first = known[wrong[0]], known[wrong[0] + 1]
        yield Finding(
            field.name, f"time goes back or stands still {wrong.size} times, first from {first[0]} to {first[1]}"
        )


def _check_accounted(entry: h5py.Group, patterns: h5py.Dataset) -> Iterator[Finding]:
    """Check that each row without a pattern has a reason, and each reason a row."""
    gaps = {int(row) for row in entry["gaps/row"][()]} if "gaps/row" in entry else set()
    for row in sorted(gaps):
        if not 0 <= row < len(patterns):
            yield Finding(entry["gaps"].name, f"row {row} of {len(patterns)}")
    for start in range(0, len(patterns), ROWS_AT_ONCE):
        empty = np.all(np.isnan(patterns[start : start + ROWS_AT_ONCE]), axis=1)
        for missing in sorted({start + int(row) for row in np.flatnonzero(empty)} - gaps):
            yield Finding(patterns.name, f"row {missing} holds no pattern, and gaps give no reason")


def _check_log(log: h5py.Group) -> Iterator[Finding]:
    time, value = log.get("time"), log.get("value")
    if time is None or value is None:
        yield Finding(log.name, "a log without time or value")
    elif len(time) != len(value):
        yield Finding(log.name, f"{len(time)} times for {len(value)} values")
    else:
        yield from _check_forward(time, strictly=False)

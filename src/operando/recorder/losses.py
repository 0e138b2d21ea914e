"""What a run lacks: documents that its journal lost, frames that cannot be read, times without an environment log."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import h5py
import numpy as np

from operando.history import EnvironmentHistory
from operando.recorder.instants import NS, iso8601
from operando.recorder.missing import read_missing
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.tree import entries

GAP_NS = 2 * NS
"""ns without a sample of the stack pressure, which the environment service logs at every step, that count as a gap."""
ALIVE_NS = 6 * NS
"""ns of log behind the last document that show that the host has outlived a run."""
SYNC_NS = NS // 2
"""ns between two syncs of a journal, at most."""
WINDOW_NS = 600 * NS
"""ns of log looked at in one piece; bounds the memory."""


class Kind(StrEnum):
    """Where something is missing."""

    JOURNAL = "journal"
    FRAMES = "frames"
    ENVIRONMENT = "environment"
    RECORD = "record"


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that could not be recovered.

    Parameters
    ----------
    kind : Kind
        Where it is missing.
    what : str
        What, and why.
    after_ns, before_ns : int or None
        UTC, ns since the epoch: it was between; None where that is not known.
    """

    kind: Kind
    what: str
    after_ns: int | None = None
    before_ns: int | None = None

    def __str__(self) -> str:
        after, before = self._times()
        if after and before:
            when = f"; at {after}" if after == before else f"; between {after} and {before}"
        else:
            when = f"; after {after}" if after else f"; before {before}" if before else ""
        return f"{self.kind}: {self.what}{when}"

    def facts(self) -> dict[str, str | None]:
        """Return it as plain values."""
        after, before = self._times()
        return {"kind": self.kind.value, "what": self.what, "after": after, "before": before}

    def _times(self) -> tuple[str | None, str | None]:
        after, before = (None if ns is None else iso8601(ns) for ns in (self.after_ns, self.before_ns))
        return after, before


def lost_frames(file: Path, start_ns: int) -> Iterator[Loss]:
    """Yield the frames that a file of record lacks, or whose rows lack something, with the reasons that it gives."""
    with h5py.File(file, "r", locking=False) as record:
        for patterns in pattern_entries(record):
            numbers, times = patterns.column("frame_number"), patterns.column("time")
            for row, reason in patterns.gaps():
                number = -1 if numbers is None else int(numbers[row])
                known = f" (the detector's number {number})" if number >= 0 else ""
                seconds = np.nan if times is None else float(times[row])
                moment = start_ns + round(seconds * NS) if np.isfinite(seconds) else None
                yield Loss(Kind.FRAMES, f"frame {row + 1}{known}: {reason}", moment, moment)
            for missing in read_missing(patterns.entry):
                many = "1 frame" if missing.count == 1 else f"{missing.count} frames"
                yield Loss(Kind.FRAMES, f"{many} behind the detector's number {missing.after}: {missing.reason}")


def end_of(file: Path) -> tuple[str, int, int]:
    """Return how a complete file of record says that its run ended, after how many ns, and with how many frames."""
    with h5py.File(file, "r", locking=False) as record:
        entry = next(each for each in entries(record) if "end_reason" in each)
        duration_ns = round(float(entry["collection_time"][()]) * NS)
        return str(entry["end_reason"].asstr()[()]), duration_ns, sum(map(len, pattern_entries(record)))


def host_loss(history: EnvironmentHistory, last_ns: int, now_ns: int) -> Iterator[Loss]:
    """Yield what a dead host took with it, where the environment log ends with the journal of an abandoned run.

    A RunEngine that is killed alone leaves a log that goes on, and has lost nothing.

    Parameters
    ----------
    last_ns : int
        UTC, ns since the epoch: the last document.
    now_ns : int
        UTC, ns since the epoch: until then the log may go on.
    """
    if now_ns < last_ns + ALIVE_NS:
        return
    times = history.samples("stack_pressure", last_ns, last_ns + ALIVE_NS).time_ns
    if len(times) and times[-1] > last_ns + ALIVE_NS - GAP_NS:
        return
    words = "journal and environment log end together, as with a host that lost power: documents of up to 0.5 s more"
    yield Loss(Kind.JOURNAL, words, last_ns, last_ns + SYNC_NS)


def log_gaps(history: EnvironmentHistory, start_ns: int, end_ns: int) -> Iterator[Loss]:
    """Yield the times of a run in which the environment log holds nothing."""
    before_ns = start_ns
    for window_ns in range(start_ns, end_ns + 1, WINDOW_NS):
        last_ns = min(window_ns + WINDOW_NS - 1, end_ns)
        times = history.samples("stack_pressure", window_ns, last_ns).time_ns
        known = np.concatenate([[before_ns], times])
        for i in np.flatnonzero(np.diff(known) > GAP_NS):
            yield _gap(int(known[i]), int(known[i + 1]))
        before_ns = int(known[-1])
    if end_ns - before_ns > GAP_NS:
        yield _gap(before_ns, end_ns)


def _gap(after_ns: int, before_ns: int) -> Loss:
    seconds = (before_ns - after_ns) / NS
    return Loss(Kind.ENVIRONMENT, f"the environment log holds nothing for {seconds:.1f} s", after_ns, before_ns)

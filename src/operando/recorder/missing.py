"""Frames that the detector counted and that are in no file: the camera or its file plugin dropped them.

The numbers of the frames say which are missing, whatever anybody noticed; the detector's account says why.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.layout import make_group
from operando.recorder.table import Column, Table

ACCOUNT = "_account_missing"
"""How the key of a detector's account ends in the events of a run."""
DROPPED = "not announced: dropped by the camera or by its file plugin, or taken beside the run"
GROUP = "missing"
COLUMNS = (
    Column("after", "", "number of the frame before them", "int64", (), -1),
    Column("through", "", "number of the last of them, at most", "int64", (), -1),
    Column("count", "", "how many are missing", "int64", (), 0),
    Column("row", "", "row of the frame before them; -1 where none is before them", "int64", (), -1),
    Column("reason", "", "why", "text", (), ""),
)


@dataclass(frozen=True, slots=True)
class Missing:
    """Frames without a file.

    Parameters
    ----------
    after, through : int
        The detector's numbers: they are greater than ``after`` and not greater than ``through``.
    count : int
        How many.
    reason : str
        Empty where nobody told.
    """

    after: int
    through: int
    count: int
    reason: str = ""


class Counter:
    """Counts, frame by frame, those that the detector counted and nobody announced."""

    def __init__(self) -> None:
        self.missing = 0
        self._row = 0
        self._last: tuple[int, int] | None = None

    def see(self, number: int) -> int:
        """Take the number of the next row; return how many are missing before it."""
        row, self._row = self._row, self._row + 1
        if number < 0:
            return 0
        hole = max(0, number - self._last[0] - (row - self._last[1])) if self._last else 0
        self._last = number, row
        self.missing += hole
        return hole


def told_in(event: Mapping[str, Any]) -> Iterable[Missing]:
    """Yield what an event says about missing frames, perhaps once more.

    Raises
    ------
    KeyError, TypeError, ValueError
        It says so in other words than a detector's.
    """
    for key, text in event["data"].items():
        if key.endswith(ACCOUNT):
            for each in json.loads(text):
                yield Missing(int(each["after"]), int(each["through"]), int(each["count"]), str(each["reason"]))


def find_missing(numbers: NDArray[np.int64], told: Sequence[Missing]) -> list[Missing]:
    """Return what is missing of a run, in the order of its numbers.

    Parameters
    ----------
    numbers : ndarray
        Of its frames, by the detector; negative where it is not known.
    told : sequence of Missing
        What the detector's account says.

    Examples
    --------
    >>> find_missing(np.array([1, 2, 5]), [Missing(2, 9, 3, "buffers were full")])  # doctest: +NORMALIZE_WHITESPACE
    [Missing(after=2, through=4, count=2, reason='buffers were full'),
     Missing(after=5, through=9, count=1, reason='buffers were full')]
    """
    found = list(_holes(numbers))
    explained = [replace(hole, reason=_reasons(hole, told) or DROPPED) for hole in found]
    highest = int(numbers.max(initial=-1))
    for each in told:
        rest = each.count - sum(_overlap(hole, each) for hole in found)
        if rest > 0:  # behind the last frame, or before the first
            explained.append(replace(each, after=max(each.after, min(highest, each.through - rest)), count=rest))
    return sorted(explained, key=lambda each: (each.after, each.through))


def write_missing(entry: h5py.Group, told: Sequence[Missing]) -> int:
    """Write the frames that are missing beside the others of an entry of patterns; return how many there are."""
    numbers = entry["frames/frame_number"][()]
    found = find_missing(numbers, told)
    if found:
        rows = [{**_fields(each), "row": _row_of(numbers, each.after)} for each in found]
        Table(make_group(entry, GROUP, "NXcollection"), COLUMNS).append(rows)
    return sum(each.count for each in found)


def read_missing(entry: h5py.Group) -> list[Missing]:
    """Return what an entry of patterns says is missing."""
    group = entry.get(GROUP)
    if group is None:
        return []
    columns = (group["after"][()].tolist(), group["through"][()].tolist(), group["count"][()].tolist())
    return [Missing(*row) for row in zip(*columns, group["reason"].asstr()[()].tolist(), strict=True)]


def _holes(numbers: NDArray[np.int64]) -> Iterable[Missing]:
    """Yield the steps of a counter that are greater than the rows they take; one that begins again tells nothing."""
    rows = np.flatnonzero(numbers >= 0)
    known = numbers[rows]
    count = np.diff(known) - np.diff(rows)
    for place in np.flatnonzero(count > 0):
        yield Missing(int(known[place]), int(known[place + 1]) - 1, int(count[place]))


def _overlap(hole: Missing, told: Missing) -> int:
    """Return how many missing frames two accounts may have in common."""
    return min(hole.count, max(0, min(hole.through, told.through) - max(hole.after, told.after)))


def _reasons(hole: Missing, told: Sequence[Missing]) -> str:
    return "; ".join(dict.fromkeys(each.reason for each in told if _overlap(hole, each) and each.reason))


def _row_of(numbers: NDArray[np.int64], number: int) -> int:
    """Return the last row of a number, or of one before it."""
    before = np.flatnonzero((numbers >= 0) & (numbers <= number))
    return int(before[-1]) if before.size else -1


def _fields(missing: Missing) -> dict[str, Any]:
    return {"after": missing.after, "through": missing.through, "count": missing.count, "reason": missing.reason}

"""Readers of the environment log: any number, in any process, while it is written."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from operando.history.realised import (
    KeptProgramme,
    RealisedStep,
    Spectrum,
    programme_of,
    select,
    spectrum_of,
    step_of,
)
from operando.history.samples import Samples
from operando.history.schema import committed_in, day_of, days_in, file_of, identity_of, open_for_reading
from operando.vocabulary import Quality, Reading

_INTERVAL = """
SELECT time, value, quality FROM sample
WHERE quantity = (SELECT id FROM quantity WHERE name = ?) AND time BETWEEN ? AND ? ORDER BY time
"""
_LAST = """
SELECT time, value, quality FROM sample
WHERE quantity = (SELECT id FROM quantity WHERE name = ?) AND time <= ? ORDER BY time DESC LIMIT 1
"""
_DURING = "cell = ? AND begun_ns BETWEEN ? AND ? ORDER BY begun_ns"
_BEFORE = "cell = ? AND begun_ns < ? ORDER BY begun_ns DESC LIMIT 1"
_STARTED = "cell = ? AND begun_ns <= ? AND hash LIKE ? ORDER BY begun_ns DESC LIMIT 1"
_ANY = "%"
OPEN_DAYS = 3
"""Files kept open: an exposure may begin before midnight, and how far the log goes stands in the newest."""
_FOREVER_NS = 2**63 - 1


class EnvironmentHistory:
    """The environment log as a function of time; for one thread at a time.

    Parameters
    ----------
    folder : Path
        Where `EnvironmentLog` writes; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[int, tuple[sqlite3.Connection, tuple[int, int] | None]] = {}
        self._paths: dict[int, Path] = {}
        """By day: pathlib interns every name that it makes, and Python's table of those would grow with each query."""

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        """Return what was measured of a quantity from ``start_ns`` to ``end_ns``, both included.

        Parameters
        ----------
        quantity : str
            A name of `operando.vocabulary.QUANTITIES`; nothing is found for one that was never logged.
        start_ns, end_ns : int
            UTC, ns since the epoch.
        """
        rows: list[tuple[int, float | None, int]] = []
        for day in self._days(day_of(start_ns), day_of(end_ns)):
            rows += self._select(day, _INTERVAL, (quantity, start_ns, end_ns))
        return Samples(
            np.array([row[0] for row in rows], dtype=np.int64),
            np.array([np.nan if row[1] is None else row[1] for row in rows], dtype=np.float64),
            np.array([row[2] for row in rows], dtype=np.int8),
        )

    def last(self, quantity: str, before_ns: int | None = None) -> Reading | None:
        """Return the newest sample of a quantity, or the newest at or before ``before_ns``, or None."""
        limit = _FOREVER_NS if before_ns is None else before_ns
        for day in days_in(self._folder):
            if day > day_of(limit):
                continue
            for time_ns, value, quality in self._select(day, _LAST, (quantity, limit)):
                return Reading(float("nan") if value is None else value, time_ns, Quality(quality))
        return None

    def steps(self, start_ns: int, end_ns: int, cell: str = "") -> list[RealisedStep]:
        """Return the steps of cell programmes that were done between two moments, as far as is known now.

        Parameters
        ----------
        start_ns, end_ns : int
            UTC, ns since the epoch; a step that had begun before is one of them.
        cell : str
            Channel; empty for the main cell.
        """
        found = map(step_of, self._entries(RealisedStep, start_ns, end_ns, cell))
        return [step for step in found if step.ended_ns is None or step.ended_ns >= start_ns]

    def spectra(self, start_ns: int, end_ns: int, cell: str = "") -> list[Spectrum]:
        """Return the impedance spectra that were measured between two moments; as of `steps`."""
        found = map(spectrum_of, self._entries(Spectrum, start_ns, end_ns, cell))
        return [spectrum for spectrum in found if spectrum.ended_ns is None or spectrum.ended_ns >= start_ns]

    def programme(self, before_ns: int, cell: str = "", hash: str = _ANY) -> KeptProgramme | None:
        """Return the programme that was started last, as it was compiled for its cell then; None for an unknown one.

        Parameters
        ----------
        before_ns : int
            UTC, ns since the epoch; it had been started then.
        cell : str
            Channel; empty for the main cell.
        hash : str
            Of its source; of any by default.
        """
        for day in (day for day in days_in(self._folder) if day <= day_of(before_ns)):
            for row in self._select(day, select(KeptProgramme, _STARTED), (cell, before_ns, hash)):
                return programme_of(row)
        return None

    def programmes(self, start_ns: int, end_ns: int, cell: str = "") -> list[KeptProgramme]:
        """Return the programmes that were started on a cell between two moments (UTC, ns), both included."""
        days = self._days(day_of(start_ns), day_of(end_ns))
        query = select(KeptProgramme, _DURING)
        return [programme_of(row) for day in days for row in self._select(day, query, (cell, start_ns, end_ns))]

    def committed_ns(self) -> int:
        """Return the time, ns since the epoch, up to which every sample is on disk for good; 0 in an empty log."""
        for day in days_in(self._folder):
            connection = self._open(day)
            found = committed_in(connection) if connection else None
            if found is not None:
                return found
        return 0

    def close(self) -> None:
        """Close the files."""
        for connection, _ in self._files.values():
            connection.close()
        self._files.clear()

    def _days(self, first: int, last: int) -> Sequence[int]:
        """Return the days, some perhaps without a file, from one to another; the folder is read for long spans only."""
        if last - first < OPEN_DAYS:
            return range(first, last + 1)
        return [day for day in reversed(days_in(self._folder)) if first <= day <= last]

    def _entries(
        self, table: type[RealisedStep] | type[Spectrum], start_ns: int, end_ns: int, cell: str
    ) -> list[tuple[Any, ...]]:
        """Return the rows that began inside, after the one before them: the steps of a cell follow each other."""
        rows: list[tuple[Any, ...]] = []
        for day in (day for day in days_in(self._folder) if day <= day_of(start_ns)):
            rows = self._select(day, select(table, _BEFORE), (cell, start_ns))
            if rows:
                break
        for day in self._days(day_of(start_ns), day_of(end_ns)):
            rows += self._select(day, select(table, _DURING), (cell, start_ns, end_ns))
        return rows

    def _select(self, day: int, query: str, arguments: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        connection = self._open(day)
        if connection is None:
            return []
        try:
            return connection.execute(query, arguments).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            return []  # the writer is just making this file

    def _open(self, day: int) -> sqlite3.Connection | None:
        """Return the file of a day; one that was removed and made again is not the one that was read before."""
        if day not in self._paths:
            self._paths[day] = file_of(self._folder, day)
        path = self._paths[day]
        identity = identity_of(path)
        known = self._files.get(day)
        if known and known[1] == identity:
            return known[0]
        if known:
            self._files.pop(day)[0].close()
        if identity is None:
            return None
        while len(self._files) >= OPEN_DAYS:
            self._files.pop(min(self._files))[0].close()
        self._files[day] = open_for_reading(path), identity
        return self._files[day][0]

"""The one writer of the environment log."""

import logging
import math
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import groupby
from pathlib import Path

from operando.history import realised
from operando.history.files import DayFiles
from operando.history.realised import Kept
from operando.history.schema import day_of, stored_committed_ns, transaction
from operando.vocabulary import Reading, quantity_of

GUARD_NS = 500_000_000
"""ns a reading may take from its measurement to `EnvironmentLog.append` and still be joined with exposures."""
LIMIT = 250_000
"""Readings kept in memory while the disk takes none: more than 20 minutes of 150 a second, about 60 MB."""
STEPS = 5_000
"""Steps, spectra and programmes that are kept in memory while the disk takes none."""
PORTION = 5_000
"""Readings in one transaction: after an hour without a disk, the thread that regulates must still get its turn."""

_logger = logging.getLogger(__name__)
Row = tuple[str, int, float | None, int]


class EnvironmentLog:
    """Readings in, one SQLite file per UTC day out.

    Parameters
    ----------
    folder : Path
        Where the files lie; made where it is not there. A local disk: SQLite's WAL is unsafe on network file systems.
    monotonic_ns : callable
        ns; the clock stored beside the real one at each commit.
    limit : int
        Readings kept while the disk takes none; the oldest are kept, they belong to exposures that were taken.
    """

    def __init__(self, folder: Path, monotonic_ns: Callable[[], int] = time.monotonic_ns, limit: int = LIMIT) -> None:
        with suppress(OSError):  # a disk that is not well keeps nobody from regulating; the commit tells
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._monotonic_ns = monotonic_ns
        self._limit = limit
        self._appended: deque[Row] = deque()
        self._batch: list[Row] = []
        self._kept: deque[Kept] = deque()
        self._entries: dict[tuple[str, str, int], Kept] = {}
        self._files = DayFiles(folder)
        self._stored_ns: int | None = None
        self.lost = 0
        """Readings that neither disk nor memory took."""

    @property
    def waiting(self) -> int:
        """Readings that are in memory alone."""
        return len(self._batch) + len(self._appended)

    def append(self, quantity: str, reading: Reading) -> None:
        """Remember a reading for the next commit; touches memory only and may be called from any thread."""
        value = None if math.isnan(reading.value) else reading.value
        self._appended.append((quantity, reading.time_ns, value, int(reading.quality)))

    def keep(self, entry: Kept) -> None:
        """Remember what became of a cell programme, over what was known of it; memory only, from any thread."""
        self._kept.append(entry)

    def commit(self, now_ns: int) -> None:
        """Write what was appended, then declare everything up to `GUARD_NS` before ``now_ns`` complete.

        A reading older than what was declared complete by an earlier commit is kept in a table of its own:
        the declaration stays true and the reading is not lost.

        Parameters
        ----------
        now_ns : int
            UTC, ns since the epoch, taken before the call.

        Raises
        ------
        sqlite3.Error, OSError
            The disk did not take it; nothing is forgotten (up to the limit), and the next commit tries again.
        """
        self._drain()
        self._commit(now_ns, now_ns - GUARD_NS)

    def close(self, now_ns: int | None = None) -> None:
        """Write what was appended and close the files.

        Parameters
        ----------
        now_ns : int, optional
            UTC, ns since the epoch: nothing will be measured up to here any more, so all of it is complete.
        """
        self._drain()
        try:
            if now_ns is not None:
                self._commit(now_ns, now_ns)
            elif self._batch or self._entries:
                times = [row[1] for row in self._batch] + [entry.begun_ns for entry in self._entries.values()]
                self._commit(max(times), self._committed_ns)
        finally:
            self._files.close()

    def _drain(self) -> None:
        while self._appended:
            row = self._appended.popleft()
            if len(self._batch) < self._limit:
                self._batch.append(row)
            else:
                self.lost += 1
        while self._kept:
            entry = self._kept.popleft()
            key = entry.TABLE, *entry.key
            if key in self._entries or len(self._entries) < STEPS:
                self._entries[key] = entry
            else:
                self.lost += 1

    @property
    def _committed_ns(self) -> int:
        if self._stored_ns is None:
            self._stored_ns = stored_committed_ns(self._folder)
        return self._stored_ns

    def _commit(self, now_ns: int, complete_ns: int) -> None:
        try:
            complete_ns = max(self._committed_ns, complete_ns)
            while len(self._batch) > PORTION:
                self._write(self._batch[:PORTION])
                del self._batch[:PORTION]
            self._write_last(now_ns, complete_ns)
        except (sqlite3.Error, OSError):
            self._files.let_go()
            raise

    def _write_last(self, now_ns: int, complete_ns: int) -> None:
        today = day_of(now_ns)
        self._write([row for row in self._batch if day_of(row[1]) != today])
        entries = list(self._entries.values())
        for day in {day_of(entry.begun_ns) for entry in entries} - {today}:
            with transaction(self._files.of(day)) as connection:
                realised.write(
                    connection, [entry for entry in entries if day_of(entry.begun_ns) == day], self._committed_ns
                )
        # The declaration goes into one transaction with the newest samples, after all older ones.
        with transaction(self._files.of(today)) as connection:
            self._insert(connection, [row for row in self._batch if day_of(row[1]) == today])
            realised.write(
                connection, [entry for entry in entries if day_of(entry.begun_ns) == today], self._committed_ns
            )
            connection.execute("INSERT INTO clock (real, monotonic) VALUES (?, ?)", (now_ns, self._monotonic_ns()))
            connection.execute("INSERT OR REPLACE INTO committed (one, time) VALUES (1, ?)", (complete_ns,))
        self._stored_ns = complete_ns
        self._batch.clear()
        self._entries.clear()
        self._files.close_before(today - 1)

    def _write(self, rows: Iterable[Row]) -> None:
        by_day = groupby(sorted(rows, key=lambda row: row[1]), key=lambda row: day_of(row[1]))
        for day, group in by_day:
            with transaction(self._files.of(day)) as connection:
                self._insert(connection, list(group))

    def _insert(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
        rows = sorted(rows, key=lambda row: row[1])
        late = [row for row in rows if row[1] <= self._committed_ns]
        _write(connection, "sample", rows[len(late) :])
        _write(connection, "late", late)
        if late:
            _logger.error(
                "environment log: %d readings, the oldest of %s, came up to %.3f s after their time had been declared "
                "complete; kept in the table `late`, not joined with exposures",
                len(late),
                late[0][0],
                (self._committed_ns - late[0][1]) * 1e-9,
            )


def _write(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    names = {row[0] for row in rows}
    units = [(name, known.unit if (known := quantity_of(name)) else "") for name in sorted(names)]
    connection.executemany("INSERT OR IGNORE INTO quantity (name, unit) VALUES (?, ?)", units)
    connection.executemany(
        f"INSERT OR IGNORE INTO {table} (quantity, time, value, quality) "
        "VALUES ((SELECT id FROM quantity WHERE name = ?), ?, ?, ?)",
        rows,
    )

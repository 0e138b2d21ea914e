"""The one writer of the environment log."""

import logging
import math
import sqlite3
import time
from collections import deque
from collections.abc import Callable
from itertools import groupby
from pathlib import Path

from operando.history.schema import day_of, file_of, open_for_writing, stored_committed_ns, transaction
from operando.vocabulary import QUANTITY, Reading

GUARD_NS = 500_000_000
"""ns a reading may take from its measurement to `EnvironmentLog.append` and still be joined with exposures."""

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
    """

    def __init__(self, folder: Path, monotonic_ns: Callable[[], int] = time.monotonic_ns) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._monotonic_ns = monotonic_ns
        self._appended: deque[Row] = deque()
        self._batch: list[Row] = []
        self._files: dict[int, sqlite3.Connection] = {}
        self._committed_ns = stored_committed_ns(folder)

    def append(self, quantity: str, reading: Reading) -> None:
        """Remember a reading for the next commit; touches memory only and may be called from any thread."""
        value = None if math.isnan(reading.value) else reading.value
        self._appended.append((quantity, reading.time_ns, value, int(reading.quality)))

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
        sqlite3.Error
            The disk did not take it; nothing is forgotten, and the next commit tries again.
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
        if now_ns is not None:
            self._commit(now_ns, now_ns)
        elif self._batch:
            self._commit(max(row[1] for row in self._batch), self._committed_ns)
        for connection in self._files.values():
            connection.close()
        self._files.clear()

    def _drain(self) -> None:
        while self._appended:
            self._batch.append(self._appended.popleft())

    def _commit(self, now_ns: int, complete_ns: int) -> None:
        today = day_of(now_ns)
        complete_ns = max(self._committed_ns, complete_ns)
        rows = sorted(self._batch, key=lambda row: row[1])
        by_day = {day: list(group) for day, group in groupby(rows, key=lambda row: day_of(row[1]))}
        for day in sorted(by_day.keys() - {today}):
            with transaction(self._file(day)) as connection:
                self._insert(connection, by_day[day])
        # The declaration goes into one transaction with the newest samples, after all older ones.
        with transaction(self._file(today)) as connection:
            self._insert(connection, by_day.get(today, []))
            connection.execute("INSERT INTO clock (real, monotonic) VALUES (?, ?)", (now_ns, self._monotonic_ns()))
            connection.execute("INSERT OR REPLACE INTO committed (one, time) VALUES (1, ?)", (complete_ns,))
        self._committed_ns = complete_ns
        self._batch.clear()
        for day in [day for day in self._files if day < today - 1]:
            self._files.pop(day).close()

    def _insert(self, connection: sqlite3.Connection, rows: list[Row]) -> None:
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

    def _file(self, day: int) -> sqlite3.Connection:
        if day not in self._files:
            self._files[day] = open_for_writing(file_of(self._folder, day))
        return self._files[day]


def _write(connection: sqlite3.Connection, table: str, rows: list[Row]) -> None:
    names = {row[0] for row in rows}
    units = [(name, QUANTITY[name].unit if name in QUANTITY else "") for name in sorted(names)]
    connection.executemany("INSERT OR IGNORE INTO quantity (name, unit) VALUES (?, ?)", units)
    connection.executemany(
        f"INSERT OR IGNORE INTO {table} (quantity, time, value, quality) "
        "VALUES ((SELECT id FROM quantity WHERE name = ?), ?, ?, ?)",
        rows,
    )

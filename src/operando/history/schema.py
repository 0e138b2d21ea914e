"""The tables of a day's file, and which file a moment belongs to."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path

from operando.history import realised

DAY_NS = 86_400 * 1_000_000_000
_EPOCH = date(1970, 1, 1).toordinal()

TABLES = """
CREATE TABLE IF NOT EXISTS quantity (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    unit TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS sample (
    quantity INTEGER NOT NULL REFERENCES quantity (id),
    time INTEGER NOT NULL,
    value REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (quantity, time)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS late (
    quantity INTEGER NOT NULL REFERENCES quantity (id),
    time INTEGER NOT NULL,
    value REAL,
    quality INTEGER NOT NULL,
    PRIMARY KEY (quantity, time)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS clock (
    number INTEGER PRIMARY KEY,
    real INTEGER NOT NULL,
    monotonic INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS committed (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    time INTEGER NOT NULL
);
"""
"""`sample` is what exposures are joined with; `late` holds what came after its time had been declared complete;
`clock` has the real and the monotonic clock at each commit, so that steps of the real one can be found;
`committed` is the time up to which every sample is in `sample`. Times are ns; real ones since the epoch, UTC."""


def day_of(time_ns: int) -> int:
    """Return the number of the UTC day since the epoch."""
    return time_ns // DAY_NS


def file_of(folder: Path, day: int) -> Path:
    """Return the path of the file that holds one UTC day.

    Examples
    --------
    >>> file_of(Path("environment"), day_of(1_000_000_000_000_000_000)).name
    '20010909.sqlite'
    """
    return folder / f"{date.fromordinal(day + _EPOCH):%Y%m%d}.sqlite"


def days_in(folder: Path) -> list[int]:
    """Return the days that have a file, the newest first."""
    try:
        stems = [name[:8] for name in os.listdir(folder) if len(name) == 15 and name.endswith(".sqlite")]
    except FileNotFoundError:
        return []
    # Asked at each look, in a folder that may hold years: fromisoformat is 20 times faster than strptime.
    return sorted((date.fromisoformat(stem).toordinal() - _EPOCH for stem in stems if stem.isdigit()), reverse=True)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """Open a day's file, made where it is not there; any thread may use the connection, one at a time."""
    connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL syncs the write-ahead log at each commit, so that a power cut takes at most what was not yet committed.
        # NORMAL does so only before a checkpoint, every 1000 pages: tens of seconds of log would be lost
        # (https://sqlite.org/pragma.html#pragma_synchronous). Measured: 1 to 2 ms a commit instead of 0.5.
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(TABLES + realised.TABLES)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """Open a day's file that may be written at the same time."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA cache_size = -512")  # KiB; who follows a log comes back to its last pages only
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """All of what is done inside, or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk has rolled it back already
            connection.execute("ROLLBACK")
        raise


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of a file, by which a handle of it is known to be stale; None where there is none."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def stored_committed_ns(folder: Path) -> int:
    """Return the time, ns since the epoch, up to which every sample is on disk; 0 in an empty folder."""
    for day in days_in(folder):
        with closing(open_for_reading(file_of(folder, day))) as connection:
            found = committed_in(connection)
        if found is not None:
            return found
    return 0


def committed_in(connection: sqlite3.Connection) -> int | None:
    """Return what one file declares complete, or None where it declares nothing."""
    try:
        found = connection.execute("SELECT time FROM committed").fetchone()
    except sqlite3.OperationalError as error:
        if "no such table" not in str(error):
            raise
        return None  # the writer is just making this file, or died doing so
    return int(found[0]) if found else None

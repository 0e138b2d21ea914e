"""The open files of the environment log, one a UTC day; a file that was removed is made again with all it held."""

import logging
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from operando.history.schema import file_of, identity_of, open_for_writing

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _DayFile:
    """An open file and what it was when it was opened."""

    path: Path
    connection: sqlite3.Connection
    identity: tuple[int, int] | None

    @property
    def in_place(self) -> bool:
        """Whether its name still leads to it: SQLite goes on writing into a file that was removed, and says nothing."""
        return identity_of(self.path) == self.identity


class DayFiles:
    """Files by the number of their day; belongs to one thread at a time.

    Parameters
    ----------
    folder : Path
        Where they lie; made where it is not there, but not the folder around it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[int, _DayFile] = {}

    def of(self, day: int) -> sqlite3.Connection:
        """Return the file of a day, open for writing.

        Raises
        ------
        sqlite3.Error, OSError
            The disk does not let it be opened.
        """
        found = self._open.get(day)
        if found is None or not found.in_place:
            found = self._open[day] = self._opened(file_of(self._folder, day), found)
        return found.connection

    def let_go(self) -> None:
        """Close what is in place, to be opened again: after an error of the disk its handles may be stale."""
        for day in list(self._open):
            try:
                if self._open[day].in_place:
                    self._open.pop(day).connection.close()
            except (OSError, sqlite3.Error) as error:
                _logger.debug("day %d cannot be closed: %s", day, error)

    def close_before(self, day: int) -> None:
        """Close the files of the days before one."""
        for old in [each for each in self._open if each < day]:
            self._open.pop(old).connection.close()

    def close(self) -> None:
        """Close every file."""
        for found in self._open.values():
            found.connection.close()
        self._open.clear()

    def _opened(self, path: Path, removed: _DayFile | None) -> _DayFile:
        self._folder.mkdir(exist_ok=True)
        if removed:
            _restore(path, removed.connection)
        connection = open_for_writing(path)
        return _DayFile(path, connection, identity_of(path))


def _restore(path: Path, removed: sqlite3.Connection) -> None:
    """Write what a removed file held, which its open handle still reads, under its name again."""
    if path.exists():
        _logger.error("%s: somebody put another file here while it was written; going on in that one", path)
        removed.close()
        return
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as copy:
        removed.backup(copy)
    removed.close()  # before the new one is there: closing removes the write-ahead log by its name
    os.rename(fresh, path)
    _logger.error("%s: had been removed while it was written; made again with everything it held", path)

"""Which journals have a complete file of record: opening a thousand of them would keep a new recorder for seconds."""

import json
import logging
from pathlib import Path

_logger = logging.getLogger(__name__)
_Stamp = tuple[int, int]
"""Bytes, and UTC ns since the epoch when it was last written to."""


class Recorded:
    """An index in the state root; without it, or without a line in it, the file of record itself is asked.

    Parameters
    ----------
    path : Path
        One line of JSON a journal, appended; made when needed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[str, _Stamp]] = {}
        try:
            lines = path.read_bytes().splitlines()
        except FileNotFoundError:
            lines = []
        except OSError as error:
            _logger.warning("%s: cannot be read: %s; files of record are opened instead", path, error)
            lines = []
        for line in lines:
            try:
                name, record, size, time_ns = json.loads(line)
            except ValueError:
                continue  # torn by a kill
            self._known[name] = str(record), (int(size), int(time_ns))

    def holds(self, journal: Path) -> bool:
        """Whether the file of record of a journal was complete, and nobody has touched it since."""
        if journal.name not in self._known:
            return False
        record, stamp = self._known[journal.name]
        return _stamp(Path(record)) == stamp

    def note(self, journal: Path, record: Path) -> None:
        """Remember that a file of record is complete."""
        stamp = _stamp(record)
        if stamp is None:
            return
        self._known[journal.name] = str(record), stamp
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as index:
                # A line feed before, too: a kill may have left half a line.
                index.write(f"\n{json.dumps([journal.name, str(record), *stamp])}\n")
        except OSError as error:
            _logger.info("%s: cannot be written: %s; %s is opened once more next time", self._path, error, record)


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns

"""Read a journal whole, or follow it while it grows; whole lines only."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.line import decode

_logger = logging.getLogger(__name__)

Document = tuple[str, dict[str, Any]]
"""Name and content, as the RunEngine emitted them."""


def read_journal(path: Path) -> Iterator[Document]:
    """Yield the documents of a journal.

    A torn last line, as a power failure leaves it, is left out and logged.

    Raises
    ------
    JournalError
        There is no such journal, or a line before the last is not one.
    """
    follower = JournalFollower(path)
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal")
    yield from follower.poll()
    if follower.torn:
        _logger.warning("%s: its last line is torn (%d bytes) and left out", path, follower.torn)


class JournalFollower:
    """Reads what is new in a journal.

    Parameters
    ----------
    path : Path
        It need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.torn = 0
        """Bytes after the last whole line at the last poll."""
        self._offset = 0
        self._lines = 0

    def poll(self) -> list[Document]:
        """Return the documents that came since the last call.

        Raises
        ------
        JournalError
            A line before the last is not one.
        """
        try:
            with self.path.open("rb") as journal:
                journal.seek(self._offset)
                fresh = journal.read()
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(f"{self.path}: the journal cannot be read: {error.strerror}") from error
        return self._documents(fresh)

    def _documents(self, fresh: bytes) -> list[Document]:
        *lines, rest = fresh.split(b"\n")
        documents = []
        for number, line in enumerate(lines):
            try:
                documents.append(decode(line))
            except ValueError as error:
                if number == len(lines) - 1 and not rest:
                    rest = line + b"\n"  # a disk may keep the end of a line and lose its middle
                    break
                raise JournalError(f"{self.path}: line {self._lines + 1} is not a document: {error}") from error
            self._lines += 1
            self._offset += len(line) + 1
        self.torn = len(rest)
        return documents

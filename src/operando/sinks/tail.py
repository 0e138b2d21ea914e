"""Read a journal from a byte on, a bounded piece at a time."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from operando.errors import JournalError
from operando.journal.arrays import REFERENCE, with_arrays, with_references
from operando.journal.line import decode

PIECE = 256 * 1024
"""Bytes read at once; a longer line is read whole. The journal keeps its lines near a megabyte at most."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a journal.

    Parameters
    ----------
    end : int
        Byte of the journal behind it.
    name : str
        Of the document; empty for a damaged line, which is none.
    document : Mapping
        Its content.
    """

    end: int
    name: str
    document: Mapping[str, Any]


class Tail:
    """The rest of one journal.

    Parameters
    ----------
    path : Path
        The journal.
    offset : int
        Bytes that were dealt with already; the first byte of a line.
    """

    def __init__(self, path: Path, offset: int = 0) -> None:
        self.path = path
        self.offset = offset
        """Bytes that were dealt with; moved by whoever deals with the lines."""

    def behind(self) -> int:
        """Return the number of bytes that are still to be dealt with; 0 where the journal is gone or cannot tell."""
        try:
            return max(0, self.path.stat().st_size - self.offset)
        except OSError:
            return 0

    def read(self) -> list[Line]:
        """Return the next whole lines, the same ones again until `offset` is moved; none where the end is torn."""
        piece, more = self._piece()
        lines, end = [], self.offset
        whole = piece.split(b"\n")[:-1]
        for number, text in enumerate(whole):
            end += len(text) + 1
            try:
                name, document = self._document(text)
            except (ValueError, JournalError) as error:
                if number == len(whole) - 1 and not more:
                    break  # a disk may keep the end of a line and lose its middle
                _logger.error("%s: the line that ends at byte %d is not a document: %s", self.path, end, error)
                name, document = "", {}
            lines.append(Line(end, name, document))
        return lines

    def _document(self, text: bytes) -> tuple[str, Mapping[str, Any]]:
        """Return name and document of a line, as its RunEngine emitted it."""
        name, document = decode(text)
        if REFERENCE.encode() in text:
            document = with_arrays(with_references(document, self.path.parent))
        return name, document

    def _piece(self) -> tuple[bytes, bool]:
        """Return what was read, and whether there is more than its whole lines."""
        size = PIECE
        try:
            with self.path.open("rb") as journal:
                while True:
                    journal.seek(self.offset)
                    piece = journal.read(size)
                    if b"\n" in piece or len(piece) < size:
                        break
                    size *= 2
                length = os.fstat(journal.fileno()).st_size
        except FileNotFoundError:
            return b"", False
        return piece, self.offset + piece.rfind(b"\n") + 1 < length


def ends_with_stop(path: Path) -> bool:
    """Return whether the last line of a journal is a whole stop document."""
    try:
        with path.open("rb") as journal:
            journal.seek(max(0, os.fstat(journal.fileno()).st_size - PIECE))
            last = journal.read().rstrip(b"\n").rpartition(b"\n")[2]
        return decode(last)[0] == "stop"
    except (OSError, ValueError):
        return False

"""Read a journal from its beginning to its end."""

import logging
from collections.abc import Iterator
from pathlib import Path

from operando.errors import JournalError
from operando.journal.arrays import with_arrays
from operando.journal.following import Document, JournalFollower, Report

PIECE = 1_000_000
"""Bytes read at a time."""
_logger = logging.getLogger(__name__)


def read_journal(path: Path, damaged: Report | None = None) -> Iterator[Document]:
    """Yield the documents of a journal; an array too large for a line is a `StoredArray`.

    Parameters
    ----------
    damaged : callable
        Called with each `Damage`, in its place among the documents; reading goes on behind it. Without it, damage
        that a whole line follows is an error, and a torn end, as a power failure leaves it, is left out and logged.

    Raises
    ------
    JournalError
        There is no such journal, or a line before a whole one is no document.
    """
    if not path.is_file():
        raise JournalError(f"{path}: there is no such journal")
    follower = JournalFollower(path, damaged)
    yield from follower.poll(PIECE)
    while follower.behind:
        yield from follower.poll(PIECE)
    if torn := follower.tail:
        if damaged:
            damaged(torn)
        else:
            _logger.warning("%s; left out", torn)


def replay(path: Path, damaged: Report | None = None) -> Iterator[Document]:
    """Yield the documents of a journal as `read_journal` does, large arrays read: as their RunEngine emitted them.

    Raises
    ------
    JournalError
        As `read_journal`, or an array cannot be read.
    """
    for name, doc in read_journal(path, damaged):
        yield name, with_arrays(doc)

"""What is wrong with a journal, and where."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from operando.errors import JournalError


@dataclass(frozen=True, slots=True)
class Damage:
    """Lines in succession that are no documents: torn off by a power failure, or altered since.

    Parameters
    ----------
    path : Path
        The journal.
    first_line, last_line : int
        Counted from 1; a line without its end counts.
    offset : int
        Bytes before them.
    length : int
        Bytes that they hold.
    reason : str
        What is wrong with the first of them.
    last_time : float or None
        POSIX s: of the last whole document before them that bears a time.
    at_end : bool
        No whole line follows.
    """

    path: Path
    first_line: int
    last_line: int
    offset: int
    length: int
    reason: str
    last_time: float | None
    at_end: bool

    def __str__(self) -> str:
        if self.at_end:
            where = f"its end is torn from line {self.first_line} on"
        elif self.first_line == self.last_line:
            where = f"line {self.first_line} is not a document"
        else:
            where = f"lines {self.first_line} to {self.last_line} are no documents"
        before = "no whole document before"
        if self.last_time is not None:
            before = f"last whole document before: {datetime.fromtimestamp(self.last_time, UTC).isoformat()}"
        return f"{self.path}: {where} ({self.length} bytes, {self.reason}); {before}"


def set_aside(damage: Damage) -> Path:
    """Copy damaged bytes to ``<uid>.torn`` beside their journal, which stays as it is; return where they are.

    Raises
    ------
    JournalError
        They cannot be copied.
    """
    target = damage.path.with_suffix(".torn")
    try:
        with damage.path.open("rb") as journal:
            journal.seek(damage.offset)
            torn = journal.read(damage.length)
        if not target.exists() or target.read_bytes() != torn:
            target.write_bytes(torn)
    except OSError as error:
        raise JournalError(f"{damage}; they cannot be set aside as {target}: {error.strerror}") from error
    return target

"""Follow a journal while it grows; whole lines only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from operando.errors import JournalError
from operando.journal.arrays import REFERENCE, with_references
from operando.journal.damage import Damage
from operando.journal.line import decode

_MARK = f'"{REFERENCE}"'.encode()

Document = tuple[str, dict[str, Any]]
"""Name and content, as the RunEngine emitted them; an array too large for a line is a `StoredArray`."""
Report = Callable[[Damage], None]


@dataclass(frozen=True, slots=True)
class _Gap:
    """Lines in succession that are no documents."""

    first_line: int
    offset: int
    reason: str
    lines: int = 0
    length: int = 0

    def longer(self, line: bytes) -> "_Gap":
        return replace(self, lines=self.lines + 1, length=self.length + len(line))


class JournalFollower:
    """Reads what is new in a journal.

    Parameters
    ----------
    path : Path
        It need not be there yet.
    damaged : callable
        Called with each `Damage` that a whole line follows, before the document of that line is returned. Without it,
        such damage is an error.
    """

    def __init__(self, path: Path, damaged: Report | None = None) -> None:
        self.path = path
        self.behind = False
        """Whether the last poll stopped at its limit; there may be more."""
        self.last_time: float | None = None
        """POSIX s: of the last document that bears a time."""
        self._damaged = damaged
        self._lines = 0
        self._offset = 0
        self._gap: _Gap | None = None
        self._rest = b""

    @property
    def torn(self) -> int:
        """Bytes after the last whole document at the last poll."""
        return self.tail.length if self.tail else 0

    @property
    def tail(self) -> Damage | None:
        """What is after the last whole document: torn off, once the owner of the journal is gone."""
        gap = self._gap
        if self._rest:
            gap = (gap or _Gap(self._lines + 1, self._offset, "without its end")).longer(self._rest)
        return self._damage(gap, at_end=True) if gap else None

    def poll(self, at_most: int | None = None) -> list[Document]:
        """Return the documents that came since the last call.

        Parameters
        ----------
        at_most : int
            Bytes after which to stop, behind a whole line; all by default.

        Raises
        ------
        JournalError
            The journal cannot be read, or a line before a whole one is no document; what is before it was returned.
        """
        self.behind, self._rest = False, b""
        try:
            with self.path.open("rb") as journal:
                return self._read(journal, at_most)
        except FileNotFoundError:
            return []
        except OSError as error:
            raise JournalError(f"{self.path}: the journal cannot be read: {error.strerror}") from error

    def _read(self, journal: BinaryIO, at_most: int | None) -> list[Document]:
        documents: list[Document] = []
        start = journal.seek(self._offset)
        for line in journal:
            if not line.endswith(b"\n"):
                self._rest = line
                break
            if at_most is not None and self._offset - start >= at_most:
                self.behind = True
                break
            document = self._parse(line)
            if document and self._gap and documents:  # first what is before the gap
                self.behind = True
                break
            if document:
                self._leave_gap()
                documents.append(document)
                if isinstance(time := document[1].get("time"), int | float):
                    self.last_time = float(time)
            self._lines += 1
            self._offset += len(line)
        return documents

    def _parse(self, line: bytes) -> Document | None:
        """Return the document of a line, or remember that it holds none."""
        try:
            name, doc = decode(line)
            if _MARK in line:
                doc = with_references(doc, self.path.parent)
        except ValueError as error:
            gap = self._gap or _Gap(self._lines + 1, self._offset, str(error))
            self._gap = gap.longer(line)
            return None
        return name, doc

    def _leave_gap(self) -> None:
        if self._gap is None:
            return
        damage = self._damage(self._gap, at_end=False)
        if self._damaged is None:
            raise JournalError(str(damage))
        self._gap = None
        self._damaged(damage)

    def _damage(self, gap: _Gap, at_end: bool) -> Damage:
        last_line = gap.first_line + gap.lines - 1
        return Damage(self.path, gap.first_line, last_line, gap.offset, gap.length, gap.reason, self.last_time, at_end)

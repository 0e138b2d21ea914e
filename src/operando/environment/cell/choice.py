"""Which programme a start would start: that of the configuration, or one that somebody has loaded since."""

from collections.abc import Callable
from typing import Any

from operando.environment.cell.recollection import Recollection
from operando.errors import RequestRefused
from operando.vocabulary import CellProgramme, plain


def nothing_else(text: str) -> CellProgramme:
    """Refuse every other programme."""
    raise RequestRefused(f"{text[:20]!r}…: no other programme can be loaded here")


class Choice:
    """The programme, and what a restarted service must know of it; belongs to one thread.

    Parameters
    ----------
    configured : CellProgramme
        Of the configuration.
    compiled : callable
        Takes the text of another programme and returns it compiled; raises `RequestRefused`.
    before : Recollection
        How the service before left it: what was loaded stays so until the configuration has another one. Its text is
        compiled anew, for the cell and the instrument that are there now.
    """

    def __init__(
        self, configured: CellProgramme, compiled: Callable[[str], CellProgramme], before: Recollection
    ) -> None:
        self._compiled = compiled
        self._configured = configured
        self.programme = configured
        self.facts: dict[str, Any] = {"loaded": None, "in_place_of": configured.hash}
        """What a restarted service must know."""
        self.complaints: list[str] = []
        """What was there before the restart, and is not any more."""
        if before.loaded and before.in_place_of == configured.hash:
            try:
                self._take(compiled(before.loaded.source))
            except RequestRefused as error:
                self.complaints.append(f"programme {before.loaded.name!r} was loaded, and is not any more: {error}")
        self.stands = before.stands if before.script is None or self._still_means(before) else None
        """Where a programme was interrupted, while cell and instrument are those that it was interrupted on."""

    def load(self, text: str) -> CellProgramme:
        """Have another programme started from now on, and return it."""
        self._take(self._compiled(text))
        return self.programme

    def _still_means(self, before: Recollection) -> bool:
        """Whether the text of an interrupted programme means the same for what is configured now."""
        if before.stands is None or before.script is None:
            return True
        whole = before.script.whole
        try:
            if self._compiled(whole.source) == whole:
                return True
            why = "for the cell and the instrument as they are configured now it would be another one"
        except RequestRefused as error:
            why = str(error)
        self.complaints.append(f"programme {whole.name!r} was interrupted, and cannot be resumed: {why}")
        return False

    def _take(self, programme: CellProgramme) -> None:
        self.programme = programme
        self.facts = {"loaded": plain(programme), "in_place_of": self._configured.hash}

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
        self.complaint = ""
        """Why what was loaded before the restart is not any more; nothing where it is, or where nothing was."""
        if before.loaded and before.in_place_of == configured.hash:
            try:
                self._take(compiled(before.loaded.source))
            except RequestRefused as error:
                self.complaint = f"programme {before.loaded.name!r} was loaded, and is not any more: {error}"

    def load(self, text: str) -> CellProgramme:
        """Have another programme started from now on, and return it."""
        self._take(self._compiled(text))
        return self.programme

    def _take(self, programme: CellProgramme) -> None:
        self.programme = programme
        self.facts = {"loaded": plain(programme), "in_place_of": self._configured.hash}

"""How far one sink has come, remembered across its deaths."""

import json
import logging
import os
from pathlib import Path
from typing import Any

from operando.sinks.complaint import Complaint

_logger = logging.getLogger(__name__)


class Positions:
    """What was delivered to one sink.

    Two files: ``<name>.json`` with the offsets of the runs under way and the runs that were refused, replaced as a
    whole; ``<name>.done`` with one uid a line, appended, for all runs that need no further look. What could not be
    written is delivered again after a restart, never left out.

    Parameters
    ----------
    folder : Path
        Made when missing.
    name : str
        Of the sink.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._file = folder / f"{name}.json"
        self._list = folder / f"{name}.done"
        folder.mkdir(parents=True, exist_ok=True)
        self.fresh = not self._file.exists() and not self._list.exists()
        """Whether this sink was never fed before."""
        remembered = _read(self._file)
        self._offsets: dict[str, int] = remembered.get("offsets", {})
        self.refused: dict[str, str] = remembered.get("refused", {})
        """Uid of a run that the target does not take → why."""
        self._done = _lines(self._list)
        self._saved = True
        self._saving = Complaint(self._file, "a restart sends some documents again")
        self._listing = Complaint(self._list, "a restart sends whole runs again")

    def offset(self, run: str) -> int:
        """Return how many bytes of a run's journal were delivered."""
        return self._offsets.get(run, 0)

    def is_done(self, run: str) -> bool:
        """Return whether a run needs no further look: delivered whole, or refused."""
        return run in self._done or run in self.refused

    def advance(self, run: str, offset: int) -> None:
        """Note how far a run was delivered; `save` makes it last."""
        self._offsets[run] = offset
        self._saved = False

    def finish(self, *runs: str) -> None:
        """Note runs as delivered."""
        self._done.update(runs)
        for run in runs:
            self._offsets.pop(run, None)
        self._saved = False
        with self._listing.writing(), self._list.open("a", encoding="ascii") as file:
            file.writelines(f"{run}\n" for run in runs)

    def forget(self, run: str) -> None:
        """Keep nothing of a run that is not to be delivered any more."""
        self._saved = self._saved and run not in self._offsets
        self._offsets.pop(run, None)

    def refuse(self, run: str, reason: str) -> None:
        """Note a run that the target does not take."""
        self.refused[run] = reason
        self._offsets.pop(run, None)
        self._saved = False

    def save(self) -> None:
        """Write what changed."""
        if self._saved:
            return
        newborn = self._file.with_suffix(".new")
        with self._saving.writing():
            newborn.write_text(json.dumps({"offsets": self._offsets, "refused": self.refused}), encoding="utf-8")
            os.replace(newborn, self._file)
            self._saved = True


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        _logger.error("%s: %s; runs under way are sent again from their start", file, error)
        return {}
    return found if isinstance(found, dict) else {}


def _lines(file: Path) -> set[str]:
    try:
        return set(file.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return set()
    except (OSError, ValueError) as error:
        _logger.error("%s: %s; runs that were delivered are sent again", file, error)
        return set()

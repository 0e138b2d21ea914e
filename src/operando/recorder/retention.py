"""Journals that may go: old ones whose file of record is complete."""

import logging
import math
import time
from pathlib import Path

from operando.errors import OperandoError
from operando.journal import read_journal, remove_recorded
from operando.recorder.nexus import is_complete, path_of
from operando.recorder.patience import Clock
from operando.recorder.run import Run

DAY_S = 86400.0
LOOK_S = 3600.0
"""s between two looks."""
_logger = logging.getLogger(__name__)


class Retention:
    """Removes journals that were last written to before so many days, once an hour.

    One stays however old it is while its run is open, or while its file of record is missing or not complete.

    Parameters
    ----------
    journals : Path
        Folder of ``<uid>.jsonl``.
    data_root : Path
        Where files of record are.
    keep_days : float or None
        None keeps them for ever.
    clock : callable
        s, monotonic.
    """

    def __init__(self, journals: Path, data_root: Path, keep_days: float | None, clock: Clock = time.monotonic) -> None:
        self._journals = journals
        self._data_root = data_root
        self._keep_days = math.inf if keep_days is None else keep_days
        self._clock = clock
        self._looked = -math.inf

    def remove_if_due(self) -> list[Path]:
        """Look, unless that was done within the hour; return what was removed."""
        if math.isinf(self._keep_days) or self._clock() - self._looked < LOOK_S:
            return []
        self._looked = self._clock()
        try:
            return remove_recorded(self._journals, time.time() - self._keep_days * DAY_S, self._is_recorded)
        except (OperandoError, OSError) as error:
            _logger.warning("%s: old journals stay until the next look: %s", self._journals, error)
            return []

    def _is_recorded(self, journal: Path) -> bool:
        try:
            name, start = next(read_journal(journal), ("nothing", {}))
            return name == "start" and is_complete(path_of(self._data_root, Run.from_start(start)))
        except OperandoError:  # of another program, or damaged: nobody knows what it is good for
            return False

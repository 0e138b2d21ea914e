"""Files beside the files of record: master files, lists, texts that a site's own programs read.

They are written once a file of record is complete, and tried again until that is done, also by a recorder that is
started later: a run that still lacks them is noted in a folder of the state root. Their failure never touches the run.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from operando.errors import OperandoError
from operando.recorder.patience import Clock
from operando.recorder.profiles import profile_of
from operando.recorder.run import Run
from operando.vocabulary.names import component

RETRY_S = 10.0
"""s between two attempts: as long as another program may hold a master file."""
NOT_NOW = (OSError, RuntimeError, KeyError, ValueError, OperandoError)
"""What h5py, a full disk, another writer or a damaged file raise."""

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Promise:
    run: Run
    record: Path
    due: float = math.inf
    reason: str = ""


class Beside:
    """What is still to be written beside files of record.

    Parameters
    ----------
    folder : Path
        Notes, one a run; made when needed.
    is_complete : callable
        Whether a file of record was written to its end.
    clock : callable
        s, monotonic.
    """

    def __init__(self, folder: Path, is_complete: Callable[[Path], bool], clock: Clock = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._promises: dict[str, _Promise] = {}
        for note in sorted(folder.glob("*.json")):
            self._recall(note, is_complete)

    @property
    def failed(self) -> dict[Path, str]:
        """File of record → why something beside it could not be written yet."""
        return {promise.record: promise.reason for promise in self._promises.values() if promise.reason}

    @property
    def due(self) -> bool:
        """Whether something is to be tried at once."""
        return any(promise.due <= self._clock() for promise in self._promises.values())

    def promise(self, run: Run, record: Path) -> None:
        """Note that a run, once complete, wants files beside it."""
        if not profile_of(run).writes_beside:
            return
        self._promises[run.uid] = _Promise(run, record)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            fresh = self._note(run.uid).with_suffix(".new")
            fresh.write_text(json.dumps({"record": str(record), "start": run.document}), encoding="utf-8")
            fresh.replace(self._note(run.uid))
        except (OSError, ValueError) as error:
            _logger.warning("%s: %s; files beside %s are tried by this recorder alone", self._folder, error, record)

    def complete(self, run: Run) -> None:
        """Take note that a file of record is complete: what belongs beside it is due."""
        if run.uid in self._promises:
            self._promises[run.uid].due = -math.inf

    def step(self) -> bool:
        """Write what is due; return whether anything was done."""
        worked = False
        for uid, promise in list(self._promises.items()):
            if promise.due <= self._clock():
                worked |= self._write(uid, promise)
        return worked

    def _write(self, uid: str, promise: _Promise) -> bool:
        try:
            profile_of(promise.run).beside(promise.record, promise.run)
        except NOT_NOW as error:
            level = logging.ERROR if not promise.reason else logging.DEBUG
            promise.reason = str(error) or type(error).__name__
            promise.due = self._clock() + RETRY_S
            _logger.log(
                level,
                "%s: complete, but files beside it could not be written: %s; tried again every %.0f s",
                promise.record,
                promise.reason,
                RETRY_S,
            )
            return False
        del self._promises[uid]
        self._note(uid).unlink(missing_ok=True)
        return True

    def _recall(self, note: Path, is_complete: Callable[[Path], bool]) -> None:
        """Take up a promise of an earlier recorder; a run that is not complete yet comes again by its journal."""
        try:
            found = json.loads(note.read_text(encoding="utf-8"))
            promise = _Promise(Run.from_start(found["start"]), Path(found["record"]))
        except NOT_NOW as error:
            _logger.error("%s: %s; left alone", note, error)
            return
        if is_complete(promise.record):
            promise.due = -math.inf
        self._promises[promise.run.uid] = promise

    def _note(self, uid: str) -> Path:
        return self._folder / component(f"{uid}.json")

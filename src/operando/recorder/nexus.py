"""The file of record of one run.

Default libver, locked while it is written, never SWMR: a file written so opens after its writer was killed, if its
structure is flushed as soon as it is made and its data at least every half second (the practice of ESRF's blisswriter,
https://gitlab.esrf.fr/bliss/blisswriter). ``end_time`` is written last and says that the file is complete.
"""

import logging
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from operando.analysis import Integrator
from operando.errors import RecordDamaged, RecordError
from operando.history import EnvironmentHistory
from operando.recorder.agreement import agree, agree_attributes
from operando.recorder.cell_programme import link_cell_programmes, write_cell_programmes
from operando.recorder.instants import NS, iso8601
from operando.recorder.kept import KeptRows
from operando.recorder.layout import write_text, write_value
from operando.recorder.missing import Missing, write_missing
from operando.recorder.profiles import profile_of, record_path
from operando.recorder.run import FrameStore, Run
from operando.recorder.structure import CAKES, ENVIRONMENT, PATTERNS, write_patterns, write_root
from operando.recorder.surroundings import Surroundings
from operando.recorder.synchronisation import Synchronisation
from operando.recorder.unfinished import create, judging, open_unfinished, publish, set_aside, skeleton

if TYPE_CHECKING:
    from operando.recorder.patterns import Patterns
    from operando.recorder.table import Table

FLUSH_S = 0.5
Row = dict[str, Any]
"""Name of a column → its value; what is not named is missing."""

_logger = logging.getLogger(__name__)


def path_of(data_root: Path, run: Run) -> Path:
    """Return where the file of record of a run lies, by the profile of its site."""
    return record_path(data_root, run)


def is_complete(path: Path) -> bool:
    """Return whether a file of record was written to its end."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return len(file) > 0 and all(file[f"{name}/end_time"][()] for name in file)
    except (OSError, RuntimeError, KeyError):  # cut off by a kill, just being written, or not there
        return False


class RecordFile:
    """Writes the file of record of one run, from its start to its end.

    A file that an earlier recorder left unfinished is continued behind its last whole row.

    Parameters
    ----------
    path : Path
        A file there that cannot be continued is set aside.
    run : Run
        What the start document says.
    clock : callable
        s, monotonic; decides when to flush, and nothing in the file.

    Raises
    ------
    RecordError
        A viewer holds it open, another recorder is writing it, or the folder cannot be written.
    """

    def __init__(self, path: Path, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._run = run
        self._clock = clock
        self._profile = profile_of(run)
        self._names = {product: self._profile.entry(product) for product in (PATTERNS, CAKES, ENVIRONMENT)}
        self._rows: list[Row] = []
        self._patterns: Patterns | None = None
        self._gaps: Table | None = None
        self._raw: dict[str, int] = {}
        self._skeleton = skeleton(path)
        self.kept: KeptRows | None = None
        """Rows of an earlier recorder, once the entry of the patterns has begun."""
        continued = self._continued()
        if continued:
            self._file, self._surroundings = continued
        else:
            self._file = create(path)
            self._surroundings = write_root(self._file, run, path.name)
        self._synchronisation = Synchronisation(self._file.id.get_vfd_handle(), path)
        try:
            self._flush()
            if not continued:
                publish(path)
        except (OSError, RuntimeError, RecordError):
            with suppress(OSError, RuntimeError):  # what refuses a write may refuse to let go
                self.drop()
            raise

    @property
    def length(self) -> int:
        """Number of frames, written or about to be."""
        return len(self._rows) + (self._patterns.length if self._patterns else 0)

    @property
    def patterns(self) -> "Patterns | None":
        """The entry of the patterns, once it has begun."""
        return self._patterns

    @property
    def failed(self) -> int:
        """Frames among them that lack their pattern, or their time."""
        return self._gaps.length if self._gaps else 0

    def begin_patterns(self, integrator: Integrator) -> None:
        """Make the entry of the patterns; it becomes what a viewer shows first.

        Raises
        ------
        RecordDamaged
            An earlier recorder has left one that cannot be continued.
        """
        name = self._names[PATTERNS]
        continued = name in self._file
        self._patterns, self._gaps = write_patterns(self._skeleton if continued else self._file, self._run, integrator)
        if continued:
            with judging(self.path):
                for entry in {name, self._names[CAKES]} & set(self._skeleton):
                    agree(self._skeleton[entry], self._file[entry])
                self._patterns.adopt(self._file)
                self._gaps.adopt(self._file)
                self._gaps.cut(int(np.searchsorted(self._gaps["row"][: self._gaps.length], self._patterns.length)))
                self.kept = KeptRows(self._patterns.frames, self._patterns.length)
        self._detector = self._patterns.instrument["detector"]
        self._file.attrs["default"] = name
        self._flush()

    def link_raw(self, store: FrameStore) -> int:
        """Link a file of raw frames by its relative path, so that the folders can move together; return its number."""
        if store.uid not in self._raw:
            number = self._raw[store.uid] = len(self._raw)
            name, target = f"frames_{number:06d}", os.path.relpath(store.path, self.path.parent)
            found = self._detector.get(name, getlink=True) if self.kept else None
            if found is None:
                self._detector[name] = h5py.ExternalLink(target, store.dataset)
                self._flush()
            elif (found.filename, found.path) != (target, store.dataset):
                raise RecordDamaged(f"{self.path}: {name} leads to {found.filename}, the journal says {target}")
        return self._raw[store.uid]

    def append(self, row: Row, reason: str = "") -> None:
        """Add a frame; what its row does not name is missing, for the reason given."""
        if reason and self._gaps:
            _logger.warning("run %s: %s; its row says so", self._run.uid[:8], reason)
            self._gaps.append([{"row": self.length, "reason": reason}])
        self._rows.append(row)

    def extend_log(self, history: EnvironmentHistory, end_ns: int, whole: bool = False) -> bool:
        """Add some of the environment log up to a committed instant; return whether anything was done."""
        extended = self._surroundings.extend(history, end_ns, whole)
        self._extended |= extended
        return extended

    def write_cell_programmes(self, history: EnvironmentHistory, end_ns: int) -> None:
        """Write what became of the cell programme up to the end of the run; to be followed by `end`."""
        entry = self._surroundings.entry
        write_cell_programmes(entry, self._run, history, end_ns)
        if self._patterns:
            link_cell_programmes(self._patterns.entry, entry)

    def flush_if_due(self) -> bool:
        """Write what was added, at most `FLUSH_S` after the last time; return whether anything was."""
        if not (self._rows or self._extended) or self._clock() - self._flushed < FLUSH_S:
            return False
        self._flush()
        return True

    def end(self, end_ns: int, end_reason: str, message: str, announced: int, missing: Sequence[Missing] = ()) -> None:
        """Write the end of the run, how many frames were announced in it, and close; the file is complete.

        Parameters
        ----------
        end_ns : int
            UTC, ns since the epoch.
        end_reason, message : str
            How, in the words of the stop document.
        announced : int
            Frames that the documents promised.
        missing : sequence of Missing
            What the detector told about others that it lost.

        Raises
        ------
        RecordDamaged
            It holds frames that the journal does not promise.
        """
        if self._names[PATTERNS] in self._file and (self._patterns is None or (self.kept and self.kept.remaining)):
            raise RecordDamaged(f"{self.path}: holds more frames than its journal promises")
        self._flush()
        self._synchronisation.close()
        entries = [self._file[name] for name in self._names.values() if name in self._file]
        self._profile.finish(self._file, self._run)
        for entry in entries:
            write_text(entry, "end_reason", self._profile.end_reason(end_reason))
            write_text(entry, "end_message", message)
            write_value(entry, "collection_time", (end_ns - self._run.start_ns) / NS, "s")
        if self._patterns:
            patterns = self._file[self._names[PATTERNS]]
            write_value(patterns, "frames_announced", announced)
            write_value(patterns, "frames_failed", self.failed)
            write_value(patterns, "frames_missing", write_missing(patterns, missing))
        self._file.flush()
        self._synchronisation.now()
        for entry in entries:
            write_text(entry, "end_time", iso8601(end_ns))
        self._file.flush()
        self._synchronisation.now()
        self.close()

    def close(self) -> None:
        """Close the file; an unfinished one can be continued."""
        try:
            if self._file:
                self._flush()
        finally:
            self._synchronisation.close()
            self._file.close()
            self._skeleton.close()

    def drop(self) -> None:
        """Close the file without what was added since the last flush."""
        self._rows.clear()
        self._synchronisation.close()
        self._skeleton.close()
        self._file.close()

    def set_aside(self, reason: str) -> None:
        """Close a file that cannot be continued, and give it another name."""
        self._rows.clear()
        try:
            self.close()
        except (OSError, RuntimeError) as error:
            _logger.info("%s: does not close: %s", self.path, error)
        set_aside(self.path, reason)

    def _continued(self) -> tuple[h5py.File, Surroundings] | None:
        """Open what an earlier recorder left; None where there is nothing to go on with."""
        file = open_unfinished(self.path)
        if file is None:
            return None
        surroundings = write_root(self._skeleton, self._run, self.path.name)
        try:
            with judging(self.path):
                agree_attributes(self._skeleton, file, free=("default",))
                name = self._names[ENVIRONMENT]
                agree(self._skeleton[name], file[name])
                surroundings.adopt(file)
                for further in set(file) - set(self._names.values()):
                    del file[further]
        except RecordDamaged as error:
            file.close()
            set_aside(self.path, str(error))
            return None
        _logger.info("%s: left unfinished; continued", self.path)
        return file, surroundings

    def _flush(self) -> None:
        """Hand everything to the operating system, rows before what declares them whole; the disk follows."""
        if self._rows and self._patterns:
            self._patterns.append(self._rows)
            self._rows = []
        self._file.flush()
        self._surroundings.seal()
        if self._patterns:
            self._patterns.seal()
        self._file.flush()
        self._extended = False
        self._flushed = self._clock()
        self._synchronisation.request()

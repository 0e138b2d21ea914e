"""The file of record of one run.

Default libver, locked while it is written, never SWMR: a file written so opens after its writer was killed, if its
structure is flushed as soon as it is made and its data at least every half second (the practice of ESRF's blisswriter,
https://gitlab.esrf.fr/bliss/blisswriter). ``end_time`` is written last and says that the file is complete.
"""

import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import h5py

import operando
from operando.analysis import Integrator
from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.columns import JOINED, frame_columns
from operando.recorder.instants import NS, iso8601
from operando.recorder.layout import UNKNOWN, make_group, write_text, write_value
from operando.recorder.patterns import Origin, Patterns
from operando.recorder.run import FrameStore, Run
from operando.recorder.surroundings import Surroundings
from operando.recorder.table import Column, Table
from operando.recorder.trend import write_trend

PATTERNS, ENVIRONMENT = "xrd", "environment"
"""Names of the entries."""
FLUSH_S = 0.5
Row = dict[str, Any]
"""Name of a column → its value; what is not named is missing."""

_logger = logging.getLogger(__name__)


def path_of(data_root: Path, run: Run) -> Path:
    """Return where the file of record of a run lies, by the UTC day of its start."""
    day = datetime.fromtimestamp(run.start_ns // NS, UTC)
    return data_root / "processed" / f"{day:%Y%m%d}" / f"{run.scan_id:05d}_{run.uid[:8]}.nxs"


def is_complete(path: Path) -> bool:
    """Return whether a file of record was written to its end."""
    try:
        with h5py.File(path, "r", locking=False) as file:
            return f"{ENVIRONMENT}/end_time" in file
    except (OSError, RuntimeError):  # cut off by a kill, or just being written
        return False


class RecordFile:
    """Writes the file of record of one run, once, from its start to its end.

    Parameters
    ----------
    path : Path
        An unfinished file of an earlier recorder is replaced.
    run : Run
        What the start document says.
    clock : callable
        s, monotonic; decides when to flush, and nothing in the file.

    Raises
    ------
    RecordError
        Another recorder is writing it, or the folder cannot be written.
    """

    def __init__(self, path: Path, run: Run, clock: Callable[[], float] = time.monotonic) -> None:
        self.path = path
        self._run = run
        self._clock = clock
        self._file = _create(path)
        self._rows: list[Row] = []
        self._patterns: Patterns | None = None
        self._gaps: Table | None = None
        self._raw: dict[str, int] = {}
        self._file.attrs.update(
            {
                "NX_class": "NXroot",
                "file_name": path.name,
                "file_time": iso8601(run.start_ns),
                "creator": "operando",
                "creator_version": operando.__version__,
                "HDF5_Version": h5py.version.hdf5_version,
                "h5py_version": h5py.version.version,
                "default": ENVIRONMENT,
            }
        )
        self._surroundings = Surroundings(self._file, run)
        _describe(self._surroundings.entry, run)
        note = make_group(self._surroundings.entry, "start_document", "NXnote")
        write_text(note, "type", "application/json")
        write_text(note, "description", "the start document of the run, with the configuration of the endstation")
        write_text(note, "data", json.dumps(run.document, sort_keys=True))
        self._flush()

    @property
    def length(self) -> int:
        """Number of frames, written or about to be."""
        return len(self._rows) + (self._patterns.length if self._patterns else 0)

    def begin_patterns(self, integrator: Integrator) -> None:
        """Make the entry of the patterns; it becomes what a viewer shows first."""
        run = self._run
        origin = Origin(
            instrument=str(run.setting("name") or UNKNOWN),
            source_name=str(run.setting("source", "name") or UNKNOWN),
            source_type=str(run.setting("source", "kind") or UNKNOWN),
            poni=run.poni,
            date=iso8601(run.start_ns),
        )
        beside = ("frame_number", *JOINED)
        patterns = Patterns(self._file, PATTERNS, origin, integrator, frame_columns(run), "time", beside)
        _describe(patterns.entry, run)
        write_trend(patterns.entry, run)
        patterns.entry["start_document"] = self._surroundings.entry["start_document"]
        self._detector = make_group(patterns.instrument, "detector", "NXdetector")
        write_text(self._detector, "local_name", str(run.setting("detector", "prefix") or ""))
        gaps = make_group(patterns.entry, "gaps", "NXcollection")
        columns = (
            Column("row", "", "frame, from 0, that lacks something", "int64", (), -1),
            Column("reason", "", "why", "text", (), ""),
        )
        self._patterns, self._gaps = patterns, Table(gaps, columns)
        self._file.attrs["default"] = PATTERNS
        self._flush()

    def link_raw(self, store: FrameStore) -> int:
        """Link a file of raw frames by its relative path, so that the folders can move together; return its number."""
        if store.uid not in self._raw:
            number = self._raw[store.uid] = len(self._raw)
            target = os.path.relpath(store.path, self.path.parent)
            self._detector[f"frames_{number:06d}"] = h5py.ExternalLink(target, store.dataset)
            self._flush()
        return self._raw[store.uid]

    def append(self, row: Row, reason: str = "") -> None:
        """Add a frame; what its row does not name is missing, for the reason given."""
        if reason and self._gaps:
            _logger.warning("run %s: %s; its row is kept empty", self._run.uid[:8], reason)
            self._gaps.append([{"row": self.length, "reason": reason}])
        self._rows.append(row)

    def extend_log(self, history: EnvironmentHistory, end_ns: int, whole: bool = False) -> bool:
        """Add the environment log up to a committed instant; return whether anything was done."""
        return self._surroundings.extend(history, end_ns, whole)

    def flush_if_due(self) -> bool:
        """Write what was added, at most `FLUSH_S` after the last time; return whether it was."""
        if self._clock() - self._flushed < FLUSH_S:
            return False
        self._flush()
        return True

    def end(self, end_ns: int, end_reason: str, message: str) -> None:
        """Write the end of the run and close; the file is complete."""
        self._flush()
        entries = [self._surroundings.entry]
        if self._patterns:
            entries.insert(0, self._patterns.entry)
        for entry in entries:
            write_text(entry, "end_reason", end_reason)
            write_text(entry, "end_message", message)
            write_value(entry, "collection_time", (end_ns - self._run.start_ns) / NS, "s")
        self._file.flush()
        for entry in entries:
            write_text(entry, "end_time", iso8601(end_ns))
        self._file.close()

    def close(self) -> None:
        """Close an unfinished file."""
        if self._file:
            self._flush()
            self._file.close()

    def _flush(self) -> None:
        if self._rows and self._patterns:
            self._patterns.append(self._rows)
            self._rows = []
        self._file.flush()
        self._flushed = self._clock()


def _create(path: Path) -> h5py.File:
    """Create the file under its final name, in place of an unfinished one that nobody writes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            _refuse_if_written(path)
            path.unlink()
        return h5py.File(path, "x", locking=True)
    except OSError as error:
        raise RecordError(f"{path}: cannot be written: {error}; the run stays in its journal") from error


def _refuse_if_written(path: Path) -> None:
    try:
        h5py.File(path, "r", locking=True).close()  # a reader's lock: viewers do not stand in the way, a writer does
    except BlockingIOError as error:
        raise RecordError(f"{path}: another recorder is writing it; nothing was changed") from error
    except OSError:
        _logger.info("%s: does not open, left by a killed recorder; written anew from the journal", path)


def _describe(entry: h5py.Group, run: Run) -> None:
    """Write what every entry says about its run."""
    write_text(entry, "title", f"{run.plan_name} {run.scan_id}".strip())
    write_text(entry, "entry_identifier", run.uid)
    write_text(entry, "start_time", iso8601(run.start_ns))
    write_text(entry, "program_name", "operando", version=str(run.document["operando"].get("version", "")))
    sample = make_group(entry, "sample", "NXsample")
    write_text(sample, "name", str(run.cell.get("name", "")))
    cell = make_group(sample, "cell", "NXcollection")
    _write_fields(cell, run.cell)


def _write_fields(group: h5py.Group, fields: Mapping[str, Any]) -> None:
    """Write keys as fields; what is no number and no text as JSON."""
    for key, value in sorted(fields.items()):
        plain = isinstance(value, str | int | float | bool)
        write_value(group, str(key).replace("/", "_"), value if plain else json.dumps(value, sort_keys=True))

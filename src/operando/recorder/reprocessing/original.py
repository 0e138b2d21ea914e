"""What a finished file of record says of its run: enough to reduce it again, without the journal."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.recorder.finished import is_finished
from operando.recorder.instants import NS
from operando.recorder.pattern_entry import PatternEntry, pattern_entries
from operando.recorder.raw_links import raw_links
from operando.recorder.run import FrameStore, Run
from operando.recorder.tree import text_of

START = "start_document/data"


@dataclass(frozen=True, slots=True)
class Rows:
    """The frames as they were recorded.

    Parameters
    ----------
    raw_file, raw_index : NDArray[int64]
        Number of the link to the raw file, and place in it.
    time_ns : NDArray[int64]
        ns since the start of the run, middle of the exposure; 0 where it is not known.
    timed : NDArray[bool]
        Whether that is known.
    acquire_ns : NDArray[int64]
        ns, length of the exposure; 0 where it is not known.
    """

    raw_file: NDArray[np.int64]
    raw_index: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    timed: NDArray[np.bool_]
    acquire_ns: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.raw_file)


@dataclass(frozen=True, slots=True)
class Original:
    """A finished file of record, as far as reducing it again goes.

    Parameters
    ----------
    path : Path
        The file.
    entry : str
        Name of the entry of the recorded patterns.
    run : Run
        From the start document that the file holds.
    start_text : str
        That document, as it stands there.
    rows : Rows
        The frames.
    stores : Mapping
        Number of a raw file → where it is.
    shape : (int, int)
        Rows and columns of a frame.
    duration_ns : int
        ns, from start to end of the run.
    end_reason : str
        As the site says it.
    """

    path: Path
    entry: str
    run: Run
    start_text: str
    rows: Rows
    stores: Mapping[int, FrameStore]
    shape: tuple[int, int]
    duration_ns: int
    end_reason: str

    @property
    def end_ns(self) -> int:
        """UTC, ns since the epoch: the end of the run."""
        return self.run.start_ns + self.duration_ns


def read_original(path: Path) -> Original:
    """Read a file of record.

    Raises
    ------
    RecordError
        It is not finished, has no patterns or no start document, or none of its raw frames is there.
    """
    if not is_finished(path):
        raise RecordError(f"{path}: no finished file of record, or a program writes it; nothing was changed")
    try:
        with h5py.File(path, "r") as file:
            return _read(path, file)
    except (OSError, KeyError, RuntimeError, ValueError) as error:
        raise RecordError(f"{path}: cannot be read as a file of record: {error}; nothing was changed") from error


def _read(path: Path, file: h5py.File) -> Original:
    patterns = next((each for each in pattern_entries(file) if START in each.entry), None)
    if patterns is None:
        raise RecordError(f"{path}: no patterns with the start document of their run; there is nothing to reduce again")
    entry = patterns.entry
    text = text_of(entry[START])
    links = raw_links(path.resolve().parent, entry)
    stores = {number: _store(number, link.target, link.dataset) for number, link in links.items()}
    return Original(
        path=path,
        entry=entry.name.strip("/"),
        run=Run.from_start(json.loads(text)),
        start_text=text,
        rows=_rows(patterns),
        stores=stores,
        shape=_shape(path, stores),
        duration_ns=round(float(entry["collection_time"][()]) * NS),
        end_reason=text_of(entry["end_reason"]),
    )


def _rows(patterns: PatternEntry) -> Rows:
    def column(name: str) -> NDArray[np.float64]:
        found = patterns.column(name)
        if found is None:
            raise KeyError(f"{patterns.frames.name}/{name}")
        return np.asarray(found, dtype=np.float64)

    def nanoseconds(seconds: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.rint(np.nan_to_num(seconds) * NS).astype(np.int64)

    start, end = column("exposure_start"), column("exposure_end")
    known = np.isfinite(start) & np.isfinite(end)
    acquire = np.where(known, nanoseconds(end) - nanoseconds(start), 0)
    file, index = (column(name).astype(np.int64) for name in ("raw_file", "raw_index"))
    time = column("time")
    return Rows(file, index, nanoseconds(time), np.isfinite(time), acquire)


def _store(number: int, path: Path, dataset: str) -> FrameStore:
    return FrameStore(f"raw-{number}", path.resolve(), dataset, swmr=not _is_plain(path))


def _is_plain(path: Path) -> bool:
    """Return whether a raw file was never written for SWMR: it opens in the ordinary way alone."""
    for swmr in (True, False):
        try:
            h5py.File(path, "r", libver="latest", swmr=swmr, locking=False).close()
        except (OSError, ValueError):
            continue
        return not swmr
    return False


def _shape(path: Path, stores: Mapping[int, FrameStore]) -> tuple[int, int]:
    for store in stores.values():
        try:
            with h5py.File(store.path, "r", libver="latest", swmr=store.swmr, locking=False) as raw:
                rows, columns = raw[store.dataset].shape[-2:]
                return int(rows), int(columns)
        except (OSError, KeyError, ValueError):
            continue
    first = next((str(store.path) for store in stores.values()), "none is linked")
    raise RecordError(f"{path}: none of its {len(stores)} raw files can be read, first {first}; nothing was changed")

"""Frames out of the HDF5 files that a detector's file plugin is still writing.

Layout and attribute names are those of areaDetector's NDFileHDF5 plugin
(https://areadetector.github.io/areaDetector/ADCore/NDFileHDF5.html): a frame, its NDArrayUniqueId, and the time stamp
of the end of its exposure.
"""

import logging
import threading
from collections import OrderedDict
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle/LZ4 with HDF5
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.recorder.instants import from_epics
from operando.recorder.run import FrameStore
from operando.recorder.superblock import Corrected

ATTRIBUTES = "/entry/instrument/NDAttributes/"
NAMES = ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec")
UNKNOWN = -1
"""Frame number where the detector's own is not known."""
OPEN_FILES = 4

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame, or what is known of one that could not be read.

    Parameters
    ----------
    number : int
        NDArrayUniqueId, or `UNKNOWN`.
    end_ns : int or None
        UTC, ns since the epoch, end of the exposure; None where the detector did not say.
    image : ndarray or None
        Counts per pixel; None where they could not be read.
    reason : str
        Why something is missing; empty for a whole frame.
    """

    number: int = UNKNOWN
    end_ns: int | None = None
    image: NDArray[Any] | None = None
    reason: str = ""


class FrameFiles:
    """Frame files, opened when first asked for and kept open while they are the latest; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: OrderedDict[Path, ExitStack] = OrderedDict()
        self._files: dict[Path, h5py.File] = {}

    def read(self, store: FrameStore, index: int, abandoned: bool = False) -> Frame:
        """Read one frame; what cannot be read is missing from the answer, with its reason.

        Parameters
        ----------
        store : FrameStore
            The file.
        index : int
            From 0, within the file.
        abandoned : bool
            Nobody writes the file any more: if HDF5 refuses it because its writer died, it is read all the same.
        """
        with self._lock:
            return self._read(store, index, abandoned)

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for path in list(self._open):
                self._forget(path)

    def _read(self, store: FrameStore, index: int, abandoned: bool) -> Frame:
        known = Frame()
        try:
            file = self._file(store, abandoned)
            known = _stamp(file, index)
            image = _row(file[store.dataset], index)
            return Frame(known.number, known.end_ns, np.asarray(image))
        except (OSError, KeyError, RuntimeError, ValueError, IndexError) as error:
            self._forget(store.path)  # a file that is only now being made reads differently once reopened
            reason = f"frame {index} of {store.path.name}: {_cause(error)}"
            return Frame(known.number, known.end_ns, None, reason)

    def _file(self, store: FrameStore, abandoned: bool) -> h5py.File:
        if store.path not in self._files:
            while len(self._open) >= OPEN_FILES:
                self._forget(next(iter(self._open)))
            with ExitStack() as stack:
                self._files[store.path] = _opened(stack, store, abandoned)
                self._open[store.path] = stack.pop_all()
        self._open.move_to_end(store.path)
        return self._files[store.path]

    def _forget(self, path: Path) -> None:
        self._files.pop(path, None)
        if path in self._open:
            self._open.pop(path).close()


def _opened(stack: ExitStack, store: FrameStore, abandoned: bool) -> h5py.File:
    """Open a file of frames: in SWMR mode its reader takes no lock and sees what was flushed, also by a dead writer."""
    try:
        return stack.enter_context(h5py.File(store.path, "r", libver="latest", swmr=store.swmr))
    except FileNotFoundError:
        raise
    except OSError as error:
        if not abandoned:
            raise
        try:
            whole = stack.enter_context(h5py.File(stack.enter_context(Corrected(store.path)), "r"))
        except (OSError, RecordError):
            raise error from None  # the same words with and without the attempt
        _logger.warning("%s: left open by a writer that died; read with its superblock corrected", store.path)
        return whole


def _stamp(file: h5py.File, index: int) -> Frame:
    """Return number and end of exposure."""
    number, seconds, nanoseconds = (int(_row(file[ATTRIBUTES + name], index)) for name in NAMES)
    return Frame(number, from_epics(seconds, nanoseconds))


def _row(dataset: h5py.Dataset, index: int) -> Any:
    """Return one row of a dataset that may have grown since it was opened."""
    if index >= len(dataset):
        dataset.refresh()
    if index >= len(dataset):
        raise IndexError(f"{dataset.name} holds {len(dataset)} frames")
    return dataset[index]


def _cause(error: Exception) -> str:
    """Return one line that is the same at every attempt: HDF5 puts addresses and times into its messages."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return str(error.args[0] if error.args else error).split("(")[0].strip(" '\"")

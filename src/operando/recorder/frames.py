"""Frames out of the HDF5 files that a detector's file plugin is still writing.

Layout and attribute names are those of areaDetector's NDFileHDF5 plugin
(https://areadetector.github.io/areaDetector/ADCore/NDFileHDF5.html): a frame, its NDArrayUniqueId, and the time stamp
of the end of its exposure.
"""

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle/LZ4 with HDF5
import numpy as np
from numpy.typing import NDArray

from operando.recorder.instants import from_epics
from operando.recorder.run import FrameStore

ATTRIBUTES = "/entry/instrument/NDAttributes/"
NAMES = ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec")
UNKNOWN = -1
"""Frame number where the detector's own is not known."""
OPEN_FILES = 4


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
    """Frame files, opened when first asked for and kept open while they are the latest."""

    def __init__(self) -> None:
        self._open: OrderedDict[Path, h5py.File] = OrderedDict()

    def read(self, store: FrameStore, index: int) -> Frame:
        """Read one frame; what cannot be read is missing from the answer, with its reason.

        Parameters
        ----------
        store : FrameStore
            The file.
        index : int
            From 0, within the file.
        """
        known = Frame()
        try:
            file = self._file(store)
            known = _stamp(file, index)
            image = _row(file[store.dataset], index)
            return Frame(known.number, known.end_ns, np.asarray(image))
        except (OSError, KeyError, RuntimeError, ValueError, IndexError) as error:
            self._forget(store.path)  # a file that is only now being made reads differently once reopened
            reason = f"frame {index} of {store.path.name}: {_cause(error)}"
            return Frame(known.number, known.end_ns, None, reason)

    def close(self) -> None:
        """Close every file."""
        for path in list(self._open):
            self._forget(path)

    def _file(self, store: FrameStore) -> h5py.File:
        if store.path not in self._open:
            while len(self._open) >= OPEN_FILES:
                self._open.popitem(last=False)[1].close()
            # SWMR readers take no lock and see what the writer flushed, also after the writer was killed.
            self._open[store.path] = h5py.File(store.path, "r", libver="latest", swmr=store.swmr)
        self._open.move_to_end(store.path)
        return self._open[store.path]

    def _forget(self, path: Path) -> None:
        file = self._open.pop(path, None)
        if file is not None:
            file.close()


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

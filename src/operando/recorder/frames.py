"""Frames out of the HDF5 files that a detector's file plugin is still writing.

Layout and attribute names are those of areaDetector's NDFileHDF5 plugin
(https://areadetector.github.io/areaDetector/ADCore/NDFileHDF5.html): a frame, its NDArrayUniqueId, and the time stamp
of the end of its exposure.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from operando.recorder.chunks import Packed
from operando.recorder.frame_file import FrameFile
from operando.recorder.instants import from_epics
from operando.recorder.run import FrameStore

NAMES = ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec")
UNKNOWN = -1
"""Frame number where the detector's own is not known."""
OPEN_FILES = 4
ERRORS = (OSError, KeyError, RuntimeError, ValueError, IndexError)
"""What h5py and the unpacking of a frame say."""


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
    attributes : Mapping
        Further NDAttributes that were asked for and are in the file.
    """

    number: int = UNKNOWN
    end_ns: int | None = None
    image: NDArray[Any] | None = None
    reason: str = ""
    attributes: Mapping[str, float] = field(default_factory=dict)


class FrameFiles:
    """Frame files, opened when first asked for and kept open while they are the latest.

    For any number of threads: one at a time asks HDF5 for what lies in a file, and each unpacks its own.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[Path, FrameFile] = OrderedDict()

    def read(
        self, store: FrameStore, index: int, abandoned: bool = False, attributes: tuple[str, ...] = (), flushed: int = 0
    ) -> Frame:
        """Read one frame; what cannot be read is missing from the answer, with its reason.

        Parameters
        ----------
        store : FrameStore
            The file.
        index : int
            From 0, within the file.
        abandoned : bool
            Nobody writes the file any more: if HDF5 refuses it because its writer died, it is read all the same.
        attributes : tuple of str
            Further NDAttributes.
        flushed : int
            Frames that are known to be in the file.
        """
        with self._lock:
            frame, image = self._look(store, index, abandoned, attributes, flushed)
        if not isinstance(image, Packed):
            return replace(frame, image=image)
        try:
            return replace(frame, image=image.unpack())
        except ERRORS as error:
            return replace(frame, reason=_reason(store, index, error))

    def close(self) -> None:
        """Close every file."""
        with self._lock:
            for path in list(self._files):
                self._forget(path)

    def _look(
        self, store: FrameStore, index: int, abandoned: bool, attributes: tuple[str, ...], flushed: int
    ) -> tuple[Frame, NDArray[Any] | Packed | None]:
        """Return what a file says about a frame, and its counts."""
        known = Frame()
        try:
            file = self._file(store, abandoned)
            file.look(max(flushed, index + 1))
            known = _stamped(*(int(file.number(name, index)) for name in NAMES))
            untimed = (
                "" if known.end_ns else f"frame {index} of {store.path.name} has no time: its conditions are unknown"
            )
            known = replace(known, attributes=file.numbers(attributes, index), reason=untimed)
            return known, file.image(store.dataset, index)
        except ERRORS as error:
            self._forget(store.path)  # a file that is only now being made reads differently once reopened
            return replace(known, reason=_reason(store, index, error)), None

    def _file(self, store: FrameStore, abandoned: bool) -> FrameFile:
        if store.path not in self._files:
            while len(self._files) >= OPEN_FILES:
                self._forget(next(iter(self._files)))
            self._files[store.path] = FrameFile(store, abandoned)
        self._files.move_to_end(store.path)
        return self._files[store.path]

    def _forget(self, path: Path) -> None:
        if path in self._files:
            self._files.pop(path).close()


def _stamped(number: int, seconds: int, nanoseconds: int) -> Frame:
    """Return number and time of a frame; where there are only zeros, as behind the end of a file, nobody wrote any."""
    if not (seconds or nanoseconds):
        return Frame(number or UNKNOWN)
    return Frame(number, from_epics(seconds, nanoseconds))


def _reason(store: FrameStore, index: int, error: Exception) -> str:
    return f"frame {index} of {store.path.name}: {_cause(error)}"


def _cause(error: Exception) -> str:
    """Return one line that is the same at every attempt: HDF5 puts addresses and times into its messages."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    return str(error.args[0] if error.args else error).split("(")[0].strip(" '\"")

"""One HDF5 file of frames, that a detector's file plugin may still be writing."""

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  registers bitshuffle/LZ4 with HDF5
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.recorder.chunks import Packed, codec_of
from operando.recorder.run import FrameStore
from operando.recorder.superblock import Corrected

ATTRIBUTES = "/entry/instrument/NDAttributes/"

_logger = logging.getLogger(__name__)


class FrameFile:
    """An open file; its datasets are kept open, too, and looked at again only when there is more in them.

    Parameters
    ----------
    store : FrameStore
        The file.
    abandoned : bool
        Nobody writes it any more: if HDF5 refuses it because its writer died, it is read all the same.

    Raises
    ------
    OSError
        It is not there, or HDF5 refuses it.
    """

    def __init__(self, store: FrameStore, abandoned: bool) -> None:
        self._datasets: dict[str, h5py.Dataset] = {}
        self._codec: str | None = None
        self._looked = 0
        with ExitStack() as stack:
            self._file = _opened(stack, store, abandoned)
            self._stack = stack.pop_all()

    def look(self, flushed: int) -> None:
        """Let HDF5 forget what it knew of datasets that hold more than when they were looked at the last time.

        Parameters
        ----------
        flushed : int
            Frames that are known to be in the file by now, with all their attributes.
        """
        if flushed > self._looked:
            for dataset in self._datasets.values():
                dataset.refresh()
            self._looked = flushed

    def number(self, name: str, index: int) -> Any:
        """Return an NDAttribute of a frame.

        Raises
        ------
        KeyError, IndexError
            The file has no such attribute, or none of that frame.
        """
        return self._row(ATTRIBUTES + name, index)[index]

    def numbers(self, names: Iterable[str], index: int) -> dict[str, float]:
        """Return those NDAttributes of a frame that are in the file; name → value."""
        found = {}
        for name in names:
            try:
                found[name] = float(self.number(name, index))
            except (KeyError, IndexError, ValueError):
                continue
        return found

    def image(self, name: str, index: int) -> NDArray[Any] | Packed:
        """Return the counts of a frame, packed where that can be undone without HDF5.

        Raises
        ------
        KeyError, IndexError
            They are not in the file.
        """
        dataset = self._row(name, index)
        if self._codec is None:
            self._codec = codec_of(dataset)
        if dataset.chunks and dataset.chunks[0] == 1:
            place = (index, *(0 for _ in dataset.shape[1:]))
            chunk = dataset.id.get_chunk_info_by_coord(place)
            if chunk.byte_offset is None:  # HDF5 would give zeros
                raise IndexError(f"{name} has room for frame {index}, which was never written")
            if self._codec and chunk.filter_mask == 0:
                _, data = dataset.id.read_direct_chunk(place)
                return Packed(bytes(data), self._codec, dataset.dtype, dataset.shape[1:])
        return np.asarray(dataset[index])

    def close(self) -> None:
        """Close it."""
        self._datasets.clear()
        self._stack.close()

    def _row(self, name: str, index: int) -> h5py.Dataset:
        """Return a dataset that may have grown since it was opened."""
        if name not in self._datasets:
            self._datasets[name] = self._file[name]
        dataset = self._datasets[name]
        if index >= len(dataset):
            dataset.refresh()
        if index >= len(dataset):
            raise IndexError(f"{name} holds {len(dataset)} frames")
        return dataset


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

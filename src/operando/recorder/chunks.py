"""Frames as they lie in an HDF5 file, unpacked without HDF5.

HDF5 unpacks a chunk while it holds the one lock of its library, and h5py its own: threads would wait for each other.
A chunk can be read as it is, in a twentieth of a millisecond, and unpacked by the very code that HDF5 would call: the
plugin of hdf5plugin exports bitshuffle's functions, which know no lock and are called without the interpreter's.

A chunk of the filter 32008 begins with the bytes that it has unpacked (8 bytes) and those of a block (4 bytes), both
big-endian; a block with the bytes that it has packed (4 bytes, big-endian). What does not fill a block, as far as it is
a multiple of eight elements, is a shorter one; fewer than eight elements are not packed
(https://github.com/kiyo-masui/bitshuffle, ``src/bshuf_h5filter.c`` and ``src/bitshuffle.c``).
"""

import ctypes
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from operando.analysis.compiled import compiled

BITSHUFFLE = 32008
CODECS = {2: "bshuf_decompress_lz4", 3: "bshuf_decompress_zstd"}
"""Option of the filter → bitshuffle's function."""
HEADER = 12
LENGTH = 4
EIGHT = 8
"""Elements that are shuffled together."""

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Packed:
    """A chunk that holds one frame.

    Parameters
    ----------
    data : bytes
        As in the file.
    codec : str
        Of `CODECS`.
    dtype : numpy.dtype
        Of a pixel.
    shape : tuple of int
        Of the frame.
    """

    data: bytes
    codec: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def unpack(self) -> NDArray[Any]:
        """Return the frame.

        Raises
        ------
        ValueError
            The chunk is not whole.
        """
        image = np.empty(self.shape, self.dtype)
        total, block_bytes = int.from_bytes(self.data[:8], "big"), int.from_bytes(self.data[8:HEADER], "big")
        size = self.dtype.itemsize
        if total != image.nbytes or not block_bytes or block_bytes % (EIGHT * size):
            raise ValueError(f"a chunk of {total} bytes in blocks of {block_bytes}, where {image.nbytes} are wanted")
        packed, block = np.frombuffer(self.data, np.uint8), block_bytes // size
        whole, rest = divmod(image.size, block)
        blocks = whole + (rest >= EIGHT)
        if _end(packed, blocks) + image.size % EIGHT * size != len(packed):  # else it would be read beyond its end
            raise ValueError("a chunk that is cut off or damaged")
        done = _function(self.codec)(packed.ctypes.data + HEADER, image.ctypes.data, image.size, size, block)
        if done != len(packed) - HEADER:
            raise ValueError(f"a chunk that cannot be unpacked (bitshuffle's error {done})")
        return image


def codec_of(dataset: h5py.Dataset) -> str:
    """Return how the frames of a dataset are packed; empty where HDF5 itself must unpack them."""
    if dataset.chunks != (1, *dataset.shape[1:]) or not dataset.dtype.isnative:
        return ""
    filters = dataset.id.get_create_plist()
    if filters.get_nfilters() != 1:
        return ""
    code, _, options, _ = filters.get_filter(0)
    codec = CODECS.get(options[4], "") if code == BITSHUFFLE and len(options) > 4 else ""
    return codec if codec and _is_there(codec) else ""


@cache
def _is_there(codec: str) -> bool:
    """Return whether the installed plugin lets its function be called."""
    try:
        _function(codec)
    except (OSError, AttributeError) as error:
        _logger.warning("%s: not in hdf5plugin (%s); HDF5 unpacks the frames, one at a time", codec, error)
        return False
    return True


@cache
def _function(codec: str) -> Callable[[int, int, int, int, int], int]:
    """Return a function of bitshuffle: (packed, unpacked, elements, bytes of one, elements of a block) → bytes read."""
    found = getattr(ctypes.CDLL(str(Path(hdf5plugin.PLUGIN_PATH) / "libh5bshuf.so")), codec)
    found.restype = ctypes.c_int64
    found.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_size_t]
    return cast("Callable[[int, int, int, int, int], int]", found)


def _ends(packed: NDArray[np.uint8], blocks: int) -> int:
    """Return where the blocks of a chunk end; a negative number where that is behind the chunk's own end."""
    place = HEADER
    for _ in range(blocks):
        if place + LENGTH > len(packed):
            return -len(packed) - 1
        length = 0
        for byte in packed[place : place + LENGTH]:
            length = 256 * length + int(byte)
        place += LENGTH + length
    return place


_end = compiled(_ends)

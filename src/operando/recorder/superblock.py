"""HDF5 files whose writer died, read as they are: their superblock is corrected in memory, the file is not touched.

A writer with ``libver="latest"`` marks the superblock "open for writing" and removes the mark when it closes. HDF5
opens a marked file only for readers in SWMR mode, and only when its writer was in SWMR mode, too; ``h5clear`` takes the
mark out of the file. Layout: HDF5 File Format Specification 3.0, II.A "Format Signature and Superblock", versions 2
and 3 (https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html).
"""

import io
import os
import struct
from pathlib import Path
from typing import Any

from operando.errors import RecordError

SIGNATURE = b"\x89HDF\r\n\x1a\n"
FLAGS, END, CHECKSUM = 11, 28, 44
"""Bytes at which consistency flags, end-of-file address and checksum stand, with addresses of 8 bytes."""
_HEAD = struct.Struct("<8sBBB")
_WORD = 0xFFFF_FFFF


class Corrected(io.RawIOBase):
    """A file as its writer would have left it, had it closed it; for reading.

    Parameters
    ----------
    path : Path
        An HDF5 file with a superblock of version 2 or 3 at its beginning.

    Raises
    ------
    RecordError
        It is another file.
    OSError
        It cannot be read.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = path.open("rb", buffering=0)
        try:
            self._head = corrected(self._file.read(CHECKSUM + 4), os.fstat(self._file.fileno()).st_size)
        except RecordError as error:
            self._file.close()
            raise RecordError(f"{path}: {error}") from error
        self._file.seek(0)

    def readable(self) -> bool:
        """Return that it is."""
        return True

    def seekable(self) -> bool:
        """Return that it is."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """Go to a byte."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the present byte."""
        return self._file.tell()

    def readinto(self, buffer: Any, /) -> int:
        """Fill a buffer from here on, the first bytes from the corrected superblock."""
        start = self._file.tell()
        count = self._file.readinto(buffer)
        shown = self._head[start : start + count]
        memoryview(buffer)[: len(shown)] = shown
        return count

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def corrected(head: bytes, size: int) -> bytes:
    """Return the superblock without consistency flags, its end-of-file address the size of the file.

    Parameters
    ----------
    head : bytes
        The first 48 bytes of the file.
    size : int
        Bytes of the file.

    Raises
    ------
    RecordError
        It is no superblock of version 2 or 3 with addresses of eight bytes.
    """
    if len(head) < CHECKSUM + 4 or not head.startswith(SIGNATURE):
        raise RecordError("no HDF5 file")
    _, version, offsets, lengths = _HEAD.unpack_from(head)
    if version not in (2, 3) or (offsets, lengths) != (8, 8):
        raise RecordError(f"superblock of version {version}, its addresses of {offsets} bytes; not corrected")
    body = bytearray(head[:CHECKSUM])
    body[FLAGS] = 0
    struct.pack_into("<Q", body, END, size)
    return bytes(body) + struct.pack("<I", lookup3(bytes(body)))


def lookup3(key: bytes) -> int:
    """Return the checksum of HDF5's metadata: Bob Jenkins's lookup3 (https://burtleburtle.net/bob/c/lookup3.c).

    Examples
    --------
    >>> hex(lookup3(b"Four score and seven years ago"))
    '0x17770551'
    """
    a = b = c = (0xDEADBEEF + len(key)) & _WORD
    while len(key) > 12:
        a, b, c = _added(a, b, c, key[:12])
        a, b, c = _mixed(a, b, c)
        key = key[12:]
    if not key:
        return c
    return _final(*_added(a, b, c, key.ljust(12, b"\0")))


def _added(a: int, b: int, c: int, words: bytes) -> tuple[int, int, int]:
    x, y, z = struct.unpack("<3I", words)
    return (a + x) & _WORD, (b + y) & _WORD, (c + z) & _WORD


def _rotated(word: int, bits: int) -> int:
    return ((word << bits) | (word >> (32 - bits))) & _WORD


def _mixed(a: int, b: int, c: int) -> tuple[int, int, int]:
    for first, second, third in ((4, 6, 8), (16, 19, 4)):
        a, c = ((a - c) & _WORD) ^ _rotated(c, first), (c + b) & _WORD
        b, a = ((b - a) & _WORD) ^ _rotated(a, second), (a + c) & _WORD
        c, b = ((c - b) & _WORD) ^ _rotated(b, third), (b + a) & _WORD
    return a, b, c


def _final(a: int, b: int, c: int) -> int:
    c = ((c ^ b) - _rotated(b, 14)) & _WORD
    a = ((a ^ c) - _rotated(c, 11)) & _WORD
    b = ((b ^ a) - _rotated(a, 25)) & _WORD
    c = ((c ^ b) - _rotated(b, 16)) & _WORD
    a = ((a ^ c) - _rotated(c, 4)) & _WORD
    b = ((b ^ a) - _rotated(a, 14)) & _WORD
    return ((c ^ b) - _rotated(b, 24)) & _WORD

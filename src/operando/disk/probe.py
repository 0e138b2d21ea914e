"""One look at a folder: free space, and whether it takes a file."""

import errno
import os
import re
import shutil
import threading
from pathlib import Path

GIGABYTE = 1e9
SMALL = 65_536
"""Bytes written to see whether a folder takes anything; a quota shows in no number but in a write."""
LARGE = 4 * 1024 * 1024
"""Bytes that must fit before a folder that took nothing counts as mended: about a frame."""

_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the quota is used up",
    errno.EROFS: "the file system is read-only",
    errno.EACCES: "it cannot be written by this account",
    errno.EPERM: "it cannot be written by this account",
    errno.ENOENT: "it is not there; was it removed, or is its disk not mounted?",
    errno.ENOTDIR: "it is not a folder",
    errno.ESTALE: "its network file system lost it (stale handle)",
    errno.EIO: "the disk answers with errors",
}


def words_of(error: OSError) -> str:
    """Return what an error of the operating system means for somebody who shall mend it.

    Examples
    --------
    >>> words_of(OSError(28, "No space left on device"))
    'the disk is full'
    """
    return _WORDS.get(error.errno or 0, error.strerror or str(error))


def disk_errno(error: BaseException | None) -> int | None:
    """Return what a disk said that an error comes from, or None where it comes from something else.

    HDF5 hides the number in its text, and raises whatever its last caller would; errors of ours carry theirs as cause.

    Examples
    --------
    >>> disk_errno(RuntimeError("Unable to flush file (file write failed: errno = 28, error message = 'No space')"))
    28
    >>> disk_errno(OSError("Unable to open file (file signature not found)"))
    """
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        if number is None and isinstance(error, OSError | RuntimeError):
            told = re.search(r"errno = (\d+)", str(error))
            number = int(told[1]) if told else None
        if number in _WORDS:
            return number
        error = error.__cause__
    return None


def in_short(error: BaseException) -> str:
    r"""Return one line about an error of a disk: HDF5 writes five.

    Examples
    --------
    >>> in_short(RuntimeError("Unable to flush file (file write failed: time = now\n, errno = 28, error message = ''"))
    'Unable to flush file: the disk is full'
    >>> in_short(OSError(30, "Read-only file system"))
    '[Errno 30] Read-only file system'
    """
    text = str(error).partition("\n")[0]
    number = disk_errno(error)
    if " (file " not in text or number is None:
        return text
    return f"{text.partition(' (file ')[0]}: {_WORDS[number]}"


def free_gigabytes(folder: Path) -> float:
    """Return the free space, 10⁹ bytes, on the disk of a folder.

    Raises
    ------
    OSError
        It is not there, or its file system does not tell.
    """
    return shutil.disk_usage(folder).free / GIGABYTE


def trouble_with(folder: Path, size: int = SMALL) -> str:
    """Return why a folder takes no file of a size, or nothing; writes one there and removes it.

    Parameters
    ----------
    folder : Path
        It is not made here.
    size : int
        Bytes.
    """
    probe = folder / f".probe-{os.getpid()}-{threading.get_native_id()}"
    try:
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            probe.unlink()  # before it holds anything: a process that is killed now leaves nothing
            _write(descriptor, bytes(size))
        finally:
            os.close(descriptor)  # where a network file system tells what it did not keep
    except OSError as error:
        return words_of(error)
    return ""


def _write(descriptor: int, content: bytes) -> None:
    left = memoryview(content)
    while left:
        left = left[os.write(descriptor, left) :]

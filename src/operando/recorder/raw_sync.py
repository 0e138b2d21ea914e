"""Frames on their way from the operating system's memory to the disk.

areaDetector's file plugin flushes a frame before it is announced, and never syncs: a host that loses power some seconds
later has lost it. Any process on the same host can have a file synced, so the recorder, which has just read it, does.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from operando.recorder.synchronisation import sync_folder

SYNC_S = 0.3
"""s between two syncs: with the time that one takes, frames are on the disk half a second after they were read."""
_logger = logging.getLogger(__name__)


class RawSync:
    """Syncs the files that frames were read from, in a thread of its own; frames never wait for it.

    Parameters
    ----------
    clock : callable
        s, monotonic.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._synced = -SYNC_S
        self._read: set[Path] = set()
        self._known: set[Path] = set()
        self._complained: set[Path] = set()
        self._thread: threading.Thread | None = None

    def saw(self, path: Path) -> None:
        """Take note that a frame was read from a file."""
        self._read.add(path)

    def sync_if_due(self) -> None:
        """Begin to sync what was read, at most `SYNC_S` after the last time; a slow disk is left to finish."""
        if not self._read or self._clock() - self._synced < SYNC_S or (self._thread and self._thread.is_alive()):
            return
        self._synced = self._clock()
        paths, self._read = self._read, set()
        self._thread = threading.Thread(target=self._sync, args=(paths,), name="sync of raw files", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Sync what was read since the last time."""
        if self._thread:
            self._thread.join()
        paths, self._read = self._read, set()
        self._sync(paths)

    def _sync(self, paths: set[Path]) -> None:
        for path in paths:
            try:
                self._sync_one(path)
            except OSError as error:
                if path not in self._complained:
                    _logger.warning("%s: cannot be synced (%s); a power cut may cost its last frames", path, error)
                self._complained.add(path)

    def _sync_one(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        if path not in self._known:
            sync_folder(path.parent)
            self._known.add(path)

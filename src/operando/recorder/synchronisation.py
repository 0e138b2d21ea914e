"""A file on its way from the operating system's memory to the disk, without anybody waiting for it."""

import logging
import os
import threading
from pathlib import Path

_logger = logging.getLogger(__name__)


class Synchronisation:
    """Calls fsync(2) on an open file in a thread of its own.

    It touches the descriptor alone: HDF5's lock is not taken, and frames go on while a disk takes its time.

    Parameters
    ----------
    descriptor : int
        Of the file; stays open until `close`.
    path : Path
        Its name, for messages.
    """

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._asked = threading.Event()
        self._closing = False
        self._error: OSError | None = None
        self._thread = threading.Thread(target=self._run, name=f"sync {path.name}", daemon=True)
        self._thread.start()

    def request(self) -> None:
        """Ask that everything written by now reach the disk soon.

        Raises
        ------
        OSError
            What an earlier request met.
        """
        self._raise_earlier()
        self._asked.set()

    def now(self) -> None:
        """Return when everything written by now is on the disk.

        Raises
        ------
        OSError
            The disk did not take it.
        """
        self._raise_earlier()  # the operating system tells an error once, and the thread may have been told
        os.fsync(self._descriptor)

    def close(self) -> None:
        """End the thread; a request under way is waited for."""
        self._closing = True
        self._asked.set()
        self._thread.join()

    def _raise_earlier(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _run(self) -> None:
        while self._asked.wait() and not self._closing:
            self._asked.clear()
            try:
                os.fsync(self._descriptor)
            except OSError as error:
                _logger.error("%s: the disk does not take it: %s", self._path, error)
                self._error = error


def sync_folder(folder: Path) -> None:
    """Let a new name in a folder survive a power cut, where the file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        _logger.info("%s: the folder cannot be synchronised: %s", folder, error)
    finally:
        os.close(descriptor)

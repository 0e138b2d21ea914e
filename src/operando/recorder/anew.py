"""A recorder whose disk failed it: time that does not pass meanwhile, and the process begun again in its own place."""

import logging
import os
import sys
import time
from collections.abc import Callable

from operando.recorder.runs import Runs

LAST_DESCRIPTOR = 65_536
_logger = logging.getLogger(__name__)


class WorkingTime:
    """s, monotonic, that pass only while the disks can be worked on: what is promised by one of them is not given up.

    Parameters
    ----------
    working : callable
        Whether they can.
    clock : callable
        s, monotonic.
    """

    def __init__(self, working: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._working = working
        self._clock = clock
        self._looked = clock()
        self._passed = 0.0

    def __call__(self) -> float:
        """Return the time."""
        now = self._clock()
        if self._working():
            self._passed += now - self._looked
        self._looked = now
        return self._passed


def start_anew(runs: Runs) -> None:
    """Close what can be closed and become a new process of the same command, with the same number.

    HDF5 does not recover from a write that the operating system refused: what it had in its cache can neither be
    written nor dropped, and the next file that it opens may end the process (HDF5 2.0: "slist already enabled?", then
    a segmentation fault). What was not written comes from the journal.
    """
    _logger.warning("recorder: starts anew, its disk is well again: %s", runs.spoilt)
    runs.drop()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.closerange(3, LAST_DESCRIPTOR)  # HDF5 leaves its descriptors, and with them its locks, to the new process
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])

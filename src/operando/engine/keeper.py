"""Between the RunEngine and its journal: documents that the disk does not take just now wait in their order."""

import copy
import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from operando.errors import JournalError

RETRY_INTERVAL = 1.0
"""s between two attempts."""

_logger = logging.getLogger(__name__)


class Keeper:
    """Hands documents on at once, or, where an operating system says no, holds them and tries again in a thread.

    The plan must not go on while there is an `obstacle`: a document counts as acknowledged when its line is with the
    operating system. What no disk could ever take, as a document that is no JSON, ends the plan.

    Parameters
    ----------
    journal : callable
        Takes name and document; raises `JournalError`, caused by an `OSError` where it may be asked again.
    interval : float
        s between two attempts.
    """

    def __init__(self, journal: Callable[[str, Mapping[str, Any]], None], interval: float = RETRY_INTERVAL) -> None:
        self._journal = journal
        self._interval = interval
        self._lock = threading.RLock()
        self._backlog: deque[tuple[str, Mapping[str, Any]]] = deque()
        self._trouble = ""
        self._failed: JournalError | None = None
        self._end = threading.Event()
        self._thread: threading.Thread | None = None

    def __call__(self, name: str, doc: Mapping[str, Any]) -> None:
        """Take a document.

        Raises
        ------
        JournalError
            It cannot be written, now or ever.
        """
        with self._lock:
            if self._failed is not None:
                failed, self._failed = self._failed, None
                raise failed
            if not self._backlog:
                try:
                    self._journal(name, doc)
                except (JournalError, OSError) as error:
                    if not _may_pass(error):
                        raise
                    self._trouble = str(error)
                else:
                    return
            self._backlog.append((str(name), copy.deepcopy(doc)))
            self._try_again_later()

    def obstacle(self) -> str:
        """Return why documents wait, or nothing."""
        if not self._backlog:
            return ""
        return f"{len(self._backlog)} documents are not in the journal yet: {self._trouble}"

    def close(self) -> None:
        """Try for the last time."""
        self._end.set()
        if thread := self._thread:
            thread.join()
        self._write()
        if self._backlog:
            _logger.error("this session ends with %s", self.obstacle())

    def _try_again_later(self) -> None:
        if self._thread is None and not self._end.is_set():
            self._thread = threading.Thread(target=self._serve, name="journal backlog", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        while not self._end.wait(self._interval):
            with self._lock:
                self._write()
                if not self._backlog:
                    self._thread = None
                    return

    def _write(self) -> None:
        """Write what waits, in its order, as far as the disk takes it."""
        with self._lock:
            while self._backlog:
                name, doc = self._backlog[0]
                try:
                    self._journal(name, doc)
                except (JournalError, OSError) as error:
                    if _may_pass(error):
                        self._trouble = str(error)
                        return
                    _logger.exception("a %s document waited in vain; the plan ends with its next document", name)
                    self._failed = JournalError(f"{name} document: waited for its disk, and in vain: {error}")
                self._backlog.popleft()


def _may_pass(error: Exception) -> bool:
    """Whether the same document may be taken later: the operating system refused it, not its content."""
    return isinstance(error, OSError) or isinstance(error.__cause__, OSError)

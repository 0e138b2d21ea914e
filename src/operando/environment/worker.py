"""A named thread whose failure ends the service, loudly, rather than leaving it half alive."""

import logging
import threading
from collections.abc import Callable

_logger = logging.getLogger(__name__)


class Worker:
    """Runs ``work`` in a thread of its own.

    Parameters
    ----------
    name : str
        Of the thread.
    work : callable
        Returns when the service stops.
    stop : Event
        Set when ``work`` fails.
    """

    def __init__(self, name: str, work: Callable[[], None], stop: threading.Event) -> None:
        self.failure: BaseException | None = None
        self._work = work
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for the thread to end, at most ``timeout`` s."""
        self._thread.join(timeout)
        if self._thread.is_alive():
            _logger.error("%s: did not end within %.1f s", self._thread.name, timeout)

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            # The thread's outermost frame: the service ends and is started again, while drive, heater and script stay.
            _logger.exception("%s: failed; the service ends, drive, heater and cell script stay", self._thread.name)
            self.failure = error
            self._stop.set()

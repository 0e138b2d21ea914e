"""The heartbeat of a session: it keeps what the session owns, also while a plan is paused."""

import atexit
import json
import logging
import threading
from dataclasses import asdict

from ophyd import EpicsSignal
from ophyd.utils import DisconnectedError, ReadOnlyError

from operando.vocabulary import Beat, who

INTERVAL = 1.0
"""s between two beats; a session that was killed loses control ten times later."""
_logger = logging.getLogger(__name__)


class Pulse:
    """Writes ``HEARTBEAT:RUNENGINE`` from a thread until the process ends, and then says that it does.

    A service that is away is waited for by nobody. The last beat of an orderly end gives control back at once.

    Parameters
    ----------
    prefix : str
        Of the endstation, with its colon: ``SIM:``.
    """

    def __init__(self, prefix: str) -> None:
        self._record = EpicsSignal(f"{prefix}HEARTBEAT:RUNENGINE", name="session_heartbeat", string=True)
        self._who = who()
        self._count = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="session heartbeat", daemon=True)
        self._thread.start()
        atexit.register(self.end)  # before the EPICS library's own, which was registered when it was imported

    def end(self) -> None:
        """Beat for the last time."""
        atexit.unregister(self.end)
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._end.wait(INTERVAL):
            self._beat(last=False)
        self._beat(last=True)

    def _beat(self, last: bool) -> None:
        if not self._record.connected:
            return
        try:
            self._record.put(
                json.dumps(asdict(Beat(self._who, self._count, last))), use_complete=last, timeout=INTERVAL
            )
        except (TimeoutError, DisconnectedError, ReadOnlyError) as error:
            _logger.debug("heartbeat not written: %s", error)
        self._count += 1

"""The heartbeat of the environment service, as a client sees it."""

import math
import time
from typing import Any

from ophyd import EpicsSignalRO

YOUNG = 2.0
"""s; readings are believed to be current while the last beat is younger."""


class Heartbeat(EpicsSignalRO):
    """A number that changes at least twice a second while the service lives.

    A frozen server keeps its connections open for half a minute, and a dead one leaves its last values in every
    client: only a beat that was seen to change proves that the readings are of now.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._beat: float | None = None
        self._heard = -math.inf
        super().__init__(*args, **{"auto_monitor": True, **kwargs})
        self.subscribe(self._listen, run=False)

    @property
    def age(self) -> float:
        """Seconds since the last beat; infinite before the second one was heard."""
        return time.monotonic() - self._heard

    @property
    def young(self) -> bool:
        """Whether the service lives."""
        return self.age < YOUNG

    def _listen(self, value: float, **_: Any) -> None:
        if self._beat is not None and value != self._beat:
            self._heard = time.monotonic()
        self._beat = value

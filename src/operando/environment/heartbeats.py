"""Heartbeats of the other processes, as they write them into this service's records."""

import json
import time
from collections.abc import Callable

from operando.vocabulary import Beat

KINDS = ("RUNENGINE", "RECORDER", "SIMULATOR")
"""Who beats; the records are ``HEARTBEAT:RUNENGINE`` and so on."""


class Heartbeats:
    """Remembers when each process was last heard.

    Parameters
    ----------
    show : callable
        Takes the name of a record and its text; only queues.
    now : callable
        s, monotonic.
    """

    def __init__(self, show: Callable[[str, str], None], now: Callable[[], float] = time.monotonic) -> None:
        self._show = show
        self._now = now
        self._heard: dict[str, float] = {}

    def listener(self, kind: str, then: Callable[[Beat], None] | None = None) -> Callable[[str], None]:
        """Return what takes the puts into one of the records.

        Parameters
        ----------
        kind : str
            One of `KINDS`.
        then : callable, optional
            Takes each heartbeat, too.
        """

        def hear(text: str) -> None:
            self._show(f"HEARTBEAT:{kind}", text)
            beat = understood(text)
            if beat.last:
                self._heard.pop(kind, None)
            else:
                self._heard[kind] = self._now()
            if then:
                then(beat)

        return hear

    def age(self, kind: str) -> float | None:
        """Return the seconds since a process was heard; None where none is expected: never heard, or ended in order."""
        heard = self._heard.get(kind)
        return None if heard is None else self._now() - heard


def understood(text: str) -> Beat:
    """Return the heartbeat that a text states; any other text is the beat of somebody without a name.

    Examples
    --------
    >>> understood('{"who": "ada@p02:17 ipython", "count": 3}')
    Beat(who='ada@p02:17 ipython', count=3, last=False)
    """
    try:
        return Beat(**json.loads(text))
    except (ValueError, TypeError):
        return Beat("", 0)

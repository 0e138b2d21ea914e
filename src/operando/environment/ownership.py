"""Who is in control: one client at a time, as long as it is heard."""

import time
from collections.abc import Callable
from threading import Lock

from operando.vocabulary import Beat

PUT = "caput"
"""Who asks, where a client puts into a record without saying its name; nobody of that name owns anything."""
FREE = ("stop", "reset", "hold", "safe")
"""What freezes, opens the circuit, releases, or acknowledges that: done for whoever asks, who owns nothing by it."""

RECONNECTION = 20.0
"""s; clients found a restarted server after 4 to 6 s, on a busy host later."""


class Ownership:
    """Gives control to the first who asks for something, and keeps it for them until they end or fall silent.

    Parameters
    ----------
    lapse : float
        s after the owner's last request or heartbeat.
    where : str
        Where ``lapse`` is configured, for refusals.
    show : callable
        Takes the owner's name whenever it changes; only queues.
    owner : str
        Of the service before this one: it is given the time that an EPICS client takes to find a restarted server.
    now : callable
        s, monotonic.
    """

    def __init__(
        self,
        lapse: float,
        where: str,
        show: Callable[[str], None],
        owner: str = "",
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lapse = lapse
        self._where = where
        self._show = show
        self._now = now
        self._lock = Lock()
        self._owner = owner
        self._heard = now() + (RECONNECTION if owner else 0.0)
        show(owner)

    @property
    def owner(self) -> str:
        """Whoever is in control; empty where nobody is. Lapses when looked at."""
        with self._lock:
            if self._owner and self._now() - self._heard > self._lapse:
                self._give("")
            return self._owner

    def objection(self, who: str, field: str) -> str:
        """Return why somebody's request cannot be taken, or nothing."""
        owner = self.owner
        if field in FREE or owner in ("", who):
            return ""
        silence = self._now() - self._heard
        heard = f"last heard {silence:.1f} s ago" if silence >= 0 else "not yet heard since this service was started"
        return (
            f"{owner} is in control, {heard}; that ends with `disown`, with its program, or {self._lapse:g} s after it "
            f"falls silent ({self._where})"
        )

    def accepted(self, who: str, field: str) -> None:
        """Let an accepted request take control, keep it, or give it back."""
        if field in FREE or who == PUT:
            return
        with self._lock:
            self._give("" if field == "disown" else who)

    def heard(self, beat: Beat) -> None:
        """Take the heartbeat of a client, which keeps what it owns, until it says that it ends."""
        with self._lock:
            if beat.who == self._owner:
                self._give("" if beat.last else beat.who)

    def _give(self, owner: str) -> None:
        self._heard = self._now()
        if owner != self._owner:
            self._owner = owner
            self._show(owner)

"""Pseudo-terminals in place of serial lines."""

import heapq
import logging
import os
import tty
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from operando.sim.wires.instrument import Instrument, Reply

BITS_PER_BYTE = 10
"""8N1: a start bit, eight of data, a stop bit."""

LARGEST_READ = 4096
"""Bytes; what a pseudo-terminal holds."""

logger = logging.getLogger(__name__)


class Port:
    """One instrument behind one pseudo-terminal, paced as its baud rate would.

    The terminal's own side stays open here as well, so that the instrument lives on between two clients. What no
    client fetches is lost once the terminal is full, as it is on a serial line. While it is unplugged there is neither
    link nor terminal, and what the instrument says is lost.

    Parameters
    ----------
    instrument : Instrument
        Behind the line.
    folder : Path
        Where the link with the instrument's name is made.
    """

    def __init__(self, instrument: "Instrument", folder: Path) -> None:
        self._instrument = instrument
        self._byte_time = BITS_PER_BYTE / instrument.baudrate
        self._line_free = 0.0
        self._scheduled: list[tuple[float, int, bytes]] = []
        self._order = count()
        self.lost = 0
        """Bytes that no client fetched."""
        self.link = folder / instrument.name
        """Path that configurations name."""
        self.device = ""
        """Path of the terminal; empty while unplugged."""
        self._controller = self._terminal = -1
        self.plug_in()

    def plug_in(self) -> None:
        """Make a terminal and the link to it."""
        self._controller, self._terminal = os.openpty()
        tty.setraw(self._terminal)
        os.set_blocking(self._controller, False)
        self.device = os.ttyname(self._terminal)
        self._make_link()

    def unplug(self) -> None:
        """Remove the link, if it is still ours, and hang up."""
        if not self.device:
            return
        if self.link.is_symlink() and os.readlink(self.link) == self.device:
            self.link.unlink()
        os.close(self._controller)
        os.close(self._terminal)
        self.device = ""

    def fileno(self) -> int:
        """Return what to wait on for the client's bytes."""
        return self._controller

    def receive(self, now: float) -> None:
        """Hand the client's bytes to the instrument and schedule its replies."""
        if not self.device:
            return
        try:
            data = os.read(self._controller, LARGEST_READ)
        except OSError:
            return
        arrived = now + len(data) * self._byte_time
        self._schedule(self._instrument.receive(data, now), arrived)

    def advance(self, now: float) -> None:
        """Let the instrument live up to ``now`` and send what is due."""
        self._schedule(self._instrument.advance(now), now)
        self.send_due(now)

    def send_due(self, now: float) -> None:
        """Put scheduled bytes on the line whose last bit would have left by ``now`` (s)."""
        while self._scheduled and self._scheduled[0][0] <= now:
            self._put(heapq.heappop(self._scheduled)[2])

    @property
    def next_due(self) -> float:
        """When the next reply is due (s); infinity when none is."""
        return self._scheduled[0][0] if self._scheduled else float("inf")

    def _schedule(self, replies: "list[Reply]", arrived: float) -> None:
        for reply in replies:
            begin = max(arrived + reply.latency, self._line_free)
            self._line_free = begin + len(reply.data) * self._byte_time
            heapq.heappush(self._scheduled, (self._line_free, next(self._order), reply.data))

    def _put(self, data: bytes) -> None:
        if not self.device:
            return
        try:
            written = os.write(self._controller, data)
        except BlockingIOError:
            written = 0
        if written < len(data) and not self.lost:
            logger.warning("%s: nobody fetches what the instrument sends; it is being lost", self._instrument.name)
        self.lost += len(data) - written

    def _make_link(self) -> None:
        self.link.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.link.with_name(f".{self.link.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(self.device)
        fresh.replace(self.link)

"""What the loop knows of an instrument: bytes come, time passes, bytes go."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes for the host.

    Parameters
    ----------
    data : bytes
        As they go over the line.
    latency : float
        s that the instrument takes before the first of them leaves.
    """

    data: bytes
    latency: float = 0.0


class Instrument(Protocol):
    """A serial instrument. Time is given to it, in seconds of the monotonic clock."""

    @property
    def name(self) -> str:
        """Its role, and the name of its link."""

    @property
    def baudrate(self) -> int:
        """Bits per second, ten to the byte (8N1)."""

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Take bytes from the host, in pieces of any size, and return what they call forth."""

    def advance(self, now: float) -> list[Reply]:
        """Let time pass up to ``now`` and return what the instrument says of its own accord."""

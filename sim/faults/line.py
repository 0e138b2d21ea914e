"""What happens to the bytes between an instrument and its host."""

import math
from collections.abc import Callable

import numpy as np

from operando.sim.wires.instrument import Instrument, Reply

Distortion = Callable[[list[Reply]], list[Reply]]
"""From what an instrument says to what leaves it; called as well when it says nothing."""

NOISE_SHARE = 0.05
"""Of the moments, some 200 in a second, at which a noisy line speaks unasked."""


class FaultyLine:
    """An instrument whose replies can be distorted, and which can stand still.

    Parameters
    ----------
    instrument : Instrument
        A healthy one.
    """

    def __init__(self, instrument: Instrument) -> None:
        self.name = instrument.name
        self.baudrate = instrument.baudrate
        self.distortions: list[Distortion] = []
        """Faults of the line, in order."""
        self._instrument = instrument
        self._stood_still = 0.0
        self._halted: float | None = None

    def halt(self, now: float) -> None:
        """Let no time pass for the instrument, and let it hear nothing."""
        self._halted = now

    def resume(self, now: float) -> None:
        """Let time pass again; for the instrument there was no pause."""
        if self._halted is not None:
            self._stood_still += now - self._halted
            self._halted = None

    def inside(self, now: float) -> float:
        """Return what the instrument takes for the instant ``now`` (s)."""
        return (now if self._halted is None else self._halted) - self._stood_still

    def outside(self, instant: float) -> float:
        """Return when it is outside what the instrument takes for ``instant`` (s); infinity while it stands still."""
        return math.inf if self._halted is not None else instant + self._stood_still

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Hand bytes on; what a halted instrument is told is lost."""
        if self._halted is not None:
            return []
        return self._distorted(self._instrument.receive(data, now - self._stood_still))

    def advance(self, now: float) -> list[Reply]:
        """Let time pass."""
        if self._halted is not None:
            return []
        return self._distorted(self._instrument.advance(now - self._stood_still))

    def _distorted(self, replies: list[Reply]) -> list[Reply]:
        for distortion in self.distortions:
            replies = distortion(replies)
        return replies


def halved(replies: list[Reply]) -> list[Reply]:
    """Cut every reply off in the middle; of one byte nothing is left."""
    return [Reply(reply.data[: len(reply.data) // 2], reply.latency) for reply in replies if len(reply.data) > 1]


def nothing(replies: list[Reply]) -> list[Reply]:
    """Lose every reply."""
    return []


class Slow:
    """Every reply leaves later.

    Parameters
    ----------
    seconds : float
        s.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def __call__(self, replies: list[Reply]) -> list[Reply]:
        """Return the delayed replies."""
        return [Reply(reply.data, reply.latency + self._seconds) for reply in replies]


class Garbage:
    """Bytes that nobody sent: inside every reply, and now and then by themselves.

    They have the top bit set, as a receiver makes them of interference, so that no protocol of ours takes one for text.

    Parameters
    ----------
    random : numpy.random.Generator
        Of the bytes.
    """

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random

    def __call__(self, replies: list[Reply]) -> list[Reply]:
        """Return the spoiled replies."""
        spoiled = [Reply(self._inside(reply.data), reply.latency) for reply in replies]
        if self._random.random() < NOISE_SHARE:
            spoiled.append(Reply(self._noise()))
        return spoiled

    def _inside(self, data: bytes) -> bytes:
        place = int(self._random.integers(len(data)))
        return data[:place] + self._noise() + data[place:]

    def _noise(self) -> bytes:
        return self._random.integers(0x80, 0x100, int(self._random.integers(1, 5)), dtype=np.uint8).tobytes()

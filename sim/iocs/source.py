"""The beam: ring current with top-up, and a shutter."""

import asyncio
import math
import time
from bisect import bisect_right
from itertools import pairwise
from typing import Any

from caproto import ChannelType, SkipWrite
from caproto.server import PVGroup, pvproperty

FULL_CURRENT = 100.0
"""mA, right after a top-up."""

LIFETIME = 8.0 * 3600.0
"""s, of the stored beam."""

TOP_UP_INTERVAL = 240.0
"""s between two top-ups: the current falls by 0.8 %."""

PUBLISH_INTERVAL = 1.0
"""s."""

SHUTTER_TRAVEL = 0.05
"""s, from the command to the switch of the new position."""


def ring_current(time_ns: int) -> float:
    """Return the ring current, mA, at a UTC time in ns."""
    return FULL_CURRENT * math.exp(-(time_ns * 1e-9 % TOP_UP_INTERVAL) / LIFETIME)


class Light:
    """When the shutter was open, and how much light came through."""

    def __init__(self, is_open: bool) -> None:
        self.is_open = is_open
        self._toggled: list[int] = []

    def move(self, is_open: bool, time_ns: int) -> None:
        """Open or close at a UTC time in ns."""
        if is_open != self.is_open:
            self.is_open = is_open
            self._toggled.append(time_ns)

    def during(self, start_ns: int, end_ns: int) -> float:
        """Return how long the full beam would have needed for the dose in a window, s."""
        first, last = bisect_right(self._toggled, start_ns), bisect_right(self._toggled, end_ns)
        edges = [start_ns, *self._toggled[first:last], end_ns]
        is_open = self.is_open ^ ((len(self._toggled) - first) % 2 == 1)
        open_ns = 0
        for begin, end in pairwise(edges):
            open_ns += (end - begin) * is_open
            is_open = not is_open
        return open_ns * 1e-9 * ring_current((start_ns + end_ns) // 2) / FULL_CURRENT


class Ring(PVGroup):
    """The storage ring's current, in mA."""

    async def _publish(self, record: Any, layer: Any) -> None:
        while True:
            await record.write(ring_current(time.time_ns()))
            await asyncio.sleep(PUBLISH_INTERVAL)

    current = pvproperty(name="", value=FULL_CURRENT, units="mA", precision=2, read_only=True, startup=_publish)


class Shutter(PVGroup):
    """A shutter: OPEN is the command, STATUS the switch.

    Parameters
    ----------
    light : Light
        What the shutter lets through.
    """

    def __init__(self, prefix: str, light: Light) -> None:
        super().__init__(prefix)
        self._light = light

    async def _move(self, record: Any, value: str) -> None:
        """Write OPEN at once; the put completes when STATUS has followed."""
        await record.write(value, verify_value=False)
        await asyncio.sleep(SHUTTER_TRAVEL)
        self._light.move(record.value == "Open", time.time_ns())
        await self.status.write("Open" if self._light.is_open else "Closed")
        raise SkipWrite

    open = pvproperty(name="OPEN", value="Open", dtype=ChannelType.ENUM, enum_strings=("Close", "Open"), put=_move)
    status = pvproperty(
        name="STATUS", value="Open", dtype=ChannelType.ENUM, enum_strings=("Closed", "Open"), read_only=True
    )

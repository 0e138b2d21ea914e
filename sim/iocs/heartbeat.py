"""The simulator's heartbeat in the environment service's records, wherever the endstation's register says they are."""

import asyncio
import contextlib
import dataclasses
import json
import logging
import os
from pathlib import Path
from typing import Any

from caproto import CaprotoError, ChannelType
from caproto.asyncio.client import Context, SharedBroadcaster

from operando.vocabulary import Beat

INTERVAL = 1.0
"""s between two beats."""

RETRY = 2.0
"""s between two looks for a service that is not there; the register is read anew each time."""

PATIENCE = 2.0
"""s for one conversation."""

logger = logging.getLogger(__name__)


class Heartbeat:
    """Beats while there is somebody to hear it; an absent service is no news.

    Parameters
    ----------
    root : Path
        State root; its register holds the addresses.
    prefix : str
        Of the endstation's records, with its colon.
    """

    def __init__(self, root: Path, prefix: str) -> None:
        self._register = root / "run" / "endstation.json"
        self._name = f"{prefix}HEARTBEAT:SIMULATOR"
        self._who = f"simulated beamline, pid {os.getpid()}"
        self._count = 0

    async def run(self, ended: asyncio.Event) -> None:
        """Beat until ``ended`` is set; the last beat says so."""
        while not ended.is_set():
            if addresses := self._addresses():
                # read by the client with every search
                os.environ["EPICS_CA_ADDR_LIST"], os.environ["EPICS_CA_AUTO_ADDR_LIST"] = addresses, "NO"
                try:
                    await self._beat_while_heard(ended)
                except (CaprotoError, OSError) as error:
                    logger.debug("%s: %s; trying again", self._name, error)
            await _pause(ended, RETRY)

    async def _beat_while_heard(self, ended: asyncio.Event) -> None:
        broadcaster = SharedBroadcaster(registration_retry_time=None)  # no repeater: nobody listens to beacons
        broadcaster.protocol = None  # which caproto 1.3 looks at when it closes, even if it had not opened anything
        async with Context(broadcaster, timeout=PATIENCE) as context:
            (record,) = await context.get_pvs(self._name)
            await record.wait_for_connection()
            while not ended.is_set():
                await self._write(record, last=False)
                await _pause(ended, INTERVAL)
            await self._write(record, last=True)

    async def _write(self, record: Any, last: bool) -> None:
        text = json.dumps(dataclasses.asdict(Beat(self._who, self._count, last)))
        await record.write(text.encode() + b"\0", data_type=ChannelType.CHAR)
        self._count += 1

    def _addresses(self) -> str:
        try:
            return str(json.loads(self._register.read_text(encoding="utf-8"))["ca_address_list"])
        except (OSError, ValueError, KeyError):
            return ""


async def _pause(ended: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(ended.wait(), seconds)

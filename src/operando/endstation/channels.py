"""Records of a running endstation, read and written by a process that needs no more of EPICS than that.

It works beside a server of records in the same process, which the EPICS library's own client does not.
"""

import os
from typing import Any

from operando.endstation.client import client_environment
from operando.endstation.register import Register
from operando.endstation.root import Root
from operando.errors import ServiceSilent


class Channels:
    """Connections to the records of one endstation, by their names without prefix.

    Parameters
    ----------
    place : Root
        Its root; the register tells ports and prefix.

    Raises
    ------
    ServiceSilent
        No environment service was ever started here.
    """

    def __init__(self, place: Root) -> None:
        facts = Register(place).read()["processes"].get("environment", {})
        if "prefix" not in facts:
            raise ServiceSilent(f"{place.path}: no environment service was ever started here")
        self._prefix = str(facts["prefix"])
        os.environ.update(client_environment(place.path))  # read again at each search
        from caproto import ChannelType
        from caproto.threading.client import Context, SharedBroadcaster

        self._text = ChannelType.CHAR
        self._context = Context(SharedBroadcaster(registration_retry_time=None))  # no repeater: nobody heeds beacons
        self._channels: dict[str, Any] = {}

    def read(self, name: str, limit: float) -> float | str:
        """Return the value of a record; text records give text.

        Raises
        ------
        ServiceSilent
            It does not answer within ``limit`` s.
        """
        channel = self._connected(name, limit)
        try:
            found = channel.read(timeout=limit)
        except TimeoutError as error:
            raise self._silent(name, limit) from error
        if found.data_type == self._text:
            return bytes(found.data).rstrip(b"\0").decode()
        return float(found.data[0])

    def write(self, name: str, text: str, limit: float) -> None:
        """Write a text record and wait until the service has taken it.

        Raises
        ------
        ServiceSilent
            It does not answer within ``limit`` s; it may still take what was written.
        """
        try:
            self._connected(name, limit).write(text.encode(), wait=True, timeout=limit)
        except TimeoutError as error:
            raise self._silent(name, limit) from error

    def tell(self, name: str, text: str) -> bool:
        """Write a text record where the service is connected, waiting for nothing; return whether it was."""
        channel = self._channel(name)
        if not channel.connected:
            return False
        try:
            channel.write(text.encode(), wait=False, notify=False)
        except (OSError, RuntimeError, TimeoutError):
            return False  # it has just gone
        return True

    def close(self) -> None:
        """End every connection."""
        self._context.disconnect()
        self._context.broadcaster.disconnect()

    def _channel(self, name: str) -> Any:
        if name not in self._channels:
            (self._channels[name],) = self._context.get_pvs(self._prefix + name)
        return self._channels[name]

    def _connected(self, name: str, limit: float) -> Any:
        channel = self._channel(name)
        try:
            channel.wait_for_connection(timeout=limit)
        except TimeoutError as error:
            raise self._silent(name, limit) from error
        return channel

    def _silent(self, name: str, limit: float) -> ServiceSilent:
        return ServiceSilent(f"the environment service does not answer ({self._prefix}{name}, {limit:g} s)")

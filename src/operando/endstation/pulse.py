"""A heartbeat of this process in the environment service's records."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict

from operando.endstation.channels import Channels
from operando.endstation.root import Root
from operando.errors import ServiceSilent
from operando.vocabulary import Beat, who

INTERVAL = 1.0
"""s between two beats."""
FAREWELL = 0.2
"""s that the last beat is given to reach the wire."""


@contextmanager
def pulse(place: Root, kind: str) -> Iterator[None]:
    """Write ``HEARTBEAT:<kind>`` once a second from a thread, as long as the block lasts, and a last one in order.

    The environment service may be absent, and come and go; nothing waits for it.

    Parameters
    ----------
    place : Root
        Of the endstation.
    kind : str
        ``RECORDER``, for example.
    """
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(place, f"HEARTBEAT:{kind}", stop), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _beat(place: Root, record: str, stop: threading.Event) -> None:
    channels = _opened(place, stop)
    if channels is None:
        return
    name, count = who(), 0
    while not stop.wait(INTERVAL):
        channels.tell(record, json.dumps(asdict(Beat(name, count))))
        count += 1
    if channels.tell(record, json.dumps(asdict(Beat(name, count, last=True)))):
        threading.Event().wait(FAREWELL)
    channels.close()


def _opened(place: Root, stop: threading.Event) -> Channels | None:
    """Return the endstation's channels once an environment service has ever been there; None where told to stop."""
    while True:
        try:
            return Channels(place)
        except ServiceSilent:
            if stop.wait(INTERVAL):
                return None

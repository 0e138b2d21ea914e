"""Waiting on what other threads and processes do."""

import threading
import time
from collections.abc import Callable


def wait_until(condition: Callable[[], object], limit: float = 60.0, what: str = "the condition") -> None:
    """Wait until something holds; the limit, s, is far beyond what any machine needs."""
    end, pause = time.monotonic() + limit, threading.Event()
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {limit} s")
        pause.wait(0.02)

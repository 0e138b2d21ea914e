"""Hold and safe: two requests that are never refused."""

import logging
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Protocol

from operando.environment.axis import Change

LIMIT = 3.0
"""s that one subsystem may take before the next one is told; it goes on trying meanwhile."""
_logger = logging.getLogger(__name__)


class Subsystem(Protocol):
    """Something that obeys in a thread of its own."""

    def tell(self, change: Change) -> None:
        """Have a change carried out."""


def hold(regulated: Sequence[Subsystem]) -> None:
    """Freeze every target where its setpoint is; the cell programme goes on."""
    _logger.warning("HOLD: every target is frozen at its setpoint; the cell programme goes on")
    for subsystem in regulated:
        subsystem.tell(Change("stop"))


def go_safe(in_order: Sequence[tuple[str, Subsystem]]) -> None:
    """Bring everything to its safe state, one after the other.

    Parameters
    ----------
    in_order : sequence of (str, Subsystem)
        Current first, then heat, then pressure. One that does not get there in time does not stop the next.
    """
    for name, subsystem in in_order:
        done: Future[str] = Future()
        subsystem.tell(Change("safe", done=done))
        try:
            but = done.result(LIMIT)
        except TimeoutError:
            but = f"not done within {LIMIT} s"
        if but:
            _logger.error("SAFE: %s: %s; tried again until it is done, the others go on", name, but)
        else:
            _logger.warning("SAFE: %s: done", name)

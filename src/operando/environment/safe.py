"""Hold and safe: two requests that are never refused."""

import logging
import time
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


def hold(regulated: Sequence[tuple[str, Subsystem]], limit: float = LIMIT) -> str:
    """Freeze every target where its setpoint is, all at once; the cell programme goes on.

    Parameters
    ----------
    regulated : sequence of (str, Subsystem)
        With the names of what they regulate.
    limit : float
        s for all of them together.

    Returns
    -------
    str
        What is not held yet, and goes on being tried; nothing where all is.
    """
    _logger.warning("HOLD: every target is frozen at its setpoint; the cell programme goes on")
    end = time.monotonic() + limit
    asked = [(name, _asked(subsystem, "stop")) for name, subsystem in regulated]
    found = [(name, _outcome(done, end - time.monotonic(), limit)) for name, done in asked]
    return _reported("HOLD", found)


def go_safe(in_order: Sequence[Sequence[tuple[str, Subsystem]]], limit: float = LIMIT) -> str:
    """Bring everything to its safe state, one after the other.

    Parameters
    ----------
    in_order : sequence of sequences of (str, Subsystem)
        Every current first, all at once, then heat, then pressure. One that does not get there in time does not stop
        the next.
    limit : float
        s for each of those told at once.

    Returns
    -------
    str
        What is not safe yet, and goes on being tried; nothing where all is.
    """
    _logger.warning("SAFE: current, then heat, then pressure")
    found: list[tuple[str, str]] = []
    for at_once in in_order:
        end = time.monotonic() + limit
        asked = [(name, _asked(part, "safe")) for name, part in at_once]
        found += [(name, _outcome(done, end - time.monotonic(), limit)) for name, done in asked]
    return _reported("SAFE", found)


def _asked(subsystem: Subsystem, field: str) -> "Future[str]":
    done: Future[str] = Future()
    subsystem.tell(Change(field, done=done))
    return done


def _outcome(done: "Future[str]", wait: float, limit: float) -> str:
    try:
        return done.result(max(wait, 0.0))
    except TimeoutError:
        return f"not done within {limit:g} s"


def _reported(what: str, found: Sequence[tuple[str, str]]) -> str:
    for name, but in found:
        if but:
            _logger.error("%s: %s: %s; tried again until it is done, the others go on", what, name, but)
        else:
            _logger.warning("%s: %s: done", what, name)
    return "; ".join(f"{name}: {but}" for name, but in found if but)

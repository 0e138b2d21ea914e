"""Flights of frames as parts of a plan: begun, announced while they last, and never left with frames unannounced."""

import time
from collections.abc import Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Flyable, Movable, Preparable, Readable
from bluesky.utils import MsgGenerator, short_uid

from operando.errors import OperandoError
from operando.plans.sweep import Sweep
from operando.vocabulary import Flight

STREAM = "xrd"
"""Name of the stream of frames."""
CONDITIONS = "conditions"
"""Name of the stream of events beside frames that have none: readings, and the account of the frames."""
LOOK_INTERVAL = 0.2
"""s between two announcements."""


def check_flyer(plan: str, detector: object) -> None:
    """Refuse what cannot fly before anything moves; the queue server passes a misspelt name as text."""
    for protocol in (Preparable, Flyable):
        if not isinstance(detector, protocol):
            raise TypeError(f"{plan}: detector = {detector!r}: a {protocol.__name__} device is wanted; nothing moved")


def prepared(detector: Any, flight: Flight) -> MsgGenerator[None]:
    """Tell a detector what its next flights are to be."""
    yield from bps.prepare(detector, flight, group=short_uid("prepare"), wait=True)


def declared(detector: Any) -> MsgGenerator[None]:
    """Say, once a run, what is collected; with the exposure that was prepared."""
    yield from bps.declare_stream(detector, name=STREAM, collect=True)


def flown(
    detector: Any,
    readables: Sequence[Readable[Any]],
    *,
    interval: float | None = None,
    sweep: tuple[Movable[float], float] | None = None,
) -> MsgGenerator[None]:
    """Fly once, as prepared.

    A pause holds camera and sweep, and resuming goes on with what is left: nothing is done twice. However the plan
    ends, but for a RunEngine that is halted or killed, each frame on disk is announced before.

    Parameters
    ----------
    detector : Flyable
        Its stream is declared.
    readables : sequence of Readable
        Read with the account of the frames: behind the flight, and with ``interval`` before and during it.
    interval : float, optional
        s between two readings.
    sweep : (Movable, float), optional
        Moves to that position during the flight.

    Raises
    ------
    OperandoError
        Somebody else ended the flight.
    """
    things = [detector.account, *readables]
    yield from bps.checkpoint()
    flight = bpp.finalize_wrapper(_fly(detector, things, interval, sweep), _land(detector, things))
    yield from bpp.rewindable_wrapper(flight, False)
    yield from bps.checkpoint()


def _fly(
    detector: Any, things: Sequence[Any], interval: float | None, sweep: tuple[Movable[float], float] | None
) -> MsgGenerator[None]:
    group = short_uid("flight")
    if interval is not None:
        yield from _read(things)
    read = time.monotonic()
    yield from bps.kickoff(detector, group=short_uid("kickoff"), wait=True)
    arrival = None
    if sweep is not None:
        motor, target = sweep
        arrival = yield from bps.abs_set(Sweep(motor), target, group=short_uid("sweep"))
    ending = yield from bps.complete(detector, group=group)
    while not ending.done:
        over = yield from bps.wait(group=group, timeout=LOOK_INTERVAL, error_on_timeout=False)
        if over and not ending.done:
            # A pause during a wait empties its group (bluesky 1.15), and an empty group counts as over.
            ending = yield from bps.complete(detector, group=group)
        yield from _announce(detector)
        if interval is not None and time.monotonic() - read >= interval:
            read = time.monotonic()
            yield from _read(things)
        yield from bps.checkpoint()
    if short := (yield from bps.rd(detector.frames_short)):
        raise OperandoError(f"{detector.name}: somebody ended its flight; {short} frames were not exposed")
    while arrival is not None and not arrival.done:
        yield from bps.sleep(LOOK_INTERVAL)
        yield from bps.checkpoint()


def _land(detector: Any, things: Sequence[Any]) -> MsgGenerator[None]:
    """End a flight that is under way, and announce what is left of it."""
    if (yield from bps.rd(detector.frames_outstanding)):
        yield from bps.stop(detector)
    while (yield from bps.rd(detector.frames_outstanding)):
        yield from _announce(detector)
        if (yield from bps.rd(detector.frames_outstanding)):
            yield from bps.sleep(LOOK_INTERVAL)
    yield from _read(things)


def _announce(detector: Any) -> MsgGenerator[None]:
    yield from bps.collect(detector, name=STREAM, return_payload=False)


def _read(things: Sequence[Any]) -> MsgGenerator[None]:
    yield from bps.trigger_and_read(things, name=CONDITIONS)

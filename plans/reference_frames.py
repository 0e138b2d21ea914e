"""Frames that other frames are corrected or measured by: calibrants, darks, flat fields, the empty cell."""

from collections.abc import Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Configurable, Movable, Readable, Triggerable
from bluesky.utils import MsgGenerator, plan

from operando.errors import RequestRefused

STREAM = "xrd"
"""Name of the stream of frames."""
OPEN = (1, "open", "Open")
"""What the reading of an open shutter is."""


@plan
def calibrate_geometry(
    detector: Readable[Any],
    shutter: Movable[Any] | None = None,
    *,
    calibrant: str,
    frames: int = 1,
    exposure: float = 5.0,
    motor: Any = None,
    position: float | None = None,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Expose a calibrant; ``operando calibrate`` fits the geometry to the run, or checks whether it still fits.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger.
    shutter : Movable, optional
        Opened first; put back where it was afterwards, however the plan ends.
    calibrant : str
        ``CeO2``, ``LaB6``, ``Si`` or another of pyFAI's names; the run is one of that sample.
    frames : int
        How many; their mean is looked at.
    exposure : float
        s, of each.
    motor : Movable, optional
        Brings the calibrant into the beam; brought back where it was afterwards, however the plan ends.
    position : float, optional
        Where, in the unit of the motor.
    md : mapping
        Goes into the start document.

    Returns
    -------
    str
        Uid of the run.
    """
    _check("calibrate_geometry", detector, frames, exposure)
    if not calibrant:
        raise RequestRefused("calibrate_geometry: calibrant = '': its name is wanted, such as CeO2; nothing moved")
    if (motor is None) != (position is None):
        raise RequestRefused("calibrate_geometry: motor and position belong together; nothing moved")
    metadata = {"plan_name": "calibrate_geometry", "calibrant": calibrant, "sample": calibrant, **(md or {})}
    inner = _shuttered(_series(detector, frames, exposure, metadata), shutter, "open")
    return (yield from _brought(inner, motor, position))


@plan
def take_darks(
    detector: Readable[Any],
    shutter: Movable[Any],
    *,
    frames: int = 20,
    exposure: float = 1.0,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Expose with the shutter closed; ``operando average`` makes a dark and a mask of bad pixels of the run.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger.
    shutter : Movable
        Closed first; put back where it was afterwards, however the plan ends.
    frames : int
        How many.
    exposure : float
        s, of each: that of the frames which the dark is for.
    md : mapping
        Goes into the start document.

    Returns
    -------
    str
        Uid of the run.
    """
    _check("take_darks", detector, frames, exposure)
    if not isinstance(shutter, Movable):
        raise TypeError(f"take_darks: shutter = {shutter!r}: a Movable device is wanted; nothing moved")
    metadata = {"plan_name": "take_darks", **(md or {})}
    return (yield from _shuttered(_series(detector, frames, exposure, metadata), shutter, "closed"))


@plan
def take_flat(
    detector: Readable[Any],
    shutter: Movable[Any] | None = None,
    *,
    frames: int = 20,
    exposure: float = 1.0,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Expose in even light; ``operando average`` makes a flat field of the run.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger.
    shutter : Movable, optional
        Opened first; put back where it was afterwards, however the plan ends.
    frames : int
        How many.
    exposure : float
        s, of each.
    md : mapping
        Goes into the start document.

    Returns
    -------
    str
        Uid of the run.
    """
    _check("take_flat", detector, frames, exposure)
    metadata = {"plan_name": "take_flat", **(md or {})}
    return (yield from _shuttered(_series(detector, frames, exposure, metadata), shutter, "open"))


@plan
def measure_blank(
    detector: Readable[Any],
    *,
    frames: int = 20,
    exposure: float = 1.0,
    shutter: Movable[Any] | None = None,
    readables: Sequence[Readable[Any]] = (),
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Expose the empty cell; ``operando blank`` makes a blank of the run.

    As many counts as the patterns have that it is to be taken off, at least, or its noise is theirs. Nothing is done to
    pressure, temperature or cell.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger, with monitor and diode beside it.
    frames : int
        How many.
    exposure : float
        s, of each.
    shutter : Movable, optional
        Opened first; put back where it was afterwards, however the plan ends.
    readables : sequence of Readable
        Read with every frame.
    md : mapping
        Goes into the start document; the name of the sample is ``empty_cell`` if it says no other.

    Returns
    -------
    str
        Uid of the run.
    """
    _check("measure_blank", detector, frames, exposure)
    metadata = {"plan_name": "measure_blank", "sample": "empty_cell", **(md or {})}
    return (yield from _shuttered(_series(detector, frames, exposure, metadata, readables), shutter, "open"))


def _check(name: str, detector: object, frames: int, exposure: float) -> None:
    """Refuse what cannot be before anything moves; the queue server passes a misspelt name as text."""
    for protocol in (Readable, Triggerable, Configurable):
        if not isinstance(detector, protocol):
            raise TypeError(f"{name}: detector = {detector!r}: a {protocol.__name__} device is wanted; nothing moved")
    if frames < 1 or exposure <= 0.0:
        raise RequestRefused(
            f"{name}: {frames} frames of {exposure:g} s asked; at least 1 of more than 0 s is wanted; nothing moved"
        )


def _series(
    detector: Any, frames: int, exposure: float, metadata: Mapping[str, Any], readables: Sequence[Any] = ()
) -> MsgGenerator[str]:
    """Take frames as a run."""
    arguments = {"frames": frames, "exposure": exposure}

    @bpp.stage_decorator([detector])
    @bpp.run_decorator(md={"plan_args": arguments, **metadata})
    def run() -> MsgGenerator[None]:
        for _ in range(frames):
            yield from bps.checkpoint()
            yield from bps.trigger_and_read([detector, *readables], name=STREAM)

    yield from bps.configure(detector, {"acquire_time": exposure})
    return (yield from run())


def _shuttered(inner: MsgGenerator[str], shutter: Any, wanted: str) -> MsgGenerator[str]:
    """Do a plan with the shutter open or closed, and put it back."""
    if shutter is None:
        return (yield from inner)
    was_open = (yield from bps.rd(shutter)) in OPEN

    def done() -> MsgGenerator[str]:
        yield from bps.mv(shutter, wanted)
        return (yield from inner)

    return (yield from bpp.finalize_wrapper(done(), lambda: bps.mv(shutter, "open" if was_open else "closed")))


def _brought(inner: MsgGenerator[str], motor: Any, position: float | None) -> MsgGenerator[str]:
    """Do a plan with a motor somewhere else, and bring it back."""
    if motor is None:
        return (yield from inner)
    before = yield from bps.rd(motor)

    def done() -> MsgGenerator[str]:
        yield from bps.mv(motor, position)
        return (yield from inner)

    return (yield from bpp.finalize_wrapper(done(), lambda: bps.mv(motor, before)))

"""Frames at a rate of the detector's own, while a cell cycles or a stage moves."""

from collections.abc import Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Movable, Readable
from bluesky.utils import MsgGenerator, plan

from operando.errors import RequestRefused
from operando.plans.flights import check_flyer, declared, flown, prepared
from operando.vocabulary import Flight


@plan
def fly_frames(
    detector: Any,
    *,
    frames: int,
    exposure: float = 1.0,
    period: float = 0.0,
    motor: Any = None,
    start: float | None = None,
    stop: float | None = None,
    readables: Sequence[Readable[Any]] = (),
    interval: float = 1.0,
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Take a series of frames, one behind the other, and read other devices beside it.

    What the cell does goes on by itself; the file of record joins each exposure with it.

    Parameters
    ----------
    detector : Flyable
        Takes frames by itself.
    frames : int
        How many.
    exposure : float
        s, of each.
    period : float
        s from the begin of one to that of the next; 0 is as fast as the detector can. Between two files of at most
        100 frames a detector needs a moment.
    motor : Movable, optional
        Moves during the flight, at its own speed: from ``start``, where it is brought before, or from where it is, to
        ``stop``.
    start, stop : float, optional
        Of the motor, in its unit.
    readables : sequence of Readable
        Read into the stream ``conditions`` before, during and behind the flight.
    interval : float
        s between two such readings.
    md : mapping
        Goes into the start document.

    Returns
    -------
    str
        Uid of the run.
    """
    check_flyer("fly_frames", detector)
    sweep = _sweep(motor, start, stop)
    flight = Flight(frames, exposure, period)
    arguments: dict[str, Any] = {"frames": frames, "exposure": exposure, "period": period, "interval": interval}
    if motor is not None:
        arguments |= {"motor": motor.name, "start": start, "stop": stop}
    metadata = {"plan_name": "fly_frames", "plan_args": arguments, **(md or {})}
    everything = [*([motor] if isinstance(motor, Readable) else []), *readables]

    @bpp.stage_decorator([detector])
    @bpp.run_decorator(md=metadata)
    def run() -> MsgGenerator[None]:
        if motor is not None and start is not None:
            yield from bps.mv(motor, start)
        yield from declared(detector)
        yield from flown(detector, everything, interval=interval, sweep=sweep)

    yield from prepared(detector, flight)
    return (yield from run())


def _sweep(motor: Any, start: float | None, stop: float | None) -> tuple[Movable[float], float] | None:
    if motor is None and start is None and stop is None:
        return None
    if motor is None or stop is None:
        raise RequestRefused(
            f"fly_frames: motor = {motor!r}, start = {start}, stop = {stop}; a motor and where it moves to are wanted"
        )
    return motor, stop

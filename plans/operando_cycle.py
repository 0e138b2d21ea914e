"""Frames at an interval while a cell is charged and discharged under held pressure and temperature."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Configurable, Flyable, Movable, Readable, Status, Triggerable
from bluesky.utils import MsgGenerator, plan

from operando.errors import RequestRefused
from operando.plans.flights import STREAM, check_flyer, declared, flown, prepared
from operando.plans.programmed_cell import load_programme
from operando.plans.schedule import Schedule
from operando.vocabulary import Flight, ProgrammeState

PROGRAMME = "cell programme"
"""Name of the group that waits for the end of the cell programme."""
PAUSE_INTERVAL = 1.0
"""s; between two frames the RunEngine can pause this often."""


@plan
def operando_cycle(
    detector: Readable[Any],
    stack_pressure: Movable[float],
    heater: Movable[float],
    potentiostat: Any,
    *,
    programme: str | None = None,
    attach: bool = False,
    pressure: float = 85.0,
    temperature: float = 25.0,
    exposure: float = 1.0,
    interval: float = 5.0,
    burst: int = 1,
    burst_period: float = 0.0,
    readables: Sequence[Readable[Any]] = (),
    md: Mapping[str, Any] | None = None,
) -> MsgGenerator[str]:
    """Run the cell programme at a pressure and a temperature, and take frames until it ends.

    A plan that ends early changes nothing in the cell: pressure and temperature are held, the programme goes on in
    the instrument, and the detector's file is closed.

    Parameters
    ----------
    detector : Readable
        Takes a frame a trigger.
    stack_pressure : Movable
        Settled before the programme starts.
    heater : Movable
        Settled before the programme starts.
    potentiostat : Flyable
        Runs the programme of the configuration, or that which was loaded last.
    programme : str, optional
        Text of another programme, TOML or JSON, that is loaded first; refused before anything moves.
    attach : bool
        Go on with the programme that runs, or is paused: nothing is started, and pressure and temperature stay what
        they are.
    pressure : float
        MPa.
    temperature : float
        °C.
    exposure : float
        s.
    interval : float
        s between two frames, or bursts of them; a late one delays no other.
    burst : int
        Frames one behind the other at each moment of the schedule; the readings of a burst are an event of the stream
        ``conditions``.
    burst_period : float
        s from the begin of one frame of a burst to that of the next; 0 is as fast as the detector can.
    readables : sequence of Readable
        Read with every frame, besides the devices above.
    md : mapping
        Goes into the start document.

    Returns
    -------
    str
        Uid of the run.
    """
    if burst > 1:
        check_flyer("operando_cycle", detector)
    _check(detector=detector, stack_pressure=stack_pressure, heater=heater, potentiostat=potentiostat)
    arguments: dict[str, Any] = {"exposure": exposure, "interval": interval}
    arguments |= {"burst": burst, "burst_period": burst_period} if burst > 1 else {}
    arguments |= {"attach": True} if attach else {"pressure": pressure, "temperature": temperature}
    metadata = {"plan_name": "operando_cycle", "plan_args": arguments, **(md or {})}
    everything = [detector, stack_pressure, heater, potentiostat, *readables]

    @bpp.stage_decorator([detector])
    @bpp.run_decorator(md=metadata)
    def run() -> MsgGenerator[None]:
        if not attach:
            yield from bps.mv(stack_pressure, pressure, heater, temperature)
            yield from _start(potentiostat)
        if burst > 1:
            yield from declared(detector)
            yield from _frames(lambda: flown(detector, everything[1:]), potentiostat, interval)
        else:
            yield from _frames(lambda: _frame(everything), potentiostat, interval)

    if attach:
        yield from _check_running(potentiostat, programme)
    elif programme is not None:
        yield from load_programme(potentiostat, programme)
    yield from bps.configure(detector, {"acquire_time": exposure})
    if burst > 1:
        yield from prepared(detector, Flight(burst, exposure, burst_period))
    return (yield from run())


def _check_running(potentiostat: Any, programme: str | None) -> MsgGenerator[None]:
    if programme is not None:
        raise RequestRefused("operando_cycle: attach = True goes on with what runs; another programme cannot be loaded")
    state = yield from bps.rd(potentiostat.state)
    if state not in (ProgrammeState.RUNNING, ProgrammeState.PAUSED):
        raise RequestRefused(
            f"operando_cycle: attach to the cell programme asked, but none runs: it is {state}; nothing was started"
        )


def _start(potentiostat: Flyable) -> MsgGenerator[None]:
    """Start the programme; a pause in between must not start it a second time."""
    yield from bps.checkpoint()
    yield from bpp.rewindable_wrapper(bps.kickoff(potentiostat, wait=True), False)
    yield from bps.checkpoint()


def _frames(expose: Callable[[], MsgGenerator[None]], potentiostat: Flyable, interval: float) -> MsgGenerator[None]:
    """Expose at each moment of the schedule until the programme has ended."""
    schedule = Schedule(time.monotonic(), interval)
    programme = yield from bps.complete(potentiostat, group=PROGRAMME)
    while not programme.done:
        yield from bps.checkpoint()
        yield from expose()
        yield from bps.checkpoint()
        programme = yield from _wait(potentiostat, programme, until=schedule.following(time.monotonic()))


def _frame(everything: Sequence[Any]) -> MsgGenerator[None]:
    yield from bps.trigger_and_read(everything, name=STREAM)


def _wait(potentiostat: Flyable, programme: Status, until: float) -> MsgGenerator[Status]:
    """Wait for a moment or for the end of the programme; return the status that follows it."""
    while not programme.done and (left := until - time.monotonic()) > 0.0:
        over = yield from bps.wait(group=PROGRAMME, timeout=min(left, PAUSE_INTERVAL), error_on_timeout=False)
        if over and not programme.done:
            # A pause during a wait empties its group (bluesky 1.15), and an empty group counts as over.
            programme = yield from bps.complete(potentiostat, group=PROGRAMME)
        yield from bps.checkpoint()
    return programme


def _check(**devices: object) -> None:
    """Refuse what is not a device before anything moves; the queue server passes a misspelt name as text."""
    wanted: dict[str, tuple[Any, ...]] = {
        "detector": (Readable, Triggerable, Configurable),
        "stack_pressure": (Readable, Movable),
        "heater": (Readable, Movable),
        "potentiostat": (Readable, Flyable),
    }
    for name, device in devices.items():
        for protocol in wanted[name]:
            if not isinstance(device, protocol):
                raise TypeError(
                    f"operando_cycle: {name} = {device!r}: a {protocol.__name__} device is wanted; nothing moved"
                )

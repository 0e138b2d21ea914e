"""What plans ask of a cell under its programme, and the stubs that do so."""

import math
import uuid
from typing import Any, Protocol, runtime_checkable

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky.protocols import Status
from bluesky.utils import MsgGenerator, plan

from operando.errors import MoveFailed, RequestRefused
from operando.vocabulary import (
    DONE,
    Awaited,
    CellEvent,
    Crossing,
    Next,
    Passed,
    PotentialScale,
    ProgrammeState,
    StepBegun,
)

PAUSE_INTERVAL = 1.0
"""s; while a plan waits, the RunEngine can pause it this often."""
QUANTITIES = {PotentialScale.CELL: "voltage", PotentialScale.LITHIUM: "potential"}
"""The reading of a cell on each scale."""

Waiting = tuple[Status, str]
"""A status and its group."""


@runtime_checkable
class ProgrammedCell(Protocol):
    """A cell whose programme runs in its instrument."""

    name: str
    programme: Any
    """Set to the text of another programme."""
    state: Any
    """Readable, a `ProgrammeState`; set to ``paused`` or ``running``."""
    watch: Any
    """Set to what is waited for, an `Awaited`: done when it has come."""
    measurement: Any
    """Readable: the kind of the step behind the one that waits for a measurement; set to ``done``."""
    rest_age: Any
    """Readable, s since current last flowed."""


def check_cell(asked: str, potentiostat: object) -> None:
    """Refuse what is no cell before anything happens; the queue server passes a misspelt name as text."""
    if not isinstance(potentiostat, ProgrammedCell):
        raise TypeError(
            f"{asked}: potentiostat = {potentiostat!r}: a cell under its programme is wanted; nothing is done"
        )


@plan
def wait_for_step(
    potentiostat: ProgrammedCell, step: int | str, *, cycle: int | None = None, timeout: float | None = None
) -> MsgGenerator[None]:
    """Wait until a step of the cell programme runs.

    Parameters
    ----------
    potentiostat : ProgrammedCell
        Of the cell.
    step : int or str
        Number or name, as in the programme.
    cycle : int, optional
        In which cycle; else in any.
    timeout : float, optional
        s; else until the programme is over, which is a failure.
    """
    yield from _wait_for(potentiostat, StepBegun(step, cycle), timeout)


@plan
def wait_for_voltage(
    potentiostat: ProgrammedCell,
    *,
    scale: str,
    above: float | None = None,
    below: float | None = None,
    timeout: float | None = None,
) -> MsgGenerator[None]:
    """Wait until the voltage of the cell is at a value or beyond.

    Parameters
    ----------
    potentiostat : ProgrammedCell
        Of the cell.
    scale : str
        ``cell``, between the terminals, or ``Li/Li+``: against Li-In they differ by 0.62 V.
    above, below : float
        V, one of the two.
    timeout : float, optional
        s; else until the programme is over, which is a failure.
    """
    if scale not in tuple(PotentialScale):
        raise RequestRefused(f"wait_for_voltage: scale = {scale!r}; 'cell' or 'Li/Li+' is wanted")
    if (above is None) == (below is None):
        raise RequestRefused(f"wait_for_voltage: above = {above}, below = {below}; one of the two is wanted, V")
    value = above if above is not None else below if below is not None else math.nan
    crossing = Crossing(QUANTITIES[PotentialScale(scale)], value, below is not None)
    yield from _wait_for(potentiostat, crossing, timeout)


@plan
def wait_for_charge(
    potentiostat: ProgrammedCell, increment: float, *, timeout: float | None = None
) -> MsgGenerator[None]:
    """Wait until a charge has passed from now on, net.

    Parameters
    ----------
    potentiostat : ProgrammedCell
        Of the cell.
    increment : float
        A h, charging positive; below zero for a discharge.
    timeout : float, optional
        s; else until the programme is over, which is a failure.
    """
    yield from _wait_for(potentiostat, Passed(increment), timeout)


@plan
def wait_for_event(
    potentiostat: ProgrammedCell, event: CellEvent | str, *, timeout: float | None = None
) -> MsgGenerator[None]:
    """Wait until something happens to the cell, from now on.

    Parameters
    ----------
    potentiostat : ProgrammedCell
        Of the cell.
    event : CellEvent or str
        What, or its name: ``STEP_ENDED``, ``CYCLE_BEGUN``, ``HALF_CYCLE_BEGUN``, ``SPECTRUM_MEASURED``,
        ``PROGRAMME_ENDED``.
    timeout : float, optional
        s; else until the programme is over.
    """
    names = CellEvent.__members__
    if event not in tuple(CellEvent) and event not in names:
        raise RequestRefused(f"wait_for_event: {event!r}; allowed: {', '.join(names)}")
    yield from _wait_for(potentiostat, Next(names[event] if event in names else CellEvent(event)), timeout)


@plan
def load_programme(potentiostat: ProgrammedCell, text: str) -> MsgGenerator[None]:
    """Have another programme started from now on; refused in words where the cell or the instrument cannot do it.

    Parameters
    ----------
    potentiostat : ProgrammedCell
        Of the cell.
    text : str
        In the programme language, TOML or JSON: ``Path("gitt.toml").read_text()``.
    """
    check_cell("load_programme", potentiostat)
    yield from bps.checkpoint()
    yield from bps.abs_set(potentiostat.programme, text, wait=True)
    yield from bps.checkpoint()


@plan
def pause_programme(potentiostat: ProgrammedCell) -> MsgGenerator[None]:
    """Interrupt the step that runs: the cell rests at open circuit, with samples, until it is resumed.

    A plan that is paused interrupts nothing, and one that is killed resumes nothing.
    """
    yield from _change(potentiostat, ProgrammeState.PAUSED)


@plan
def resume_programme(potentiostat: ProgrammedCell) -> MsgGenerator[None]:
    """Go on with what remains of the step that was interrupted."""
    yield from _change(potentiostat, ProgrammeState.RUNNING)


@plan
def measurement_done(potentiostat: ProgrammedCell) -> MsgGenerator[None]:
    """End the step that waits for a measurement; a plan that is paused meanwhile does not end the next one, too."""
    check_cell("measurement_done", potentiostat)
    yield from bps.checkpoint()
    yield from bpp.rewindable_wrapper(bps.abs_set(potentiostat.measurement, DONE, wait=True), False)
    yield from bps.checkpoint()


def _change(potentiostat: ProgrammedCell, wanted: ProgrammeState) -> MsgGenerator[None]:
    """Set the state; a resumed plan asks for it again, and for nothing that was before."""
    check_cell(f"cell programme {wanted.value}", potentiostat)
    yield from bps.checkpoint()
    yield from bps.abs_set(potentiostat.state, wanted.value, wait=True)
    yield from bps.checkpoint()


def _wait_for(potentiostat: ProgrammedCell, awaited: Awaited, timeout: float | None) -> MsgGenerator[None]:
    check_cell("wait", potentiostat)
    yield from bps.checkpoint()
    waiting = yield from ask(potentiostat, awaited, timeout)
    yield from wait_out(potentiostat, awaited, waiting)


def ask(potentiostat: ProgrammedCell, awaited: Awaited, timeout: float | None = None) -> MsgGenerator[Waiting]:
    """Begin to wait."""
    group = f"{potentiostat.name} {uuid.uuid4()}"
    options = {} if timeout is None else {"timeout": timeout}
    status = yield from bps.abs_set(potentiostat.watch, awaited, group=group, **options)
    return status, group


def wait_out(potentiostat: ProgrammedCell, awaited: Awaited, waiting: Waiting) -> MsgGenerator[None]:
    """Wait for what `ask` began; the RunEngine can pause meanwhile, and the wait goes on."""
    status, group = waiting
    while status is not None and not status.done:
        over = yield from bps.wait(group=group, timeout=PAUSE_INTERVAL, error_on_timeout=False)
        if over and not status.done:
            # A pause during a wait empties its group (bluesky 1.15), and an empty group counts as over.
            status = yield from bps.abs_set(potentiostat.watch, awaited, group=group)
        yield from bps.checkpoint()
    if status is not None and not status.success:  # it failed while the plan was paused
        raise status.exception(0.0) or MoveFailed(f"{potentiostat.name}: a wait ended without success")

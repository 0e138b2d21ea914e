"""A measurement on a cell that rests: its programme is interrupted for it and goes on behind it."""

import time
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
from bluesky import Msg
from bluesky.utils import MsgGenerator, plan

from operando.plans.inserting import inserted
from operando.plans.programmed_cell import (
    PAUSE_INTERVAL,
    ProgrammedCell,
    check_cell,
    pause_programme,
    resume_programme,
)
from operando.vocabulary import ProgrammeState


@plan
def at_rest(measurement: Any, potentiostat: ProgrammedCell, *, relax: float = 0.0) -> MsgGenerator[Any]:
    """Pause the cell programme, do a plan such as a map, and resume the programme however that has ended.

    Each event of the plan gets the ``rest_age``: s since current last flowed. What was paused before is left paused,
    and where no programme runs nothing is paused. A RunEngine that is halted or killed leaves the cell at rest.

    Parameters
    ----------
    measurement : iterable of Msg
        Any plan, with runs of its own or within a run.
    potentiostat : ProgrammedCell
        Of the cell.
    relax : float
        s at rest before the plan begins.

    Returns
    -------
    Any
        What the plan returns.
    """
    check_cell("at_rest", potentiostat)
    state = yield from bps.rd(potentiostat.state)
    ours = state == ProgrammeState.RUNNING

    def rested() -> MsgGenerator[Any]:
        if ours:
            yield from pause_programme(potentiostat)
        yield from _relax(relax)
        return (yield from with_age(measurement, potentiostat))

    def go_on() -> MsgGenerator[None]:
        if ours and (yield from bps.rd(potentiostat.state)) == ProgrammeState.PAUSED:
            yield from resume_programme(potentiostat)

    return (yield from bpp.finalize_wrapper(rested(), go_on))


def with_age(measurement: Any, potentiostat: ProgrammedCell) -> MsgGenerator[Any]:
    """Read the age of the rest into each event of a plan that does not read it anyway."""
    read: set[int] = set()
    age = potentiostat.rest_age

    def before(msg: Msg) -> MsgGenerator[None] | None:
        if msg.command == "create":
            read.clear()
        elif msg.command == "read":
            read.add(id(msg.obj))
        elif msg.command == "save" and read.isdisjoint((id(age), id(potentiostat))):
            return _read(age, msg.run)
        return None

    return (yield from inserted(measurement, before=before))


def _read(age: Any, run: Any) -> MsgGenerator[None]:
    yield Msg("read", age, run=run)


def _relax(duration: float) -> MsgGenerator[None]:
    end = time.monotonic() + duration
    while (left := end - time.monotonic()) > 0.0:
        yield from bps.sleep(min(left, PAUSE_INTERVAL))
        yield from bps.checkpoint()

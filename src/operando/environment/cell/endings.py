"""How a step ended: in words, and as the record says it."""

import json
from collections.abc import Mapping

from operando.control.accounting import Account
from operando.environment.cell.book import in_words
from operando.instruments.roles import StepEnd
from operando.vocabulary import Step

NOT_ASKED = "told by the host"
"""Of a step that the host ended, though nobody asked for it in this run."""


def how_it_ended(said: StepEnd, step: Step, told: Mapping[int, str]) -> str:
    """Return which end a step met, in words.

    Parameters
    ----------
    said : StepEnd
        By the instrument.
    step : Step
        As it was run.
    told : mapping of int to str
        Why the host told the instrument to end a step, by its run.
    """
    if (end := said.end) is not None:
        # of what remained of a step, the instrument's driver may know the whole
        as_run = (each for each in step.ends if (each.limit, each.below) == (end.limit, end.below))
        return in_words(next(as_run, end))
    if said.safety:
        return f"safety: {said.safety}"
    return "complete" if said.complete else told.get(said.run, NOT_ASKED)


def end_json(how: str, step: Step, run: int, cycle: int, account: Account, time_ns: int, said: StepEnd | None) -> str:
    """Return what ``CELL:LAST_END`` says, as JSON.

    Parameters
    ----------
    how : str
        In words.
    step : Step
        That ended.
    run, cycle : int
        In which it ran.
    account : Account
        Of the programme, at the end of the step.
    time_ns : int
        UTC, ns since the epoch, of the end.
    said : StepEnd or None
        None for a step whose script was ended: it was interrupted, and what remains of it can be resumed.
    """
    end = said.end if said else None
    return json.dumps(
        {
            "step": step.number,
            "name": step.name,
            "run": run,
            "cycle": cycle,
            "how": how,
            "interrupted": said is None,
            "end": {"limit": end.limit.value, "value": end.value, "below": end.below} if end else None,
            "safety": said.safety if said else "",
            "time_ns": time_ns,
            "duration": account.step_time,
            "charge": account.step_charge,
        }
    )

"""What can be asked of a cell programme, and when not."""

from operando.environment.cell.hosted import waits_for_a_measurement
from operando.vocabulary import Position, ProgrammeState, Step

LATCHED = "the safe state is latched until somebody asks for reset"
BUSY = {
    ProgrammeState.RUNNING: "a programme is running",
    ProgrammeState.PAUSED: "a programme is paused: resume it, or stop it",
}


def objection(field: str, state: ProgrammeState, latched: bool, step: Step | None, stands: Position | None) -> str:
    """Return why something cannot be asked for now, or nothing.

    Parameters
    ----------
    field : str
        Of the request.
    state : ProgrammeState
        Of the programme.
    latched : bool
        In its safe state.
    step : Step or None
        That runs.
    stands : Position or None
        Where a programme was interrupted.
    """
    if field in ("start", "resume") and latched:
        return LATCHED
    if field in ("start", "load"):
        return BUSY.get(state, "")
    if field in ("pause", "end_step") and state is not ProgrammeState.RUNNING:
        return f"no programme is running, it is {state.value}"
    if field == "end_step" and not waits_for_a_measurement(step):
        return f"the step {step.name if step else ''!r} waits for no measurement"
    if field == "resume" and state is ProgrammeState.RUNNING:
        return BUSY[state]
    if field == "resume" and stands is None:
        return "no programme was interrupted, or where it stood is not known"
    return ""

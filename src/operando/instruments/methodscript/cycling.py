"""The short form of a programme, cycles of constant current, as a programme of steps."""

from operando.errors import RequestRefused
from operando.instruments.methodscript.compiler import compile_programme
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantCurrentCycling,
    End,
    Limit,
    Loop,
    Position,
    Safety,
)


def as_programme(cycling: ConstantCurrentCycling) -> CellProgramme:
    """Return steps 1 (charge) and 2 (discharge), in a loop of cycles.

    Raises
    ------
    RequestRefused
        It makes no sense.
    """
    _check(cycling)
    time, interval = End(Limit.TIME, cycling.step_time_limit), cycling.sample_interval
    charge = ConstantCurrent(
        number=1,
        name="charge",
        ends=(End(Limit.VOLTAGE, cycling.upper_cutoff), time),
        sample_interval=interval,
        current=cycling.charge_current,
    )
    discharge = ConstantCurrent(
        number=2,
        name="discharge",
        ends=(End(Limit.VOLTAGE, cycling.lower_cutoff, below=True), time),
        sample_interval=interval,
        current=-cycling.discharge_current,
    )
    loop = Loop(cycling.cycles, (charge, discharge), cycles=True)
    return CellProgramme("cycling", (loop,), Safety(), "", "", 0.0)


def compile_cycling(cycling: ConstantCurrentCycling) -> str:
    """Return the script of a programme, one command a line, no empty line; errors as of `as_programme`."""
    return compile_programme(as_programme(cycling), Position())


def _check(cycling: ConstantCurrentCycling) -> None:
    if not cycling.lower_cutoff < cycling.upper_cutoff:
        raise RequestRefused(
            f"EmStat4: cutoffs of {cycling.lower_cutoff:g} and {cycling.upper_cutoff:g} V at the terminals are not in "
            "order; nothing was started"
        )
    if not (cycling.charge_current > 0 and cycling.discharge_current > 0):
        raise RequestRefused(
            f"EmStat4: currents of {cycling.charge_current:g} and {cycling.discharge_current:g} A are not both "
            "positive; nothing was started"
        )

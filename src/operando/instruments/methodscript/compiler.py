"""A cell programme as a MethodSCRIPT, with every limit inside: a host that dies leaves a safe cell behind.

Loops of the programme are loops of the script. Each packet says how long, in which cycle, step and run, so that a host
that comes back knows where the programme stands. ``on_finished`` opens the cell at the end and after an abort, though
not after a runtime error: the driver does it then.
"""

from collections.abc import Iterator

from operando.errors import RequestRefused
from operando.instruments.methodscript import counting, steps
from operando.instruments.methodscript.capabilities import EMSTAT4_HR, LONGEST_LINE, LONGEST_STEP, Model
from operando.instruments.methodscript.numbers import whole
from operando.instruments.methodscript.refusals import check
from operando.instruments.methodscript.steps import StepWriter
from operando.vocabulary import CellProgramme, End, Limit, Loop, Position, Rest, Safety, Step, depth

CELL_OFF = "cell_off"
"""A script of its own: ``on_finished`` does not run after a runtime error."""
OPEN_CIRCUIT = """\
var potential
meas_loop_ocp potential 100m 100m
pck_start
pck_add potential
pck_end
endloop
"""
"""Measures the potential of a cell that is off; refused (0014) for one that is on. It sets no mode, which could by
itself open the cell that is to be looked at."""
OPEN_CIRCUIT_IN_A_MODE = f"set_pgstat_chan 0\nset_pgstat_mode {steps.POTENTIOSTAT}\n{OPEN_CIRCUIT}"
"""The same for an instrument that has had no mode since it was switched on, and so no cell either."""


def compile_programme(programme: CellProgramme, at: Position, model: Model = EMSTAT4_HR) -> str:
    """Return the script of a programme, one command a line, no empty line.

    Parameters
    ----------
    programme : CellProgramme
        The whole of it, or what remains of it.
    at : Position
        Its cycle is the first; its run is that of the step before the first, and so is the charge that passed.
    model : Model
        The instrument.

    Raises
    ------
    RequestRefused
        The instrument cannot do it, or it makes no sense.
    """
    check(programme, model)
    return _script(programme.parts, StepWriter(model, programme.safety), at)


def compile_pause(interval: float, at: Position, model: Model = EMSTAT4_HR) -> str:
    """Return the script of a rest that is no step of a programme: its samples have step 0, and the run of ``at``."""
    if not 0 < interval < LONGEST_STEP:
        raise RequestRefused(f"EmStat4: {interval:g} s between two samples of a rest are not above 0; it was not begun")
    rest = Rest(number=0, name="pause", ends=(End(Limit.TIME, LONGEST_STEP),), sample_interval=interval)
    return _script((rest,), StepWriter(model, Safety(), counts=False), at)


def _script(parts: tuple[Step | Loop, ...], writer: StepWriter, at: Position) -> str:
    lines = [
        *(f"var {name}" for name in counting.VARIABLES),
        *(f"var {_counter(level)}" for level in range(depth(parts))),
        "set_pgstat_chan 0",
        *counting.beginning(at),
        *_Body(writer).of(parts),
        "on_finished:",
        CELL_OFF,
    ]
    too_long = [line for line in lines if not 0 < len(line) <= LONGEST_LINE]
    if too_long:
        raise RequestRefused(f"MethodSCRIPT: {too_long[0]!r} is no line of 1 to {LONGEST_LINE} characters")
    return "\n".join(lines) + "\n"


class _Body:
    """Writes steps and loops one behind the other, and knows the mode that each leaves the instrument in."""

    def __init__(self, writer: StepWriter) -> None:
        self._writer = writer
        self._mode: int | None = None  # not known: the first step switches

    def of(self, parts: tuple[Step | Loop, ...], level: int = 0) -> Iterator[str]:
        for part in parts:
            if isinstance(part, Loop):
                yield from self._loop(part, level)
            else:
                mode = steps.mode(part)
                yield from self._writer.lines(part, switch=mode == 0 or mode != self._mode)
                self._mode = mode

    def _loop(self, loop: Loop, level: int) -> Iterator[str]:
        counter = _counter(level)
        if _last_mode(loop.parts) != self._mode:
            self._mode = None  # the first pass comes from elsewhere than the others
        yield f"store_var {counter} 0i ja"
        yield f"loop {counter} < {whole(loop.passes)}"
        yield from self.of(loop.parts, level + 1)
        if loop.cycles:
            yield "add_var cycle 1i"
        yield f"add_var {counter} 1i"
        yield "endloop"


def _last_mode(parts: tuple[Step | Loop, ...]) -> int:
    last = parts[-1]
    return _last_mode(last.parts) if isinstance(last, Loop) else steps.mode(last)


def _counter(level: int) -> str:
    return f"pass{level + 1}"

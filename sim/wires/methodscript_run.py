"""A running MethodSCRIPT: statements executed on the instrument's own clock.

The run is a generator that hands out the instant it waits for. It goes on whether or not anybody reads its output.
"""

import math
import operator
from collections.abc import Callable, Iterator

from operando.sim.wires.galvanostat import LARGEST_CURRENT, Galvanostat
from operando.sim.wires.methodscript_packet import Variable
from operando.sim.wires.methodscript_parser import Script, ScriptError, Statement, literal

WRONG_MODE, UNKNOWN_MODE, OPEN_CIRCUIT_NEEDED = 0x0023, 0x0021, 0x0014
CELL_OVERLOAD, NEEDS_CELL_ON, OUT_OF_BOUNDS = 0x0032, 0x4027, 0x4205
CHRONOPOTENTIOMETRY, OPEN_CIRCUIT_POTENTIOMETRY = 0x000A, 0x000B
"""Technique numbers behind ``M``."""

GALVANOSTAT = 6
MODES = (0, 2, 3, 4, 5, GALVANOSTAT)

STATEMENT_TIME = 50e-6
"""s that a pass of a loop takes in which nothing is waited for."""

POTENTIAL_RANGE = "205"
"""Range field of a measured potential."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip

ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "add_var": operator.add, "sub_var": operator.sub, "mul_var": operator.mul, "div_var": operator.truediv,
}  # fmt: skip


class _BreakLoop(Exception):
    """``breakloop``."""


class _Abort(Exception):
    """``abort``, or the host's ``Z``."""


class Run:
    """One execution of a script.

    Parameters
    ----------
    script : Script
        Parsed.
    galvanostat : Galvanostat
        Its only hands and eyes.
    now : float
        s, when it starts.
    """

    def __init__(self, script: Script, galvanostat: Galvanostat, now: float) -> None:
        self.failed = False
        """Whether it ended by an error; ``on_finished:`` was left out then and the cell is as it was."""
        self.critical_overload = False
        """A fault: the cell draws more than the instrument can supply."""
        self._script = script
        self._galvanostat = galvanostat
        self._clock = now
        self._timer = now
        self._mode = 0.0
        self._variables = {name: Variable() for name in script.variables}
        self._packet: list[str] = []
        self._output: list[str] = []
        self._due = now
        self._steps: Iterator[float] | None = self._whole()
        self._aborted = False

    @property
    def running(self) -> bool:
        """Whether anything is left to do."""
        return self._steps is not None

    def advance(self, now: float) -> list[str]:
        """Execute up to ``now`` (s) and return the lines written."""
        while self._steps is not None and self._due <= now:
            try:
                self._due = next(self._steps)
            except StopIteration:
                self._steps = None
        lines, self._output = self._output, []
        return lines

    def abort(self, now: float) -> list[str]:
        """End it early: open loops are closed, ``on_finished:`` is executed."""
        self._output.append("Z")
        self._aborted = True
        self._due = self._clock = now
        return self.advance(now)

    def _whole(self) -> Iterator[float]:
        try:
            try:
                yield from self._execute(self._script.body)
            except _Abort:
                self._aborted = False
            yield from self._finish()
        except ScriptError as error:
            self.failed = True
            self._output.append(f"!{error.code:04X}: Line {error.line}")
        else:
            self._output.append("")

    def _finish(self) -> Iterator[float]:
        try:
            yield from self._execute(self._script.on_finished)
        except _Abort:
            self._galvanostat.switch(False)

    def _execute(self, statements: tuple[Statement, ...]) -> Iterator[float]:
        for statement in statements:
            if statement.name in ("meas_loop_cp", "meas_loop_ocp"):
                yield from self._measure(statement)
            elif statement.name == "loop":
                yield from self._loop(statement)
            elif statement.name == "if":
                yield from self._execute(statement.body if self._holds(statement) else statement.otherwise)
            elif statement.name == "wait":
                yield from self._wait(self._clock + self._number(statement.arguments[0]))
            else:
                self._perform(statement)

    def _wait(self, until: float) -> Iterator[float]:
        self._clock = until
        yield until
        if self._aborted:
            raise _Abort

    def _loop(self, statement: Statement) -> Iterator[float]:
        self._output.append("L")
        try:
            while self._holds(statement):
                began = self._clock
                yield from self._execute(statement.body)
                if self._clock == began:
                    yield from self._wait(began + STATEMENT_TIME)
        except _BreakLoop:
            pass
        except _Abort:
            self._output.append("+")
            raise
        self._output.append("+")

    def _measure(self, statement: Statement) -> Iterator[float]:
        galvanostatic = statement.name == "meas_loop_cp"
        self._check_measurement(statement, galvanostatic)
        interval, duration = (self._number(word) for word in statement.arguments[-2:])
        if interval <= 0.0 or not math.isfinite(duration / interval):
            raise ScriptError(OUT_OF_BOUNDS, statement.line)
        self._output.append(f"M{CHRONOPOTENTIOMETRY if galvanostatic else OPEN_CIRCUIT_POTENTIOMETRY:04X}")
        try:
            yield from self._samples(statement, galvanostatic, interval, duration)
        except _BreakLoop:
            pass
        except _Abort:
            self._output.append("*")
            raise
        self._output.append("*")

    def _check_measurement(self, statement: Statement, galvanostatic: bool) -> None:
        if not galvanostatic:
            if self._galvanostat.connected:
                raise ScriptError(OPEN_CIRCUIT_NEEDED, statement.line)
            return
        if self._mode != GALVANOSTAT:
            raise ScriptError(WRONG_MODE, statement.line)
        if not self._galvanostat.connected:
            raise ScriptError(NEEDS_CELL_ON, statement.line)
        self._impose(self._number(statement.arguments[2]), statement.line)

    def _samples(self, statement: Statement, galvanostatic: bool, interval: float, duration: float) -> Iterator[float]:
        start = self._clock
        for index in range(1, max(1, round(duration / interval)) + 1):
            yield from self._wait(start + index * interval)
            if self.critical_overload:
                raise ScriptError(CELL_OVERLOAD, statement.line)
            self._sample(statement.arguments, galvanostatic)
            yield from self._execute(statement.body)

    def _sample(self, arguments: tuple[str, ...], galvanostatic: bool) -> None:
        status = f",1{self._galvanostat.status:X}"
        self._variables[arguments[0]] = Variable(
            self._galvanostat.potential(), "ab", fields=f"{status},{POTENTIAL_RANGE}"
        )
        if galvanostatic:
            fields = f"{status},2{self._galvanostat.range:02X}"
            self._variables[arguments[1]] = Variable(self._galvanostat.current(), "ba", fields=fields)

    def _perform(self, statement: Statement) -> None:
        arguments = statement.arguments
        match statement.name:
            case "var":
                self._variables[arguments[0]] = Variable()
            case "store_var":
                self._variables[arguments[0]] = Variable(
                    literal(arguments[1]), arguments[2], arguments[1].endswith("i")
                )
            case "copy_var":
                source = self._variables[arguments[0]]
                self._variables[arguments[1]] = Variable(source.value, source.kind, source.integer, source.fields)
            case "alter_vartype":
                self._variables[arguments[0]].kind = arguments[1]
            case "add_var" | "sub_var" | "mul_var" | "div_var":
                self._calculate(statement)
            case "timer_start":
                self._timer = self._clock
            case "timer_get":
                self._variables[arguments[0]] = Variable(self._clock - self._timer, "eb")
            case "pck_start" | "pck_add" | "pck_end" | "send_string":
                self._write(statement.name, arguments)
            case "breakloop":
                raise _BreakLoop
            case "abort":
                raise _Abort
            case _:
                self._configure(statement)

    def _calculate(self, statement: Statement) -> None:
        variable = self._variables[statement.arguments[0]]
        try:
            value = ARITHMETIC[statement.name](variable.value, self._number(statement.arguments[1]))
        except ZeroDivisionError:
            raise ScriptError(OUT_OF_BOUNDS, statement.line) from None
        self._variables[statement.arguments[0]] = Variable(value, variable.kind, variable.integer)

    def _configure(self, statement: Statement) -> None:
        """Cell, mode and range; the settings of the analogue filters have no effect here."""
        arguments = statement.arguments
        match statement.name:
            case "cell_on" | "cell_off":
                self._galvanostat.switch(statement.name == "cell_on")
            case "set_i":
                if self._mode != GALVANOSTAT:
                    raise ScriptError(WRONG_MODE, statement.line)
                self._impose(self._number(arguments[0]), statement.line)
            case "set_pgstat_mode":
                self._mode = self._number(arguments[0])
                if self._mode not in MODES:
                    raise ScriptError(UNKNOWN_MODE, statement.line)
            case "set_range" | "set_range_minmax" | "set_autoranging" if arguments[0] in ("ba", "db"):
                self._galvanostat.choose_range(self._number(arguments[-1]))

    def _impose(self, ampere: float, line: int) -> None:
        if abs(ampere) > LARGEST_CURRENT:
            raise ScriptError(OUT_OF_BOUNDS, line)
        self._galvanostat.set_current(ampere)

    def _write(self, name: str, arguments: tuple[str, ...]) -> None:
        if name == "pck_start":
            self._packet = []
        elif name == "pck_add":
            self._packet.append(self._variables[arguments[0]].packed())
        elif name == "pck_end":
            self._output.append("P" + ";".join(self._packet))
        else:
            self._output.append("T" + arguments[0].strip('"'))

    def _holds(self, statement: Statement) -> bool:
        left, comparison, right = statement.arguments
        return COMPARISONS[comparison](self._number(left), self._number(right))

    def _number(self, word: str) -> float:
        return self._variables[word].value if word in self._variables else literal(word)

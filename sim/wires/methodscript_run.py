"""A running MethodSCRIPT: statements executed on the instrument's own clock.

The run is a generator that hands out the instant it waits for. It goes on whether or not anybody reads its output.
"""

from collections.abc import Iterator

from operando.sim.wires.methodscript_measure import (
    SINGLE_MEASUREMENTS,
    TECHNIQUES,
    WRONG_MODE,
    Point,
    Technique,
    impose,
)
from operando.sim.wires.methodscript_packet import Variable
from operando.sim.wires.methodscript_parser import Script, ScriptError, Statement
from operando.sim.wires.methodscript_variables import Variables
from operando.sim.wires.pgstat import GALVANOSTAT, PGStat

UNKNOWN_MODE, UNSUPPORTED, CELL_OVERLOAD = 0x0021, 0x001B, 0x0032

MODES = (0, 2, 3, 4, 5, GALVANOSTAT)

STATEMENT_TIME = 50e-6
"""s that a pass of a loop takes in which nothing is waited for."""

ROUNDING = 1e-7
"""s that an instant may lose between two clocks."""

CURRENTS = ("ba", "db")
"""Kinds whose ranges are those of the current: measured, applied."""


class _BreakLoop(Exception):
    """``breakloop``."""


class _EndMeasurement(Exception):
    """The host's ``Y``."""


class _Abort(Exception):
    """``abort``, or the host's ``Z``."""


class Run:
    """One execution of a script.

    Parameters
    ----------
    script : Script
        Parsed.
    pgstat : PGStat
        Its only hands and eyes.
    now : float
        s of the instrument's clock, when it starts.
    """

    def __init__(self, script: Script, pgstat: PGStat, now: float) -> None:
        self.failed = False
        """Whether it ended by an error; ``on_finished:`` was left out then and the cell is as it was."""
        self.critical_overload = False
        """A fault: the cell draws more than the instrument can supply."""
        self.limits_ignored = False
        """A fault: neither ``breakloop`` nor ``abort`` does anything."""
        self._script = script
        self._pgstat = pgstat
        self._clock = self._due = self._timer = now
        self._variables = Variables(script.variables)
        self._packet: list[str] = []
        self._output: list[str] = []
        self._silent = False
        self._measuring = 0
        self._interruption: type[Exception] | None = None
        self._halted: float | None = None
        self._stood = 0.0
        self._steps: Iterator[float] | None = self._whole()

    @property
    def running(self) -> bool:
        """Whether anything is left to do."""
        return self._steps is not None

    @property
    def due(self) -> float:
        """The instant (s of the instrument's clock) at which there is something to do; infinity while there is none."""
        return float("inf") if self._steps is None or self._halted is not None else self._due

    def advance(self, now: float) -> list[str]:
        """Execute up to ``now`` (s) and return the lines written."""
        while self._steps is not None and self.due <= now + ROUNDING:
            try:
                self._due = next(self._steps)
            except StopIteration:
                self._steps = None
        lines, self._output = self._output, []
        return lines

    def abort(self, now: float) -> list[str]:
        """End it early: open loops are closed, ``on_finished:`` is executed."""
        self.resume(now)
        self._output.append("Z")
        return self._interrupt(_Abort, now)

    def end_measurement(self, now: float) -> list[str]:
        """End the measurement loop that runs, if one does; the script goes on behind it."""
        self._output.append("Y")
        return self._interrupt(_EndMeasurement, now) if self._measuring and self._halted is None else self.advance(now)

    def halt(self, now: float) -> None:
        """Execute nothing from now on; the cell stays as it is."""
        if self._halted is None:
            self._halted = now

    def resume(self, now: float) -> None:
        """Go on where it was halted; what was being waited for comes later by as much."""
        if self._halted is not None:
            stood = now - self._halted
            self._stood += stood
            self._due += stood
            self._clock += stood
            self._halted = None

    def _interrupt(self, how: type[Exception], now: float) -> list[str]:
        self._interruption = how
        self._due = self._clock = now
        return self.advance(now)

    def _whole(self) -> Iterator[float]:
        try:
            try:
                yield from self._execute(self._script.body)
            except _Abort:
                pass
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
            self._pgstat.switch(False)

    def _execute(self, statements: tuple[Statement, ...]) -> Iterator[float]:
        for statement in statements:
            name = statement.name
            if self._variables.perform(statement):
                continue
            if name in TECHNIQUES:
                yield from self._measure(statement)
            elif name == "loop":
                yield from self._loop(statement)
            elif name == "if":
                yield from self._execute(statement.body if self._variables.holds(statement) else statement.otherwise)
            elif name == "wait":
                yield from self._wait(self._clock + self._number(statement, 0))
            elif name == "meas":
                yield from self._measure_once(statement)
            else:
                self._perform(statement)

    def _wait(self, until: float) -> Iterator[float]:
        self._clock = max(self._clock, until)
        yield self._clock
        if self._interruption is not None:
            interruption, self._interruption = self._interruption, None
            raise interruption

    def _loop(self, statement: Statement) -> Iterator[float]:
        self._output.append("L")
        try:
            while self._variables.holds(statement):
                began = self._clock
                yield from self._execute(statement.body)
                if self._clock == began:
                    yield from self._wait(began + STATEMENT_TIME)
        except _BreakLoop:
            pass
        except (_Abort, _EndMeasurement):
            self._output.append("+")
            raise
        self._output.append("+")

    def _measure(self, statement: Statement) -> Iterator[float]:
        technique = TECHNIQUES[statement.name]
        points = technique.begin(statement, self._variables, self._pgstat)
        self._output.append(f"M{technique.number:04X}")
        self._measuring += 1
        try:
            yield from self._points(statement, technique, points)
        except (_BreakLoop, _EndMeasurement):
            pass
        except _Abort:
            self._output.append("*")
            raise
        finally:
            self._measuring -= 1
        self._output.append("*")

    def _points(self, statement: Statement, technique: Technique, points: Iterator[Point]) -> Iterator[float]:
        start, stood = self._clock, self._stood
        for point in points:
            if technique.follows:
                impose(self._pgstat, point.value, statement.line)
            yield from self._wait(start + self._stood - stood + point.until)
            if self.critical_overload:
                raise ScriptError(CELL_OVERLOAD, statement.line)
            measured = technique.measure(self._pgstat, point)
            for name, variable in zip(statement.arguments, measured, strict=False):
                self._variables[str(name)] = variable
            yield from self._execute(statement.body)

    def _measure_once(self, statement: Statement) -> Iterator[float]:
        _, name, kind = map(str, statement.arguments)
        if kind not in SINGLE_MEASUREMENTS:
            raise ScriptError(UNSUPPORTED, statement.line)
        self._pgstat.begin_current()
        yield from self._wait(self._clock + self._number(statement, 0))
        self._variables[name] = SINGLE_MEASUREMENTS[kind](self._pgstat)

    def _perform(self, statement: Statement) -> None:
        match statement.name:
            case "timer_start":
                self._timer = self._clock
            case "timer_get":
                self._variables[str(statement.arguments[0])] = Variable(self._clock - self._timer, "eb")
            case "breakloop":
                if not self.limits_ignored:
                    raise _BreakLoop
            case "abort":
                if not self.limits_ignored:
                    raise _Abort
            case "pck_start" | "pck_add" | "pck_end" | "send_string" | "set_script_output":
                self._write(statement)
            case _:
                self._configure(statement)

    def _configure(self, statement: Statement) -> None:
        """Cell, mode and ranges; the settings of the analogue filters have no effect here."""
        match statement.name:
            case "cell_on":
                if "ocp" in statement.options and not self._pgstat.galvanostatic:
                    impose(self._pgstat, self._variables[statement.options["ocp"]].value, statement.line)
                self._pgstat.switch(True)
            case "cell_off":
                self._pgstat.switch(False)
            case "set_i" | "set_e":
                if self._pgstat.galvanostatic != (statement.name == "set_i"):
                    raise ScriptError(WRONG_MODE, statement.line)
                impose(self._pgstat, self._number(statement, 0), statement.line)
            case "set_pgstat_mode":
                mode = self._number(statement, 0)
                if mode not in MODES:
                    raise ScriptError(UNKNOWN_MODE, statement.line)
                self._pgstat.set_mode(int(mode))
            case "set_range" | "set_range_minmax" if statement.arguments[0] in CURRENTS:
                ends = [abs(self._number(statement, index)) for index in range(1, len(statement.arguments))]
                self._pgstat.choose_range(max(ends))
            case "set_autoranging" if statement.arguments[0] in CURRENTS:
                self._pgstat.range_itself(abs(self._number(statement, 1)), abs(self._number(statement, 2)))

    def _write(self, statement: Statement) -> None:
        match statement.name:
            case "pck_start":
                self._packet = []
            case "pck_add":
                self._packet.append(self._variables[str(statement.arguments[0])].packed())
            case "set_script_output":
                self._silent = self._number(statement, 0) == 0.0
            case "pck_end" if not self._silent:
                self._output.append("P" + ";".join(self._packet))
            case "send_string" if not self._silent:
                self._output.append("T" + str(statement.arguments[0]).strip('"'))

    def _number(self, statement: Statement, index: int) -> float:
        return self._variables.number(statement.arguments[index])

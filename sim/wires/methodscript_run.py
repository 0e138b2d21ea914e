"""A running MethodSCRIPT: statements executed on the instrument's own clock.

The run is a generator that hands out the instant it waits for. It goes on whether or not anybody reads its output.
"""

from collections.abc import Callable, Iterator

from operando.sim.wires.methodscript_measure import SINGLE_MEASUREMENTS, TECHNIQUES, Point, Technique, impose
from operando.sim.wires.methodscript_output import Output
from operando.sim.wires.methodscript_packet import Variable
from operando.sim.wires.methodscript_parser import Script, ScriptError, Statement
from operando.sim.wires.methodscript_settings import settings
from operando.sim.wires.methodscript_variables import OUT_OF_BOUNDS, Command, Variables
from operando.sim.wires.pgstat import PGStat

UNSUPPORTED, CELL_OVERLOAD = 0x001B, 0x0032

STATEMENT_TIME = 50e-6
"""s that a pass of a loop takes in which nothing is waited for."""

ROUNDING = 1e-7
"""s that an instant may lose between two clocks."""


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
        self._interval = 0.0
        self._interval_ends = now
        self._output = Output()
        self._measuring = 0
        self._interruption: type[Exception] | None = None
        self._halted: float | None = None
        self._stood = 0.0
        self._commands: dict[str, Command] = {
            **settings(pgstat, self._variables),
            **self._variables.commands,
            **self._output.commands(self._variables),
            "timer_start": self._start_timer,
            "timer_get": self._get_timer,
            "set_int": self._set_interval,
            "breakloop": self._break_loop,
            "abort": self._break_off,
        }
        self._lasting: dict[str, Callable[[Statement], Iterator[float]]] = {
            **dict.fromkeys(TECHNIQUES, self._measure),
            "loop": self._loop,
            "wait": self._wait_for,
            "await_int": self._await_interval,
            "meas": self._measure_once,
        }
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
        return self._output.taken()

    def abort(self, now: float) -> list[str]:
        """End it early: open loops are closed, ``on_finished:`` is executed."""
        self.resume(now)
        self._output.say("Z")
        return self._interrupt(_Abort, now)

    def end_measurement(self, now: float) -> list[str]:
        """End the measurement loop that runs, if one does; the script goes on behind it."""
        self._output.say("Y")
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
            self._output.say(f"!{error.code:04X}: Line {error.line}")
        else:
            self._output.say("")

    def _finish(self) -> Iterator[float]:
        try:
            yield from self._execute(self._script.on_finished)
        except _Abort:
            self._pgstat.switch(False)

    def _execute(self, statements: tuple[Statement, ...]) -> Iterator[float]:
        for statement in statements:
            command = self._commands.get(statement.name)
            if command is not None:
                try:
                    command(statement)
                except IndexError:
                    raise ScriptError(OUT_OF_BOUNDS, statement.line) from None
            elif statement.name == "if":
                yield from self._execute(statement.body if self._variables.holds(statement) else statement.otherwise)
            else:
                yield from self._lasting[statement.name](statement)

    def _wait_for(self, statement: Statement) -> Iterator[float]:
        yield from self._wait(self._clock + self._number(statement, 0))

    def _wait(self, until: float) -> Iterator[float]:
        self._clock = max(self._clock, until)
        yield self._clock
        if self._interruption is not None:
            interruption, self._interruption = self._interruption, None
            raise interruption

    def _loop(self, statement: Statement) -> Iterator[float]:
        self._output.say("L")
        try:
            while self._variables.holds(statement):
                began = self._clock
                yield from self._execute(statement.body)
                if self._clock == began:
                    yield from self._wait(began + STATEMENT_TIME)
        except _BreakLoop:
            pass
        except (_Abort, _EndMeasurement):
            self._output.say("+")
            raise
        self._output.say("+")

    def _measure(self, statement: Statement) -> Iterator[float]:
        technique = TECHNIQUES[statement.name]
        points = technique.begin(statement, self._variables, self._pgstat)
        self._output.say(f"M{technique.number:04X}")
        self._measuring += 1
        try:
            yield from self._points(statement, technique, points)
        except (_BreakLoop, _EndMeasurement):
            pass
        except _Abort:
            self._output.say("*")
            raise
        finally:
            self._measuring -= 1
        self._output.say("*")

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

    def _set_interval(self, statement: Statement) -> None:
        self._interval = self._number(statement, 0)
        self._interval_ends = self._clock + self._interval

    def _await_interval(self, statement: Statement) -> Iterator[float]:
        yield from self._wait(self._interval_ends)
        self._interval_ends = self._clock + self._interval

    def _start_timer(self, statement: Statement) -> None:
        self._timer = self._clock

    def _get_timer(self, statement: Statement) -> None:
        self._variables[str(statement.arguments[0])] = Variable(self._clock - self._timer, "eb")

    def _break_loop(self, statement: Statement) -> None:
        if not self.limits_ignored:
            raise _BreakLoop

    def _break_off(self, statement: Statement) -> None:
        if not self.limits_ignored:
            raise _Abort

    def _number(self, statement: Statement, index: int) -> float:
        return self._variables.number(statement.arguments[index])

"""PalmSens EmStat4, a potentiostat that runs MethodSCRIPT.

Sources: EmStat4 communication protocol v1.3 and MethodSCRIPT manual v1.8 (dev.palmsens.com);
github.com/PalmSens/MethodSCRIPT_Examples (Example_Python/palmsens). 921600 8N1, lines end with LF. ``e``, a script and
an empty line run the script; ``e`` acknowledges it; packets follow; an empty line ends it. ``Z`` aborts. The script
runs on without a host, so a driver that finds packets has found a programme that was started before its time.
"""

import contextlib
import math
import re
import time
from collections.abc import Callable

from operando.errors import BadReply, InstrumentError, InstrumentRefused, NoReply, RequestRefused
from operando.instruments import methodscript
from operando.instruments.line import Line
from operando.instruments.packets import packet
from operando.instruments.programme_output import RUNTIME_ERROR, ProgrammeOutput
from operando.instruments.roles import BEGINNING, ClockReading, ProgrammeEnd, Said
from operando.vocabulary import CellProgramme, Position

BAUDRATE = 921600
REPLY_TIME = 1.0  # s; the script is parsed before it is acknowledged
ABORT_TIME = 2.0  # s; the running sample is finished first
DEAF_TIME = 0.1  # s after an error in which the instrument ignores its input
EARLY_NS = 100_000_000
"""ns by which our own programme may seem to have begun before it was asked for: its packets are late, never early."""
FLOW_CONTROL = re.compile(rb"[\x11\x13\r]")  # some interfaces leave XON and XOFF in the stream
NO_MODE = ("0021", "0023")
"""Errors of an instrument that is in the wrong mode, or none."""
NOT_RUNNING = "Z!0006"
ERRORS = {
    "0003": "unknown command",
    "0006": "no script is running",
    "0007": "bad argument",
    "0009": "timeout",
    "0014": "open-circuit potential needs the cell off",
    "001B": "not supported",
    "0021": "wrong potentiostat mode",
    "0023": "wrong potentiostat mode",
    "0032": "critical cell overload, measurement aborted",
    "0058": "timing",
    "005A": "timing",
    "0080": "counter electrode oscillates",
    "4001": "unknown script command",
    "4004": "unexpected character",
    "4005": "script too large",
    "4018": "unexpected end of script",
    "4026": "variable declared twice",
    "4027": "needs the cell on",
    "4028": "needs the cell off",
    "4205": "out of bounds",
    "420B": "undeclared variable",
    "7FFF": "fatal",
}


class EmStat4:
    """A potentiostat.

    Parameters
    ----------
    line : Line
        To the instrument.
    now_ns : callable
        UTC in ns since the epoch.
    model : Model
        What it can do; a Nexus speaks the same language.
    """

    def __init__(
        self,
        line: Line,
        *,
        now_ns: Callable[[], int] = time.time_ns,
        model: methodscript.Model = methodscript.EMSTAT4_HR,
    ) -> None:
        self._line = line
        self._model = model
        self._now_ns = now_ns
        self._partial = b""
        self._output = ProgrammeOutput()

    def identify(self) -> str:
        """Return the firmware's own description."""
        self._line.write(b"t\n")
        deadline = time.monotonic() + REPLY_TIME
        first = self._answer("t", deadline, lambda line: line.startswith("t"))
        second = self._next_line("t", deadline)
        if not second.endswith("*"):
            raise BadReply(f"EmStat4: 't' was answered {first!r}, {second!r}; a version that ends in '*' is wanted")
        return f"{first[1:]} {second[:-1]}".strip()

    @property
    def can(self) -> frozenset[str]:
        """The kinds of step that it can do."""
        return methodscript.KINDS

    @property
    def current_limit(self) -> float:
        """The largest current, A."""
        return self._model.current_limit

    def start(self, programme: CellProgramme, at: Position = BEGINNING) -> None:
        """Compile a programme and run it.

        Raises
        ------
        RequestRefused
            The instrument cannot do such a programme; nothing was sent.
        InstrumentRefused
            A script is running, or the instrument does not understand ours.
        NoReply, BadReply
            Whether ours runs is not known.
        """
        script = methodscript.compile_programme(programme, at, self._model)
        self._listen()
        if self._output.running:
            raise InstrumentRefused("EmStat4: a programme is running; nothing was started: abort it first")
        self._output.awaited()
        try:
            self._send_script(script)
        except (NoReply, BadReply):
            self.adopt(programme)
            raise
        self._output.started(self._now_ns())
        self.adopt(programme)

    def adopt(self, programme: CellProgramme | None) -> None:
        """Say which programme runs: nothing goes over the line, but ends of its steps can be named."""
        self._output.runs(programme)

    def rest(self, interval: float, at: Position = BEGINNING) -> None:
        """End what runs and rest at open circuit, with a sample of step 0 every ``interval`` s.

        Raises
        ------
        InstrumentRefused
            As of `abort` and `start`; the cell is at open circuit where only the rest could not be begun.
        """
        script = methodscript.compile_pause(interval, at, self._model)
        self.abort()
        self._send_script(script)
        self._output.started(self._now_ns())

    def end_step(self) -> None:
        """End the measurement loop that runs; the script goes on behind it.

        Raises
        ------
        RequestRefused
            The step waits for no host: its script would not let it be ended.
        InstrumentRefused
            Nothing runs.
        """
        self._listen()
        if not self._output.may_be_told():
            raise RequestRefused("EmStat4: the step that runs has no end that a host could tell; it goes on")
        self._line.write(b"Y\n")
        deadline = time.monotonic() + ABORT_TIME
        answer = self._answer("Y", deadline, lambda line: line == "Y" or line.startswith("Y!"))
        if answer != "Y":
            self._deaf()
            raise InstrumentRefused(f"EmStat4: 'Y' was answered {_explained(answer[1:])}; no step was ended")
        self._output.told(self._now_ns())

    def clock(self) -> ClockReading | None:
        """Return how the instrument's clock runs; None before the first packet."""
        return self._output.clock

    def poll(self) -> list[Said]:
        """Return the samples that came since the last call; none is lost by an error, they come with the next call.

        Raises
        ------
        InstrumentRefused
            The script ended in a runtime error. The cell has been switched off, or the message says that it was not.
        BadReply
            Something came that is no packet of a programme.
        """
        self._listen()
        self._deal_with_failure()
        if problems := self._output.problems:
            self._output.problems = []
            others = f"; and {len(problems) - 1} more like it" if len(problems) > 1 else ""
            raise BadReply(f"{problems[0]}{others}")
        said, self._output.said = self._output.said, []
        return said

    def running(self) -> bool:
        """Whether a programme runs, as far as the last call has shown."""
        return self._output.running

    def ended(self) -> ProgrammeEnd | None:
        """Return how the last programme ended; None while one runs and before the first."""
        return self._output.end

    def abort(self) -> None:
        """End the programme; its ``on_finished`` leaves the cell at open circuit.

        Raises
        ------
        InstrumentRefused
            The script had a runtime error instead, as of `poll`.
        """
        self._line.write(b"Z\n")
        deadline = time.monotonic() + ABORT_TIME
        if self._answer("Z", deadline, lambda line: line in {"Z", NOT_RUNNING}) == NOT_RUNNING:
            self._deaf()
            if self._output.running:
                self._output.stopped("was not running any more when it was to be aborted")
            return
        self._to_the_end("Z", deadline)
        self._deal_with_failure()

    def cell_off(self) -> None:
        """Bring the cell to open circuit: abort what runs, then switch off by a script of its own."""
        self.abort()
        self._switch_off()

    def verify_open(self) -> float:
        """Return the open-circuit voltage, V: the instrument measures it only with the cell off.

        Raises
        ------
        InstrumentRefused
            The cell is on, or a programme runs.
        BadReply
            No voltage came.
        """
        self._listen()
        if self._output.running:
            raise InstrumentRefused("EmStat4: a programme is running; the cell was not looked at")
        said = self._open_circuit(methodscript.OPEN_CIRCUIT)
        if said[1:5] in NO_MODE:
            said = self._open_circuit(methodscript.OPEN_CIRCUIT_IN_A_MODE)
        if said.startswith("!"):
            raise InstrumentRefused(f"EmStat4: the open circuit was answered {_explained(said)}")
        if not math.isfinite(voltage := _potential(said)):
            raise BadReply("EmStat4: no voltage came at open circuit")
        return voltage

    def _open_circuit(self, script: str) -> str:
        """Run a script of one packet; return that, or the error it ended with, or nothing."""
        self._send_script(script)
        deadline, said = time.monotonic() + REPLY_TIME, ""
        while line := self._next_line("verify_open", deadline):
            if RUNTIME_ERROR.fullmatch(line):
                self._deaf()
                return line
            said = line if line.startswith("P") else said
        return said

    def _switch_off(self) -> None:
        self._send_script(methodscript.CELL_OFF + "\n")
        deadline = time.monotonic() + REPLY_TIME
        line = self._answer("cell_off", deadline, lambda line: not line or bool(RUNTIME_ERROR.fullmatch(line)))
        if line:
            self._deaf()
            raise InstrumentRefused(f"EmStat4: 'cell_off' was answered {_explained(line)}; the cell may be ON")

    def _deal_with_failure(self) -> None:
        """Switch the cell off after a runtime error, which ``on_finished`` does not do, and say so."""
        failure, self._output.failure = self._output.failure, ""
        if not failure:
            return
        message = f"EmStat4: the programme ended with {_explained(failure)}"
        self._deaf()
        try:
            self._switch_off()
        except InstrumentError as error:
            raise InstrumentRefused(f"{message}; the cell could not be switched off, it may be ON: {error}") from error
        raise InstrumentRefused(f"{message}; the cell was switched off")

    def _send_script(self, script: str) -> None:
        """Send a script and wait until it is acknowledged."""
        asked_ns = self._now_ns()
        self._line.write(b"e\n" + script.encode("ascii") + b"\n")
        deadline = time.monotonic() + REPLY_TIME
        answer = self._answer("e", deadline, lambda line: line == "e" or line.startswith(("e!", "P")))
        if answer.startswith("e!"):
            self._deaf()
            raise InstrumentRefused(f"EmStat4: the script was answered {_explained(answer[1:])}; nothing was started")
        if answer != "e":
            self._output.take([answer], self._now_ns())
            clock = self._output.clock
            if clock is None or clock.zero_ns > asked_ns - EARLY_NS:
                raise BadReply(f"EmStat4: {answer!r} came in place of an answer: the script may have begun")
            raise InstrumentRefused(f"EmStat4: {answer!r} came in place of an answer: a programme runs already")

    def _answer(self, command: str, deadline: float, wanted: Callable[[str], bool]) -> str:
        """Return the first line that is wanted; what comes before belongs to a programme."""
        while True:
            line = self._next_line(command, deadline)
            if wanted(line):
                return line
            self._output.take([line], self._now_ns())
            if wanted(line):  # a packet has just shown that a programme runs
                return line

    def _to_the_end(self, command: str, deadline: float) -> None:
        """Take what a programme still says until its empty line, or its error."""
        self._output.running = True
        while line := self._next_line(command, deadline):
            self._output.take([line], self._now_ns())
            if RUNTIME_ERROR.fullmatch(line):
                return
        self._output.stopped()

    def _listen(self) -> None:
        """Take in every whole line that is there."""
        self._partial += self._line.read_available()
        *whole, self._partial = self._partial.split(b"\n")
        self._output.take([_text(line) for line in whole], self._now_ns())

    def _next_line(self, command: str, deadline: float) -> str:
        if b"\n" not in self._partial:
            try:
                self._partial += self._line.read_until(b"\n", max(deadline - time.monotonic(), 0.0))
            except NoReply as error:
                raise NoReply(f"EmStat4: {command!r} was not answered: {error}") from error
        elif time.monotonic() > deadline:
            raise NoReply(f"EmStat4: {command!r} was not answered among the output of a programme")
        line, self._partial = self._partial.split(b"\n", 1)
        return _text(line)

    def _deaf(self) -> None:
        """Let the time pass in which the instrument ignores its input after an error."""
        with contextlib.suppress(NoReply):
            self._line.read_until(b"\x00", DEAF_TIME)  # which never comes; what does come stays to be read


def _potential(line: str) -> float:
    try:
        found = packet(line).get(methodscript.POTENTIAL) if line else None
    except BadReply as error:
        raise BadReply(f"EmStat4: the open circuit was answered {line!r}: {error}") from error
    return math.nan if found is None else found.value


def _text(line: bytes) -> str:
    return FLOW_CONTROL.sub(b"", line).decode("latin-1")


def _explained(error: str) -> str:
    match = re.match(r"!([0-9A-F]{4})", error)
    return f"{error!r} ({ERRORS.get(match[1], 'see the manual')})" if match else repr(error)

"""PalmSens EmStat4 HR potentiostat: commands, and the script it runs.

EmStat4 communication protocol v1.3 and MethodSCRIPT manual v1.8. Lines end in LF; an answer begins with the first
character of its command; a failed command is answered by that character, ``!`` and four digits, and what the host sends
in the next 50 ms is lost. A script ends at an empty line. It runs in the instrument: nobody needs to listen.
While it runs, ``Z`` aborts it, ``Y`` ends its measurement loop, ``h`` halts it and ``H`` lets it go on.
"""

from typing import TYPE_CHECKING

import numpy as np

from operando.sim.wires.drifting_clock import DriftingClock
from operando.sim.wires.instrument import Reply
from operando.sim.wires.limited_source import Cell
from operando.sim.wires.methodscript_parser import ScriptError, parse
from operando.sim.wires.methodscript_run import Run
from operando.sim.wires.pgstat import PGStat

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_COMMAND, NOTHING_RUNS = 0x0003, 0x0006

LATENCY = 0.002
"""s."""

DEAF_AFTER_ERROR = 0.05
"""s; the manufacturer's example waits 100 ms (MethodSCRIPT_Examples, Example_Python/palmsens/instrument.py)."""

FLOW_CONTROL = b"\x11\x13"


WHILE_RUNNING = ("Z", "Y", "h", "H")
"""Commands that a running script leaves."""


class EmStat4:
    """An instrument on one cell.

    Parameters
    ----------
    cell : Cell
        Between its terminals.
    random : numpy.random.Generator
        Of measurement noise.
    name : str
        Its role, and the name of its link.
    clock_error : float
        By how much its clock is fast: s in a s.
    """

    baudrate = 921600

    def __init__(
        self, cell: Cell, random: np.random.Generator, name: str = "potentiostat", clock_error: float = 0.0
    ) -> None:
        self.name = name
        self.pgstat = PGStat(cell, random)
        """The analogue side."""
        self.clock = DriftingClock(clock_error)
        """By which it measures time."""
        self.critical_overload = False
        """A fault: the cell draws more than the instrument can supply; a script ends by an error."""
        self.limits_ignored = False
        """A fault: a script goes on beyond its limits."""
        self.refuses = False
        """A fault: every command is refused."""
        self._buffer = bytearray()
        self._script: list[str] | None = None
        self._run: Run | None = None
        self._deaf_until = 0.0
        self._commands: dict[str, Callable[[float], str]] = {
            "t": lambda now: "tes4_hr1303#Jan 11 2024 12:00:00\nR*\n",
            "i": lambda now: "iES4HR24A0017\n",
            "v": lambda now: "v0108\n",
            "e": self._begin_script,
            "Z": self._abort,
            "Y": self._end_measurement,
            "h": self._halt,
            "H": self._resume,
        }

    @property
    def lead_off(self) -> bool:
        """A fault: the clip of counter and reference electrode has come off."""
        return self.pgstat.lead_off

    @lead_off.setter
    def lead_off(self, off: bool) -> None:
        self.pgstat.lead_off = off

    @property
    def overloaded(self) -> bool:
        """A fault: the control loop is off its setpoint, and every measurement says so."""
        return self.pgstat.overloaded

    @overloaded.setter
    def overloaded(self, off: bool) -> None:
        self.pgstat.overloaded = off

    @property
    def connected(self) -> bool:
        """Whether the cell is on."""
        return self.pgstat.connected

    @property
    def due(self) -> float:
        """When a running script has something to do next (s of the host's clock); infinity while none runs.

        Whoever lets the cell live up to this instant before each `advance` has it switched and measured at the right
        moment, however far apart his steps are.
        """
        return float("inf") if self._run is None else self.clock.host(self._run.due)

    def receive(self, data: bytes, now: float) -> list[Reply]:
        """Take whole lines: of a script that is being loaded, or commands."""
        replies = self.advance(now)
        if now < self._deaf_until:
            self._buffer.clear()
            return replies
        self._buffer += data.translate(None, FLOW_CONTROL + b"\r")
        *lines, rest = self._buffer.split(b"\n")
        self._buffer = rest
        for line in lines:
            if now < self._deaf_until:
                self._buffer.clear()
                break
            text = self._take(line.decode("ascii", "replace"), now)
            if text:
                replies.append(Reply(text.encode(), LATENCY))
        return replies

    def regulate(self, now: float) -> None:
        """Let the analogue side follow the cell."""
        self.pgstat.regulate(now)

    def advance(self, now: float) -> list[Reply]:
        """Let the script run on and return what it writes."""
        self.regulate(now)
        if self._run is None:
            return []
        self._run.critical_overload = self.critical_overload
        self._run.limits_ignored = self.limits_ignored
        return self._speak(self._run.advance(self.clock.local(now)), now)

    def cycle_power(self) -> None:
        """Switch it off and on: the script is gone without a word, the cell is at open circuit."""
        self._run = self._script = None
        self._buffer.clear()
        self.pgstat.set_mode(0)
        self.pgstat.switch(False)

    def _take(self, line: str, now: float) -> str:
        if self._script is not None:
            return self._take_script_line(line, now)
        if not line:
            return ""
        if self.refuses or (line not in WHILE_RUNNING and self._run is not None):
            return self._refuse(line[0], UNKNOWN_COMMAND, now)
        command = self._commands.get(line)
        return self._refuse(line[0], UNKNOWN_COMMAND, now) if command is None else command(now)

    def _begin_script(self, now: float) -> str:
        self._script = []
        return ""

    def _take_script_line(self, line: str, now: float) -> str:
        assembled = self._script or []
        if line:
            self._script = [*assembled, line]
            return ""
        self._script = None
        try:
            script = parse(assembled)
        except ScriptError as error:
            self._deaf_until = now + DEAF_AFTER_ERROR
            return f"e!{error}\n"
        self._run = Run(script, self.pgstat, self.clock.local(now))
        return "e\n" + self._text(self._run.advance(self.clock.local(now)), now)

    def _abort(self, now: float) -> str:
        if self._run is None:
            return self._refuse("Z", NOTHING_RUNS, now)
        return self._text(self._run.abort(self.clock.local(now)), now)

    def _end_measurement(self, now: float) -> str:
        if self._run is None:
            return self._refuse("Y", NOTHING_RUNS, now)
        return self._text(self._run.end_measurement(self.clock.local(now)), now)

    def _halt(self, now: float) -> str:
        if self._run is None:
            return self._refuse("h", NOTHING_RUNS, now)
        self._run.halt(self.clock.local(now))
        return "h\n"

    def _resume(self, now: float) -> str:
        if self._run is None:
            return self._refuse("H", NOTHING_RUNS, now)
        self._run.resume(self.clock.local(now))
        return "H\n"

    def _refuse(self, command: str, code: int, now: float) -> str:
        self._deaf_until = now + DEAF_AFTER_ERROR
        return f"{command}!{code:04X}\n"

    def _speak(self, lines: list[str], now: float) -> list[Reply]:
        text = self._text(lines, now)
        return [Reply(text.encode())] if text else []

    def _text(self, lines: list[str], now: float) -> str:
        """Return lines as they go out, and see the script off when it has ended."""
        if self._run is not None and not self._run.running:
            if self._run.failed:
                self._deaf_until = now + DEAF_AFTER_ERROR
            self._run = None
        return "".join(f"{line}\n" for line in lines)

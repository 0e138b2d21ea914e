"""PalmSens EmStat4 HR potentiostat: commands, and the script it runs.

EmStat4 communication protocol v1.3 and MethodSCRIPT manual v1.8. Lines end in LF; an answer begins with the first
character of its command; a failed command is answered by that character, ``!`` and four digits, and what the host sends
in the next 50 ms is lost. A script ends at an empty line. It runs in the instrument: nobody needs to listen.
"""

from typing import TYPE_CHECKING

import numpy as np

from operando.sim.wires.galvanostat import Cell, Galvanostat
from operando.sim.wires.instrument import Reply
from operando.sim.wires.methodscript_parser import ScriptError, parse
from operando.sim.wires.methodscript_run import Run

if TYPE_CHECKING:
    from collections.abc import Callable

UNKNOWN_COMMAND, NOTHING_RUNS = 0x0003, 0x0006

LATENCY = 0.002
"""s."""

DEAF_AFTER_ERROR = 0.05
"""s; the manufacturer's example waits 100 ms (MethodSCRIPT_Examples, Example_Python/palmsens/instrument.py)."""

FLOW_CONTROL = b"\x11\x13"


class EmStat4:
    """An instrument on one cell.

    Parameters
    ----------
    cell : Cell
        Between its terminals.
    random : numpy.random.Generator
        Of measurement noise.
    """

    name = "potentiostat"
    baudrate = 921600

    def __init__(self, cell: Cell, random: np.random.Generator) -> None:
        self.galvanostat = Galvanostat(cell, random)
        """The analogue side."""
        self.critical_overload = False
        """A fault: the cell draws more than the instrument can supply; a script ends by an error."""
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
        }

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

    def advance(self, now: float) -> list[Reply]:
        """Let the script run on and return what it writes."""
        if self._run is None:
            return []
        self._run.critical_overload = self.critical_overload
        return self._speak(self._run.advance(now), now)

    def _take(self, line: str, now: float) -> str:
        if self._script is not None:
            return self._take_script_line(line, now)
        if not line:
            return ""
        if self.refuses or (line != "Z" and self._run is not None):
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
        self._run = Run(script, self.galvanostat, now)
        return "e\n" + self._text(self._run.advance(now), now)

    def _abort(self, now: float) -> str:
        if self._run is None:
            return self._refuse("Z", NOTHING_RUNS, now)
        return self._text(self._run.abort(now), now)

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

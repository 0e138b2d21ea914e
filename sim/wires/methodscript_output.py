"""What a running MethodSCRIPT writes: packets, texts, and the marks of its loops."""

import re

from operando.sim.wires.methodscript_parser import Statement
from operando.sim.wires.methodscript_variables import Command, Variables


class Output:
    """Lines, until they are taken."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._packet: list[str] = []
        self._silent = False

    def say(self, line: str) -> None:
        """Write a line."""
        self._lines.append(line)

    def taken(self) -> list[str]:
        """Return what was written since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def commands(self, variables: Variables) -> dict[str, Command]:
        """Return the commands that write, by their names."""

        def begin(statement: Statement) -> None:
            self._packet = []

        def add(statement: Statement) -> None:
            self._packet.append(variables[str(statement.arguments[0])].packed())

        def end(statement: Statement) -> None:
            self._say_unless_silent("P" + ";".join(self._packet))

        def send(statement: Statement) -> None:
            text = str(statement.arguments[0]).strip()
            if text.startswith('f"'):
                text = re.sub(r"\{(\w+(?:\[\w+\])?)\}", lambda match: f"{variables[match[1]].value:g}", text[1:])
            self._say_unless_silent("T" + text.strip('"'))

        def switch(statement: Statement) -> None:
            self._silent = variables.number(statement.arguments[0]) == 0.0

        return {"pck_start": begin, "pck_add": add, "pck_end": end, "send_string": send, "set_script_output": switch}

    def _say_unless_silent(self, line: str) -> None:
        if not self._silent:
            self._lines.append(line)

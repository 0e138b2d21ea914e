"""From the text of a MethodSCRIPT to a tree of statements.

MethodSCRIPT manual v1.8. A script that this parser does not take is refused as the instrument refuses it, with the
number of the error and the place of the word.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from operando.sim.wires.methodscript_commands import ENDS, LOOPS, OPERATORS, OPTIONS, SIGNATURES
from operando.sim.wires.methodscript_packet import PREFIXES, single

UNKNOWN_COMMAND, UNEXPECTED_CHARACTER, TOO_LARGE = 0x4001, 0x4004, 0x4005
TOO_FEW_ARGUMENTS, UNEXPECTED_END, REDECLARED, UNDECLARED = 0x4007, 0x4018, 0x4026, 0x420B

LONGEST_LINE = 255
"""Characters."""

OPTION = re.compile(r"([a-z_]+)\((\w+)\)")

ELEMENT = re.compile(r"(\w+)\[(\w+)\]")
"""Of an array."""

LITERAL = re.compile(r"(-?)(0[xX][0-9A-Fa-f]+|\d+)([afpnumkMGTPEi]?)")


class ScriptError(Exception):
    """A script that the instrument refuses.

    Parameters
    ----------
    code : int
        Of the error.
    line, column : int
        From 1.
    """

    def __init__(self, code: int, line: int, column: int = 1) -> None:
        super().__init__(f"{code:04X}: Line {line}, Col {column}")
        self.code = code
        self.line = line


class Literal(float):
    """A number in a script.

    Parameters
    ----------
    text : str
        A whole number with an SI prefix; the prefix ``i`` makes it an integer variable's.
    """

    integer: bool

    def __new__(cls, text: str) -> "Literal":
        """Read it."""
        whole = text.endswith("i") or text[:2].lower() == "0x"
        number = super().__new__(cls, literal(text) if whole else single(literal(text)))
        number.integer = whole
        return number


@dataclass(frozen=True, slots=True)
class Statement:
    """One command with what it encloses.

    Parameters
    ----------
    line : int
        Of the script, from 1.
    name : str
        Of the command.
    arguments : tuple of str or Literal
        Names and words as written; numbers as numbers.
    options : mapping of str to str
        Optional arguments and their variables.
    body : tuple of Statement
        What a loop repeats, or an ``if`` does.
    otherwise : tuple of Statement
        What an ``if`` does when its condition fails.
    """

    line: int
    name: str
    arguments: "tuple[str | Literal, ...]" = ()
    options: dict[str, str] = field(default_factory=dict)
    body: tuple["Statement", ...] = ()
    otherwise: tuple["Statement", ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """A parsed script: its statements, those after ``on_finished:``, and the names it declares."""

    body: tuple[Statement, ...]
    on_finished: tuple[Statement, ...]
    variables: frozenset[str]


def literal(text: str) -> float:
    """Value of a number as written in a script: an integer with an SI prefix.

    Examples
    --------
    >>> literal("-196u"), literal("3680m"), literal("1i")
    (-0.000196, 3.68, 1.0)
    """
    match = LITERAL.fullmatch(text)
    if match is None:
        raise ValueError(text)
    sign, digits, prefix = match.groups()
    power = PREFIXES.get(prefix, 0) if prefix != "i" else 0
    whole = int(digits, 0) if digits[:2].lower() == "0x" else int(digits)
    magnitude = whole * 10.0**power if power >= 0 else whole / 10.0**-power
    return -magnitude if sign else magnitude


def parse(lines: Sequence[str]) -> Script:
    """Return the tree of a script, or raise `ScriptError`."""
    return _Parser(lines).script()


@dataclass(slots=True)
class _Parser:
    lines: Sequence[str]
    position: int = 0
    declared: set[str] = field(default_factory=set)
    arrays: set[str] = field(default_factory=set)
    loops: int = 0

    def script(self) -> Script:
        body = self._block(("on_finished:", ""))
        finished: tuple[Statement, ...] = ()
        if self.position < len(self.lines):
            self.position += 1
            finished = self._block(("",))
        return Script(body, finished, frozenset(self.declared))

    def _block(self, ends: tuple[str, ...]) -> tuple[Statement, ...]:
        """Statements up to one of ``ends``, which is left to be read; "" is the end of the script."""
        statements: list[Statement] = []
        while self.position < len(self.lines):
            words = self._words()
            if words and words[0] in ends:
                return tuple(statements)
            if words:
                statements.append(self._statement(words))
            else:
                self.position += 1
        if "" not in ends:
            raise ScriptError(UNEXPECTED_END, len(self.lines))
        return tuple(statements)

    def _statement(self, words: list[str]) -> Statement:
        name, line = words[0], self.position + 1
        if name in ENDS or (name == "breakloop" and not self.loops):
            raise ScriptError(UNKNOWN_COMMAND, line)
        arguments, options = self._arguments(name, words[1:], line)
        self.position += 1
        if name == "if":
            return self._condition(line, arguments)
        if name not in LOOPS:
            return Statement(line, name, arguments, options)
        self.loops += 1
        body = self._block(("endloop",))
        self.loops -= 1
        self.position += 1
        return Statement(line, name, arguments, options, body)

    def _condition(self, line: int, arguments: tuple[str | Literal, ...]) -> Statement:
        body = self._block(("elseif", "else", "endif"))
        words = self._words()
        otherwise: tuple[Statement, ...] = ()
        if words[0] == "elseif":
            (nested, _), inner = self._arguments("if", words[1:], self.position + 1), self.position + 1
            self.position += 1
            return Statement(line, "if", arguments, {}, body, (self._condition(inner, nested),))
        self.position += 1
        if words[0] == "else":
            otherwise = self._block(("endif",))
            self.position += 1
        return Statement(line, "if", arguments, {}, body, otherwise)

    def _words(self) -> list[str]:
        text = self.lines[self.position]
        if len(text) > LONGEST_LINE:
            raise ScriptError(TOO_LARGE, self.position + 1, LONGEST_LINE)
        return text.split("#")[0].split() if not text.lstrip().startswith("send_string") else text.split(maxsplit=1)

    def _arguments(self, name: str, words: list[str], line: int) -> tuple[tuple[str | Literal, ...], dict[str, str]]:
        columns = [match.start() + 1 for match in re.finditer(r"\S+", self.lines[line - 1])]
        if name not in SIGNATURES:
            raise ScriptError(UNKNOWN_COMMAND, line, columns[0])
        signature = SIGNATURES[name]
        if len(words) < len(signature):
            raise ScriptError(TOO_FEW_ARGUMENTS, line, len(self.lines[line - 1]) + 1)
        for role, word, column in zip(signature, words, columns[1:], strict=False):
            code = self._fault(role, word)
            if code:
                raise ScriptError(code, line, column)
        options = {}
        for word, column in zip(words[len(signature) :], columns[len(signature) + 1 :], strict=False):
            match = OPTION.fullmatch(word)
            if match is None or match[1] not in OPTIONS.get(name, ()):
                raise ScriptError(UNEXPECTED_CHARACTER, line, column)
            if not self._is_declared(match[2]):
                raise ScriptError(UNDECLARED, line, column)
            options[match[1]] = match[2]
        return tuple(_value(role, word) for role, word in zip(signature, words, strict=False)), options

    def _fault(self, role: str, word: str) -> int:
        """Return the number of what is wrong with an argument, or 0; a new name is taken down."""
        match role:
            case "name" | "array" if not word.isidentifier():
                return UNEXPECTED_CHARACTER
            case "name" | "array" if word in self.declared or word in self.arrays:
                return REDECLARED
            case "name" | "array":
                (self.declared if role == "name" else self.arrays).add(word)
            case "variable" if not self._is_declared(word):
                return UNDECLARED
            case "number" if not self._is_declared(word):
                return UNDECLARED if word.isidentifier() or ELEMENT.fullmatch(word) else _literal_fault(word)
            case "literal":
                return _literal_fault(word)
            case "kind" if re.fullmatch("[a-z]{2}", word) is None:
                return UNEXPECTED_CHARACTER
            case "operator" if word not in OPERATORS:
                return UNEXPECTED_CHARACTER
        return 0

    def _is_declared(self, word: str) -> bool:
        match = ELEMENT.fullmatch(word)
        if match is None:
            return word in self.declared
        return match[1] in self.arrays and (match[2] in self.declared or LITERAL.fullmatch(match[2]) is not None)


def _value(role: str, word: str) -> str | Literal:
    """Return a number where there stands one, else the word."""
    return Literal(word) if role in ("number", "literal") and LITERAL.fullmatch(word) else word


def _literal_fault(word: str) -> int:
    match = LITERAL.fullmatch(word)
    if match is None:
        return UNEXPECTED_CHARACTER
    return TOO_LARGE if match[2][:2].lower() != "0x" and int(match[2]) >= 1 << 31 else 0

"""Messages of an SCPI instrument: headers, their short forms and parameters, and the queue of its errors."""

import re
from collections import deque
from collections.abc import Callable, Iterator

Handler = Callable[[str, bool], str | None]
"""Takes the parameters and whether it is a query; returns the answer, or None where there is none."""

UNDEFINED_HEADER, MISSING_PARAMETER, OUT_OF_RANGE, ILLEGAL_PARAMETER = -113, -109, -222, -224

MESSAGES = {
    0: "No error",
    -109: "Missing parameter",
    -113: "Undefined header",
    -222: "Parameter data out of range",
    -224: "Illegal parameter value",
    803: "Not permitted with OUTPUT off",
}

LONGEST_QUEUE = 10

UNIT = re.compile(r"""(?:[^;'"]|'[^']*'?|"[^"]*"?)+""")
"""Up to a semicolon outside of quotes."""


class Refused(Exception):
    """A command that is not obeyed.

    Parameters
    ----------
    code : int
        Of the error.
    """

    def __init__(self, code: int) -> None:
        super().__init__(MESSAGES[code])
        self.code = code


class Commands:
    """What an instrument understands.

    Parameters
    ----------
    table : dict of str to callable
        By headers as manuals write them: ``:SOURce[1]:CURRent[:LEVel]``, capitals the short form, brackets optional.
    """

    def __init__(self, table: dict[str, Handler]) -> None:
        self._table = [(re.compile(_pattern(header)), handler) for header, handler in table.items()]
        self._errors: deque[int] = deque()

    def execute(self, message: str) -> str:
        """Obey a line and return the answers, several of them with semicolons between; errors go into the queue."""
        answers = []
        for header, parameters, query in _units(message):
            handler = next((handler for pattern, handler in self._table if pattern.fullmatch(header)), None)
            try:
                if handler is None:
                    raise Refused(UNDEFINED_HEADER)
                answer = handler(parameters, query)
            except Refused as refused:
                self.report(refused.code)
                break  # what stands behind an error is not executed
            if answer is not None:
                answers.append(answer)
        return ";".join(answers)

    def report(self, code: int) -> None:
        """Queue an error."""
        if len(self._errors) < LONGEST_QUEUE:
            self._errors.append(code)

    def next_error(self) -> str:
        """Take the oldest error out of the queue."""
        code = self._errors.popleft() if self._errors else 0
        return f'{code:d},"{MESSAGES[code]}"'

    def clear(self) -> None:
        """Empty the queue."""
        self._errors.clear()


def number(text: str) -> float:
    """Return a parameter as a number."""
    if not text:
        raise Refused(MISSING_PARAMETER)
    try:
        return float(text)
    except ValueError:
        raise Refused(ILLEGAL_PARAMETER) from None


def switch(text: str) -> bool:
    """Return a parameter that is on or off."""
    if text.upper() not in ("ON", "1", "OFF", "0"):
        raise Refused(ILLEGAL_PARAMETER if text else MISSING_PARAMETER)
    return text.upper() in ("ON", "1")


def _pattern(header: str) -> str:
    """Return the regular expression of a header in either form, without its first colon."""
    parts = re.findall(r"(\[)?:?(\*?[A-Z0-9]+)([a-z]*)(\[1\])?(\])?", header)
    pattern = ""
    for opened, short, rest, suffix, _ in parts:
        node = f":{re.escape(short)}(?:{rest.upper()})?" if rest else f":{re.escape(short)}"
        node += "1?" if suffix else ""
        pattern += f"(?:{node})?" if opened else node
    return pattern


def _units(message: str) -> Iterator[tuple[str, str, bool]]:
    """Return header, parameters and whether it is a query, of each unit; without a first colon it stays in the path."""
    path = ""
    for unit in filter(None, (part.strip() for part in UNIT.findall(message))):
        words = unit.split(maxsplit=1)
        header, query = words[0].upper().removesuffix("?"), words[0].endswith("?")
        if header.startswith("*"):
            full = f":{header}"
        else:
            full = header if header.startswith(":") else f"{path}:{header}"
            path = full.rpartition(":")[0]
        yield full, words[1].strip() if len(words) > 1 else "", query

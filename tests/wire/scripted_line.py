"""An in-memory line that knows its transcript by heart, and fails on any byte that is not in it."""

from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import TypeVar

from wire.transcript import Chunk, Exchange, exchange

from operando.errors import InstrumentError, NoReply

Value = TypeVar("Value")


def said(sent: bytes, reply: bytes, title: str = "made up") -> Exchange:
    """An exchange that stands in no transcript: a torn reply, garbage, silence."""
    return Exchange(title, sent, (Chunk(reply, reply),))


def golden(name: str, *titles: str) -> list[Exchange]:
    """Exchanges of a transcript, in the order asked for."""
    return [exchange(name, title) for title in titles]


def outcome(call: Callable[[], Value]) -> Value | InstrumentError:
    """What a call gave: its value, or the typed error; any other error is not caught."""
    try:
        return call()
    except InstrumentError as error:
        return error


class ScriptedLine:
    """A `Line` for one test; use as a context: leaving it asserts that every exchange took place.

    Waiting is not imitated: what is not there when it is asked for never comes.
    """

    def __init__(self, *exchanges: Exchange) -> None:
        self._ahead = deque(exchanges)
        self._sent = b""
        self._incoming = b""
        self._let_in_unasked()

    def write(self, data: bytes) -> None:
        assert self._ahead, f"{data!r} was sent; nothing more is expected"
        self._sent += data
        expected = self._ahead[0]
        assert expected.sent.startswith(self._sent), f"{self._sent!r} was sent; {expected.sent!r} is expected"
        if self._sent == expected.sent:
            self._sent = b""
            self._incoming += self._ahead.popleft().reply
            self._let_in_unasked()

    def read_until(self, terminator: bytes, timeout: float) -> bytes:
        assert timeout >= 0
        found = self._incoming.find(terminator)
        if found < 0:
            raise NoReply(f"no {terminator!r} within {timeout} s; {self._incoming!r} came")
        end = found + len(terminator)
        reply, self._incoming = self._incoming[:end], self._incoming[end:]
        return reply

    def read_available(self) -> bytes:
        reply, self._incoming = self._incoming, b""
        return reply

    def close(self) -> None:
        self._incoming = b""

    def comes(self, data: bytes) -> None:
        """Bytes that the instrument sends of its own accord, now."""
        self._incoming += data

    def __enter__(self) -> "ScriptedLine":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            assert not self._sent, f"half a command was sent: {self._sent!r}"
            assert not self._ahead, f"never took place: {[each.title for each in self._ahead]}"
            assert not self._incoming, f"never read: {self._incoming!r}"

    def _let_in_unasked(self) -> None:
        while self._ahead and not self._ahead[0].sent:
            self._incoming += self._ahead.popleft().reply

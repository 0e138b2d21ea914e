"""The simulator's end of the socket: a JSON line comes in, a JSON line goes out, the connection ends."""

import json
import logging
import selectors
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from operando.sim.faults.address import short_address, socket_file
from operando.sim.faults.board import FaultBoard
from operando.sim.faults.refused import FaultRefused

LONGEST_REQUEST = 4096
"""Bytes."""

logger = logging.getLogger(__name__)


class FaultDesk:
    """Takes requests on behalf of a `FaultBoard`, in the selector loop that owns it.

    Parameters
    ----------
    root : Path
        State root.
    board : FaultBoard
        What is asked.
    selector : selectors.BaseSelector
        Of the loop; calls ``receive(now)`` of what it has as data.
    truth : callable
        Returns what is true of the cells, by the names of their channels.
    """

    def __init__(
        self, root: Path, board: FaultBoard, selector: selectors.BaseSelector, truth: Callable[[], dict[str, Any]]
    ) -> None:
        self._file = socket_file(root)
        self._board = board
        self._truth = truth
        self._selector = selector
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._callers: set[_Caller] = set()

    def __enter__(self) -> Self:
        self._file.unlink(missing_ok=True)
        with short_address(self._file) as address:
            self._socket.bind(address)
        self._file.chmod(0o600)
        self._socket.listen()
        self._socket.setblocking(False)
        self._selector.register(self._socket, selectors.EVENT_READ, self)
        return self

    def __exit__(self, *_: object) -> None:
        for caller in set(self._callers):
            self.dismiss(caller)
        self._selector.unregister(self._socket)
        self._socket.close()
        self._file.unlink(missing_ok=True)

    def receive(self, now: float) -> None:
        """Let a caller in."""
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return
        connection.setblocking(False)
        caller = _Caller(connection, self)
        self._callers.add(caller)
        self._selector.register(connection, selectors.EVENT_READ, caller)

    def dismiss(self, caller: "_Caller") -> None:
        """Hang up."""
        self._callers.discard(caller)
        self._selector.unregister(caller.connection)
        caller.connection.close()

    def answer(self, line: bytes, now: float) -> bytes:
        """Do what a request asks for and say so."""
        if _asks_for_truth(line):
            return json.dumps({"accepted": True, "text": "", "truth": self._truth()}).encode() + b"\n"
        try:
            accepted, text = True, self._perform(line, now)
        except FaultRefused as refused:
            accepted, text = False, str(refused)
        reply = {"accepted": accepted, "text": text, "active": self._board.active}
        return json.dumps(reply).encode() + b"\n"

    def _perform(self, line: bytes, now: float) -> str:
        request = _parsed(line)
        target, kind = _text(request, "target"), _text(request, "kind")
        match request.get("do"):
            case "set":
                seconds, value = _number(request, "for"), _number(request, "value")
                return self._board.set(target or "", kind or "", now, seconds=seconds, value=value)
            case "clear":
                return ", ".join(self._board.clear(now, target, kind)) or "there was no fault"
            case "list":
                return ", ".join(self._board.active) or "there is no fault"
            case other:
                raise FaultRefused(f"{other!r}: no such request; there are set, clear, list, truth")


class _Caller:
    """One connection."""

    def __init__(self, connection: socket.socket, desk: FaultDesk) -> None:
        self.connection = connection
        self._desk = desk
        self._heard = b""

    def receive(self, now: float) -> None:
        """Collect a line; answer it and hang up."""
        try:
            data = self.connection.recv(LONGEST_REQUEST)
        except OSError:
            data = b""
        self._heard += data
        line, end, _ = self._heard.partition(b"\n")
        if end:
            self._say(self._desk.answer(line, now))
        if end or not data or len(self._heard) > LONGEST_REQUEST:
            self._desk.dismiss(self)

    def _say(self, reply: bytes) -> None:
        try:
            self.connection.send(reply)
        except OSError as error:
            logger.info("fault: the one who asked is gone: %s", error)


def _asks_for_truth(line: bytes) -> bool:
    try:
        return _parsed(line).get("do") == "truth"
    except FaultRefused:
        return False


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except ValueError as error:
        raise FaultRefused(f"{line[:80]!r}: not JSON: {error}") from error
    if not isinstance(request, dict):
        raise FaultRefused(f"{line[:80]!r}: not a JSON object")
    return request


def _text(request: dict[str, Any], key: str) -> str | None:
    found = request.get(key)
    if found is None or isinstance(found, str):
        return found
    raise FaultRefused(f"{key} = {found!r}: a text is wanted")


def _number(request: dict[str, Any], key: str) -> float | None:
    found = request.get(key)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise FaultRefused(f"{key} = {found!r}: a number is wanted")
    return float(found)

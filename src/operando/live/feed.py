"""The newest looks for whoever connects on the loopback address: one line of JSON each, slow readers miss some.

Nothing that is published here waits: a look is put aside, and a thread of the feed encodes and sends it. Each client
has at most one look of a name waiting for it.
"""

import json
import logging
import os
import selectors
import socket
import threading
from contextlib import suppress
from pathlib import Path

from operando.live.look import FORMAT, HELLO, Look, encode

LOOPBACK = "127.0.0.1"
CLIENTS = 32
"""Connected at the same time; further ones are turned away."""
PIECE = 65_536
"""Bytes handed to a socket, or thrown away of what a client says, at a time."""

_logger = logging.getLogger(__name__)


class Feed:
    """Serves looks on a free port of the loopback address, and nowhere else.

    Parameters
    ----------
    place : Path
        File that says ``host``, ``port`` and ``pid`` while the feed is there.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self._latest: dict[str, Look] = {}
        self._fresh: set[str] = set()
        self._lock = threading.Lock()
        self._ending = False
        self._listener = socket.create_server((LOOPBACK, 0))
        self._waker, self._woken = socket.socketpair()
        for each in (self._listener, self._waker, self._woken):
            each.setblocking(False)
        self._clients: dict[socket.socket, _Client] = {}
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._woken, selectors.EVENT_READ)
        self._announce()
        self._thread = threading.Thread(target=self._serve, name="live feed", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """TCP port that clients connect to."""
        return int(self._listener.getsockname()[1])

    def publish(self, look: Look) -> None:
        """Let a look be seen; returns at once, from any thread. Its arrays must not change any more."""
        with self._lock:
            self._latest[look.name] = look
            self._fresh.add(look.name)
        self._wake()

    def close(self) -> None:
        """End every connection."""
        self._ending = True
        self._wake()
        self._thread.join()
        with suppress(OSError):
            self._place.unlink(missing_ok=True)

    def _announce(self) -> None:
        """Say where the feed is; a disk that takes nothing keeps nobody from recording."""
        fresh = self._place.with_suffix(".new")
        try:
            self._place.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"host": LOOPBACK, "port": self.port, "pid": os.getpid()}), encoding="utf-8")
            os.replace(fresh, self._place)
        except OSError as error:
            _logger.warning("%s: cannot be written: %s; the live feed is on port %d", self._place, error, self.port)

    def _wake(self) -> None:
        with suppress(BlockingIOError):  # full of calls to wake up, which is as good
            self._waker.send(b"\0")

    def _serve(self) -> None:
        try:
            while not self._ending:
                for key, events in self._selector.select():
                    self._attend(key.fileobj, events)
        except Exception:
            # The thread's outermost frame: a display that fails must not end what it displays.
            _logger.exception("live feed: ended; nothing else depends on it")
        finally:
            for each in (*self._clients, self._listener, self._waker, self._woken):
                each.close()
            self._selector.close()

    def _attend(self, sock: object, events: int) -> None:
        if sock is self._listener:
            self._welcome()
        elif sock is self._woken:
            with suppress(BlockingIOError):
                while self._woken.recv(PIECE):
                    pass
            self._distribute()
        elif isinstance(sock, socket.socket) and sock in self._clients:
            if not self._clients[sock].attend(events):
                self._selector.unregister(sock)
                del self._clients[sock]
                sock.close()
            else:
                self._watch(sock)

    def _welcome(self) -> None:
        with suppress(OSError):
            sock, _ = self._listener.accept()
            if len(self._clients) >= CLIENTS:
                sock.close()
                return
            sock.setblocking(False)
            self._clients[sock] = client = _Client(sock)
            self._selector.register(sock, selectors.EVENT_READ)
            with self._lock:
                latest = list(self._latest.values())
            hello = Look(HELLO, {"format": FORMAT, "looks": " ".join(look.name for look in latest)})
            for look in (hello, *latest):
                client.offer(look.name, encode(look))
            self._watch(sock)

    def _distribute(self) -> None:
        with self._lock:
            looks = [self._latest[name] for name in self._fresh]
            self._fresh.clear()
        if not self._clients:
            return  # nobody looks: nothing is encoded
        for look in looks:
            line = encode(look)
            for sock, client in self._clients.items():
                client.offer(look.name, line)
                self._watch(sock)

    def _watch(self, sock: socket.socket) -> None:
        waiting = self._clients[sock].waiting
        self._selector.modify(sock, selectors.EVENT_READ | (selectors.EVENT_WRITE if waiting else 0))


class _Client:
    """A connection, and the lines that wait for it."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._lines: dict[str, bytes] = {}
        self._now = memoryview(b"")

    @property
    def waiting(self) -> bool:
        """Whether there is anything to send."""
        return bool(self._now or self._lines)

    def offer(self, name: str, line: bytes) -> None:
        """Let a line wait, in place of an older one of its name whose sending has not begun."""
        self._lines[name] = line

    def attend(self, events: int) -> bool:
        """Send what can be sent, and overhear what is said; return whether the client is still there."""
        try:
            if events & selectors.EVENT_READ and not self._socket.recv(PIECE):
                return False
            if events & selectors.EVENT_WRITE and self.waiting:
                if not self._now:
                    self._now = memoryview(self._lines.pop(next(iter(self._lines))))
                self._now = self._now[self._socket.send(self._now[:PIECE]) :]
        except BlockingIOError:
            return True
        except OSError:
            return False
        return True

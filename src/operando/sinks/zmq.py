"""Documents published over 0MQ in bluesky's own wire form, for its RemoteDispatcher."""

import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zmq
from zmq.auth import load_certificate
from zmq.auth.thread import ThreadAuthenticator

from operando.config.sinks import Zmq
from operando.errors import TargetAway

JOIN_S = 1.0
"""s that subscribers who wait for this publisher are given to come; who comes later misses what was sent before."""
LINGER_S = 0.5
"""s that the last documents are given to leave."""
QUEUE = 10_000
"""Documents kept for a subscriber that is slow; more are dropped, for it alone."""


class ZmqSink:
    """Publishes documents; nobody says whether they were received.

    One message a document: prefix, name and the pickled document, with a blank between them, as
    ``bluesky.callbacks.zmq.Publisher`` sends it.

    Parameters
    ----------
    settings : Zmq
        Address, and whether that is our own or a proxy's.
    beside : callable
        Makes a path of the configuration absolute.

    Raises
    ------
    TargetAway
        The address is taken, or a key cannot be read.
    """

    resumes = True

    def __init__(self, settings: Zmq, beside: Callable[[str], Path]) -> None:
        self._prefix = settings.prefix.encode()
        self._context = zmq.Context()
        self._guard: ThreadAuthenticator | None = None
        # An XPUB socket is a PUB socket that hears of its subscribers.
        self._socket = self._context.socket(zmq.XPUB)
        self._socket.setsockopt(zmq.SNDHWM, QUEUE)
        try:
            self._secure(settings, beside)
            if settings.mode == "serve":
                self._socket.bind(f"tcp://{settings.address}")
            else:
                self._socket.connect(f"tcp://{settings.address}")
        except (zmq.ZMQError, OSError, ValueError) as error:
            self.close()
            raise TargetAway(f"[sinks.zmq] address = {settings.address!r}: {error}") from error
        self._socket.poll(round(1000 * JOIN_S))

    def begin(self, run: str, whole: bool) -> bool:
        """Need nothing before the first document."""
        return True

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        """Publish a document; returns at once."""
        while self._socket.poll(0):
            self._socket.recv()  # somebody subscribed or left
        self._socket.send(b" ".join((self._prefix, name.encode(), pickle.dumps(dict(document)))))

    def end(self, run: str) -> None:
        """Need nothing after the last document."""

    def close(self) -> None:
        """Give the last documents half a second to leave."""
        if self._guard is not None:
            self._guard.stop()
        self._context.destroy(linger=round(1000 * LINGER_S))

    def _secure(self, settings: Zmq, beside: Callable[[str], Path]) -> None:
        """Encrypt with CURVE where the configuration names keys, as a remote address must."""
        if settings.secret_key is None or settings.peer_keys is None:
            return
        public, secret = load_certificate(beside(settings.secret_key))
        if secret is None:
            raise ValueError(f"{settings.secret_key} holds no secret key")
        self._socket.curve_publickey, self._socket.curve_secretkey = public, secret
        if settings.mode == "connect":
            self._socket.curve_serverkey = load_certificate(beside(settings.peer_keys))[0]
            return
        self._guard = ThreadAuthenticator(self._context)
        self._guard.start()
        self._guard.configure_curve(domain="*", location=str(beside(settings.peer_keys)))
        self._socket.curve_server = True

"""Loopback ports for EPICS servers."""

import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a port of the loopback address is free for both TCP and UDP, as Channel Access needs it.

    Connections that a killed server has left behind close by themselves and do not count: its successor takes the
    same port at once, as the EPICS server does.
    """
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((LOOPBACK, port))
            except OSError:
                return False
    return True


def free_port(preferred: int | None = None) -> int:
    """Return ``preferred`` when it is free, another port otherwise.

    A restarted server keeps its port, so that connected clients find it again.
    """
    if preferred is not None and is_free(preferred):
        return preferred
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.bind((LOOPBACK, 0))
            port = int(probe.getsockname()[1])
        if is_free(port):
            return port

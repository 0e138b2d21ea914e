"""Loopback ports for EPICS servers."""

import random
import socket

LOOPBACK = "127.0.0.1"
SERVERS = range(20_000, 32_000)
"""Below the ports that Linux hands to clients (ip_local_port_range, from 32768): EPICS clients share UDP ports, and one
that was given a server's would take the searches meant for it."""


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
    while not is_free(port := random.choice(SERVERS)):
        pass
    return port

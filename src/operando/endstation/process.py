"""The life of one process of an endstation: its lock, its port, its line in the register."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from operando.endstation.announcements import beacon_addresses
from operando.endstation.ports import free_port
from operando.endstation.register import Register
from operando.endstation.root import Root


@dataclass(frozen=True, slots=True)
class Process:
    """What a process of the endstation is given.

    Parameters
    ----------
    ca_port : int
        Its own loopback port for Channel Access; 0 where it serves no records.
    ready : callable
        To be called once it serves.
    """

    ca_port: int
    ready: Callable[[], None]


@contextmanager
def enter(root: Root, kind: str, serves: bool = True) -> Iterator[Process]:
    """Take the place of ``kind`` on a root and keep the register true while it is held.

    Parameters
    ----------
    root : Root
        The endstation's root.
    kind : str
        Of process.
    serves : bool
        Whether it serves EPICS records, and so has a port.

    Raises
    ------
    EndstationError
        Another process has that place; names its pid.
    """
    with root.lock(kind):
        register = Register(root)
        port = free_port(register.ca_port(kind)) if serves else 0
        register.enter(kind, pid=os.getpid(), state="starting", **({"ca_port": port} if serves else {}))
        if serves:
            os.environ["EPICS_CAS_BEACON_ADDR_LIST"] = beacon_addresses(root)
        try:
            yield Process(port, lambda: register.enter(kind, state="running"))
        finally:
            register.enter(kind, state="stopped")

"""Who wants to hear that a server of an endstation has started again.

A Channel Access client that has lost a server searches for it at ever longer intervals, up to minutes, unless it hears
the server's beacon (EPICS Channel Access Reference Manual, "Dynamic Changes in the CA Client Library Search Interval"),
and it hears beacons through a repeater. A client with a repeater of its own therefore leaves its port in the root, and
a server that starts sends its beacons there, too.
"""

import fcntl
import os
from contextlib import suppress

from operando.endstation.ports import LOOPBACK
from operando.endstation.root import Root


def listen(root: Root, port: int) -> None:
    """Have servers that start from now on announce themselves at a port, for as long as this process lives.

    Parameters
    ----------
    root : Root
        The endstation's root; one that cannot be written leaves this process to its own searches.
    port : int
        UDP, of this process's repeater, on the loopback address.
    """
    with suppress(OSError):
        descriptor = os.open(root.run / f"repeater_{port}.lock", os.O_RDWR | os.O_CREAT, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held until this process ends, however it ends


def beacon_addresses(root: Root) -> str:
    """Return where a server that starts now sends its beacons: to the host's repeater and to those of its clients.

    Parameters
    ----------
    root : Root
        The endstation's root; the marks of clients that have ended are removed.
    """
    addresses = [LOOPBACK]
    for file in sorted(root.run.glob("repeater_*.lock")):
        if root.owner(file.stem) is None:
            with suppress(OSError):
                file.unlink()
        else:
            addresses.append(f"{LOOPBACK}:{file.stem.rpartition('_')[2]}")
    return " ".join(addresses)

"""Ask a running simulator for faults, from the command line or a test; needs nothing else of the project."""

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from operando.sim.faults.address import short_address, socket_file
from operando.sim.faults.refused import FaultRefused

PATIENCE = 10.0
"""s; the simulator answers within milliseconds unless its host is busy."""


class NoSimulator(ConnectionError):
    """No simulator takes requests on this root."""


def set_fault(root: Path, target: str, kind: str, *, seconds: float | None = None, value: float | None = None) -> str:
    """Begin a fault on the simulator of a root.

    Parameters
    ----------
    root : Path
        State root.
    target, kind : str
        As in the table of faults.
    seconds : float, optional
        s until it ends by itself; without, until it is cleared.
    value : float, optional
        Its amount, in the unit of the table.

    Returns
    -------
    str
        What was done.

    Raises
    ------
    FaultRefused
        There is no such fault.
    NoSimulator
        None runs on this root.
    """
    reply = _ask(root, {"do": "set", "target": target, "kind": kind, "for": seconds, "value": value})
    return str(reply["text"])


def clear_faults(root: Path, target: str | None = None, kind: str | None = None) -> str:
    """End every fault, or those of a target, or one; parameters and errors as of `set_fault`."""
    return str(_ask(root, {"do": "clear", "target": target, "kind": kind})["text"])


def active_faults(root: Path) -> list[str]:
    """Return target and kind of each fault there is now: ``["load_cell stuck"]``."""
    return list(_ask(root, {"do": "list"})["active"])


def cell_truth(root: Path, channel: str = "") -> dict[str, Any]:
    """Return what is true of a cell, and was since somebody last asked: `operando.sim.wires.witness.CellTruth`.

    Parameters
    ----------
    root : Path
        State root.
    channel : str
        ``"b"``; without, the cell in the rig.

    Raises
    ------
    NoSimulator
        None runs on this root.
    """
    told: dict[str, Any] = _ask(root, {"do": "truth"})["truth"][channel]
    return told


@contextmanager
def fault(
    root: Path, target: str, kind: str, *, seconds: float | None = None, value: float | None = None
) -> Iterator[None]:
    """Have a fault while the block runs; parameters and errors as of `set_fault`."""
    set_fault(root, target, kind, seconds=seconds, value=value)
    try:
        yield
    finally:
        clear_faults(root, target, kind)


def _ask(root: Path, request: dict[str, Any]) -> dict[str, Any]:
    try:
        line = _exchange(root, json.dumps(request).encode() + b"\n")
    except OSError as error:
        raise NoSimulator(f"{root}: no simulator answers at {socket_file(root)}: {error}") from error
    if not line.endswith(b"\n"):
        raise NoSimulator(f"{root}: the simulator hung up without an answer")
    reply: dict[str, Any] = json.loads(line)
    if not reply["accepted"]:
        raise FaultRefused(reply["text"])
    return reply


def _exchange(root: Path, request: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(PATIENCE)
        with short_address(socket_file(root)) as address:
            connection.connect(address)
        connection.sendall(request)
        with connection.makefile("rb") as replies:
            return replies.readline()

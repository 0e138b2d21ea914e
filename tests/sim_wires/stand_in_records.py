"""Stand-ins for the child process that serves records; importable there, which a test module is not."""

import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path

from operando.sim.setup import Setup


def listen(setup: Setup, states: Connection) -> None:
    """Say ready, note the process and the last of all states, go when the pipe ends."""
    (setup.root / "child").write_text(str(os.getpid()))
    states.send("ready")
    count, last = 0, None
    while True:
        try:
            last = states.recv()
        except EOFError:
            break
        count += 1
        if count == 5:
            (setup.root / "heard").write_text(f"{last.stack_pressure}")


def die_at_once(setup: Setup, states: Connection) -> None:
    """End before being ready."""


def die_when_ready(setup: Setup, states: Connection) -> None:
    """Say ready and end."""
    states.send("ready")


def never_read(setup: Setup, states: Connection) -> None:
    """Say ready and never fetch a state, until told by a file that the test is over."""
    states.send("ready")
    pause = threading.Event()
    while not Path(setup.root / "over").exists():
        pause.wait(0.05)

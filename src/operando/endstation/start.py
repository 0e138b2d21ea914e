"""Bring an endstation up from a command that returns: a supervisor in a session of its own."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from operando.endstation.register import Register
from operando.endstation.root import Root
from operando.endstation.supervisor import ENDSTATION
from operando.errors import ConfigurationError, EndstationError

POLL_INTERVAL = 0.1
"""s between two looks at the register."""


def bring_up(root: Root, configuration: Path) -> "subprocess.Popen[bytes]":
    """Start a supervisor and return it once every process serves.

    The supervisor has a session of its own, so that a closed terminal does not reach it.

    Raises
    ------
    EndstationError, ConfigurationError
        Something already runs on this root, or a process ended while starting; nothing is left behind.
    """
    refuse_second(root)
    root.prepare()
    supervisor = _start(root, configuration)
    interrupted = threading.Event()
    previous = signal.signal(signal.SIGINT, lambda *_: interrupted.set())
    try:
        while not _serves(root, supervisor.pid):
            if supervisor.poll() is not None:
                raise _early_end(root, supervisor.returncode)
            if interrupted.wait(POLL_INTERVAL):
                supervisor.terminate()
                supervisor.wait()
                raise EndstationError("interrupted while starting; everything that had started was stopped")
    finally:
        signal.signal(signal.SIGINT, previous)
    return supervisor


def refuse_second(root: Root) -> None:
    """Raise EndstationError, naming the pid, when a process of this endstation already runs."""
    for kind in ("supervisor", *(known.name for known in ENDSTATION)):
        owner = root.owner(kind)
        if owner is not None:
            raise EndstationError(f"{kind} already runs on {root.path} with pid {owner}; `operando down` ends it")


def _start(root: Root, configuration: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "operando", "up", str(configuration), "--root", str(root.path), "--foreground"]
    with (root.logs / "supervisor.log").open("wb") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )


def _serves(root: Root, pid: int) -> bool:
    return Register(root).status().get("supervisor") == {"pid": pid, "state": "running"}


def _early_end(root: Root, code: int) -> EndstationError | ConfigurationError:
    lines = (root.logs / "supervisor.log").read_text(errors="replace").splitlines()
    said = [line.removeprefix("operando: ") for line in lines if line.startswith("operando: ")]
    text = said[-1] if said else f"the supervisor ended with {code}; {root.logs / 'supervisor.log'}"
    return ConfigurationError(text) if code == 2 else EndstationError(text)

"""Starts the processes of an endstation in order, watches them, and stops them in the reverse order."""

import logging
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from operando.endstation.register import Register
from operando.endstation.root import Root
from operando.errors import ConfigurationError, EndstationError

log = logging.getLogger(__name__)

START_LIMIT = 60.0
"""s, until a process must serve; the first start compiles and caches what later ones find ready."""
STOP_LIMIT = 15.0
"""s, until a process that was asked to stop is killed."""
WATCH_INTERVAL = 0.2
RESTART_PAUSE = 1.0
"""s between the death of a process and its successor, so that a broken one does not spin."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of process: the subcommand that runs it, and whether it is started again when it dies."""

    name: str
    command: str
    restart: bool


ENDSTATION: tuple[Kind, ...] = (
    Kind("sim", "sim", restart=False),
    Kind("environment", "environment", restart=True),
    Kind("recorder", "record", restart=True),
    Kind("sinks", "sinks", restart=True),
)
"""In the order of starting."""


@dataclass(slots=True)
class Supervisor:
    """Owner of the processes of one root.

    Parameters
    ----------
    root : Root
        Where they meet.
    configuration : Path
        The endstation's TOML file, handed to each of them.
    kinds : sequence of Kind
        What to run, in the order of starting.
    """

    root: Root
    configuration: Path
    kinds: Sequence[Kind]
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Start everything, watch until told to stop (SIGTERM, SIGINT), stop everything.

        Raises
        ------
        EndstationError, ConfigurationError
            A process ended while starting; carries its own last line.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        register = Register(self.root)
        register.configure(self.configuration)
        try:
            for kind in self.kinds:
                self._start(kind)
                self._await_ready(kind)
            register.enter("supervisor", state="running")
            self._watch()
        finally:
            self._stop_all()

    def _start(self, kind: Kind) -> None:
        command = [
            sys.executable,
            "-m",
            "operando",
            kind.command,
            str(self.configuration),
            "--root",
            str(self.root.path),
        ]
        with (self.root.logs / f"{kind.name}.log").open("ab") as output:
            self._children[kind.name] = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def _await_ready(self, kind: Kind) -> None:
        child = self._children[kind.name]
        register = Register(self.root)
        for _ in range(int(START_LIMIT / WATCH_INTERVAL)):
            facts = register.read()["processes"].get(kind.name, {})
            if facts.get("pid") == child.pid and facts.get("state") == "running":
                return
            if child.poll() is not None:
                raise self._early_end(kind, child.returncode)
            if self._stop.wait(WATCH_INTERVAL):
                return
        raise EndstationError(f"{kind.name} did not serve within {START_LIMIT:.0f} s; {self.root.logs}/{kind.name}.log")

    def _early_end(self, kind: Kind, code: int) -> EndstationError | ConfigurationError:
        lines = (self.root.logs / f"{kind.name}.log").read_text(errors="replace").splitlines()
        last = lines[-1] if lines else "it said nothing"
        if code == 2:
            return ConfigurationError(last)
        return EndstationError(f"{kind.name} ended with exit status {code} while starting: {last}")

    def _watch(self) -> None:
        while not self._stop.wait(WATCH_INTERVAL):
            for kind in self.kinds:
                child = self._children[kind.name]
                if child.poll() is None:
                    continue
                if not kind.restart:
                    raise EndstationError(
                        f"{kind.name} ended with exit status {child.returncode}; stopping the endstation"
                    )
                log.error("%s (pid %d) ended with %d; starting it again", kind.name, child.pid, child.returncode)
                if not self._stop.wait(RESTART_PAUSE):
                    self._start(kind)

    def _stop_all(self) -> None:
        for kind in reversed(self.kinds):
            child = self._children.get(kind.name)
            if child is None or child.poll() is not None:
                continue
            child.terminate()
            try:
                child.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                log.error("%s (pid %d) did not stop within %.0f s; killed", kind.name, child.pid, STOP_LIMIT)
                child.kill()
                child.wait()

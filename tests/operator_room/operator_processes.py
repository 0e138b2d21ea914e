"""The environment service as its command runs it, sessions beside it, and commands from a terminal."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from environment.running_service import RunningService

from operando.endstation import Register, Root

HERE = Path(__file__).parent
LAPSE = 3.0  # s
SPEED = 1.0
"""Of the cell: what the drive does is judged as on a real one."""


class Endstation(RunningService):
    """Simulated instruments, and ``operando environment`` on them."""

    def __init__(self, root: Path) -> None:
        super().__init__(root, SPEED)
        text = self.configuration.read_text()
        self.configuration.write_text(text.replace("owner_lapse_s = 10.0", f"owner_lapse_s = {LAPSE}"))
        self.place = Root(root)
        self.register = Register(self.place)
        self.register.enter("environment", ca_port=self.port)

    def start(self) -> None:
        """Start the service and wait until it serves."""
        self.service = self.start_process("environment", str(self.configuration))
        self.until(lambda: self._serves("environment", self.service))
        assert self.register.ca_port("environment") == self.port

    def start_recorder(self) -> "subprocess.Popen[str]":
        recorder = self.start_process("record", str(self.configuration))
        self.until(lambda: self._serves("recorder", recorder))
        return recorder

    def start_process(self, *words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "operando", *words, "--root", str(self.root)]
        with (self.root / f"{words[0]}.log").open("a") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True)

    def _serves(self, kind: str, process: "subprocess.Popen[str] | None") -> bool:
        assert process is not None
        assert process.poll() is None, (self.root / f"{process.args[3]}.log").read_text()  # type: ignore[index]
        facts = self.register.read()["processes"].get(kind, {})
        return bool(facts.get("pid") == process.pid and facts.get("state") == "running")

    def kill(self) -> int:
        """Kill the service as the system would; return the time, ns."""
        now = time.time_ns()
        assert self.end(signal.SIGKILL) == -signal.SIGKILL
        return now

    def command(self, name: str, *options: str) -> "subprocess.CompletedProcess[str]":
        """Run a command as an operator does, knowing only the folder."""
        command = [sys.executable, "-m", "operando", name, "--root", str(self.root), *options]
        return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)

    def drives(self, since_ns: int) -> np.ndarray:
        """Return the drive at the actuator since a moment, V, 50 times a second."""
        return np.array([state[2] for state in self.truth() if state[0] >= since_ns])

    def value(self, record: str) -> float:
        return self.stamped(record)[0]


class Session:
    """A process with a device and a heartbeat."""

    def __init__(self, endstation: Endstation) -> None:
        command = [sys.executable, str(HERE / "session_process.py"), str(endstation.root)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.who = self.answer().removeprefix("ready ")

    def order(self, text: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def do(self, text: str) -> str:
        self.order(text)
        return self.answer()

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.close()

    def close(self) -> int:
        """Let it end in order, if it still lives."""
        with self.process as process:
            assert process.stdin is not None
            process.stdin.close()
            return process.wait(30)

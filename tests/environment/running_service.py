"""The environment service over real lines: two processes, and an EPICS client."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from caproto.threading.client import PV, Context
from waiting import wait_until

import operando.configs
from operando.endstation.ports import free_port
from operando.history import EnvironmentHistory

HERE = Path(__file__).parent
SHIPPED = Path(operando.configs.__file__).parent
SPEED = 250.0
CAPACITY = 0.3142  # mA h: at 98 mA a charge takes about 12 s
CURRENT = 0.098  # A
EPICS_EPOCH = 631_152_000  # s, 1990-01-01


def write_configuration(folder: Path) -> Path:
    """The shipped endstation with a small, fast cell."""
    text = (SHIPPED / "simulated.toml").read_text()
    text = text.replace('current_C_rate = "C/4"', f"current_A = {CURRENT}")
    text = text.replace('current_C_rate = "-C/4"', f"current_A = {-CURRENT}")
    text = text.replace("sample_interval_s = 0.5", "sample_interval_s = 0.2")
    file = folder / "small.toml"
    file.write_text(text)
    return file


class RunningService:
    """Simulated instruments, the service on them, and a client of its records."""

    until = staticmethod(wait_until)

    def __init__(
        self, root: Path, speed: float = SPEED, channels: tuple[str, ...] = (), capacity: float = CAPACITY
    ) -> None:
        self.root = root
        self.configuration = write_configuration(root)
        self.port = free_port()
        arguments = [sys.executable, str(HERE / "wires_process.py"), str(root), str(speed), str(capacity), *channels]
        self.wires = subprocess.Popen(arguments, env={**os.environ, "PYTHONPATH": str(HERE.parent)})
        self.until(lambda: (root / "true.jsonl").exists() and (root / "true.jsonl").stat().st_size)
        self.service: subprocess.Popen[str] | None = None
        self._patch = pytest.MonkeyPatch()
        self._context: Any = None
        self._channels: dict[str, PV] = {}

    def start(self) -> None:
        """Start the service and wait until it serves."""
        command = [sys.executable, str(HERE / "service_process.py"), str(self.configuration), str(self.root)]
        with (self.root / "service.log").open("a") as log:
            self.service = subprocess.Popen(
                [*command, str(self.port)], stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert self.service.stdout is not None
        for line in self.service.stdout:
            if line == "ready\n":
                return
        raise AssertionError((self.root / "service.log").read_text())

    def end(self, number: int = signal.SIGTERM) -> int:
        """End the service; return its exit status."""
        assert self.service is not None
        service, self.service = self.service, None
        with service:
            service.send_signal(number)
            return service.wait(20)

    def close(self) -> None:
        if self._context:
            self._context.disconnect()
            self.until(lambda: set(threading.enumerate()) <= self._threads)  # one of them ends a moment later
        self._patch.undo()
        if self.service:
            self.end()
        self.wires.terminate()
        assert self.wires.wait(20) == 0

    def connect(self) -> None:
        self._threads = set(threading.enumerate())
        self._patch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{self.port}")  # read again at each search
        self._patch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
        self._context = Context()

    def channel(self, record: str) -> PV:
        """Return a connected channel."""
        if self._context is None:
            self.connect()
        if record not in self._channels:
            (self._channels[record],) = self._context.get_pvs("SIM:" + record)
        self._channels[record].wait_for_connection(timeout=30)
        return self._channels[record]

    def stamped(self, record: str) -> tuple[float, int]:
        """Return a number and its time stamp, ns since the epoch."""
        found = self.channel(record).read(data_type="time", timeout=10)
        stamp = found.metadata.stamp
        return float(found.data[0]), (stamp.secondsSinceEpoch + EPICS_EPOCH) * 1_000_000_000 + stamp.nanoSeconds

    def text(self, record: str) -> str:
        return bytes(self.channel(record).read(timeout=10).data).rstrip(b"\0").decode()

    def put(self, record: str, value: float | str) -> None:
        data = value.encode() if isinstance(value, str) else value
        self.channel(record).write(data, wait=True, timeout=10)

    def ask(self, subsystem: str, field: str, value: float = 0.0, text: str = "") -> tuple[str, bool, str]:
        """Make a request; return its id, whether it was accepted, and the words."""
        name = f"{time.monotonic_ns()}"
        request = {"id": name, "who": "test", "field": field, "value": value, "text": text}
        self.put(f"{subsystem}:REQUEST", json.dumps(request))
        self.until(lambda: f'"{name}"' in self.text(f"{subsystem}:REPLY"))
        reply = json.loads(self.text(f"{subsystem}:REPLY"))
        return name, reply["accepted"], reply["text"]

    def truth(self) -> list[list[float]]:
        """Return what was true: time_ns, MPa, V at the piezo, °C, A h passed, V and A of the cell."""
        lines = (self.root / "true.jsonl").read_text().split("\n")
        return [json.loads(line) for line in lines[:-1]]

    def logged(self) -> str:
        """Return what the service has said."""
        return (self.root / "service.log").read_text()

    def history(self) -> EnvironmentHistory:
        return EnvironmentHistory(self.root / "environment")

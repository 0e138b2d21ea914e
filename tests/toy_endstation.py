"""A toy endstation for tests of EPICS clients: servers in processes of their own, and the client in another.

pyepics keeps one context a process, which must see its address list before its first use; so no test uses Channel
Access in the process of pytest. A test that takes the fixture ``client`` is run as a whole by a worker process.
"""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from operando.endstation.ports import free_port

HERE = Path(__file__).parent / "ophyd_devices"


@dataclass(frozen=True)
class Client:
    """What a test is given.

    Parameters
    ----------
    tmp_path : Path
        Its own folder.
    """

    tmp_path: Path

    def toy(self, behaviour: str) -> None:
        """Tell the toy service how to behave from now on."""
        self.caput("SIM:TOY", behaviour)

    def caput(self, record: str, value: Any) -> None:
        """Put a value and wait until the server has taken it."""
        import epics  # only in the worker, and after ophyd, which must find it first

        assert epics.caput(record, value, wait=True, timeout=10) == 1

    def until(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Return once ``condition`` holds; fail when it does not come true."""
        deadline = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < deadline, "did not come true"
            self.let_pass(0.02)

    def let_pass(self, seconds: float) -> None:
        """Let the servers go on for a while."""
        threading.Event().wait(seconds)


class Worker:
    """The process that runs tests as EPICS clients, one after the other."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, file: Path, function: str, tmp_path: Path) -> str:
        """Return nothing, or the traceback of a failed test."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        order = {"file": str(file), "function": function, "tmp_path": str(tmp_path)}
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            return "the client process died"
        return str(json.loads(answer)["failure"])


@contextmanager
def process(script: str, *arguments: str, **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a script of this toy, wait for its word ``ready``, and end it with its standard input."""
    command = [sys.executable, str(HERE / script), *arguments]
    variables = {**os.environ, "PYTHONPATH": str(HERE.parent), **environment}
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=variables,
    ) as started:
        assert started.stdin is not None
        assert started.stdout is not None
        try:
            assert "ready\n" in iter(started.stdout.readline, ""), f"{script} did not start"
            yield started
        finally:
            started.stdin.close()
            try:
                started.wait(timeout=10)
            except subprocess.TimeoutExpired:
                started.kill()


@pytest.fixture(scope="package")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    service, beamline = free_port(), free_port()
    with (
        process("toy_service.py", str(service)),
        process("toy_beamline.py", str(beamline), str(tmp_path_factory.mktemp("beamline"))),
        process(
            "toy_client.py",
            EPICS_CA_ADDR_LIST=f"127.0.0.1:{service} 127.0.0.1:{beamline}",
            EPICS_CA_AUTO_ADDR_LIST="NO",
        ) as client,
    ):
        yield Worker(client)


@pytest.fixture
def client(worker: Worker, tmp_path: Path) -> Client:
    return Client(tmp_path)


def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Any:
    """Hand a test that takes ``client`` to the worker."""
    if "client" not in pyfuncitem.funcargs:
        return None
    worker = pyfuncitem._request.getfixturevalue("worker")
    tmp_path = pyfuncitem.funcargs["client"].tmp_path
    failure = worker.run(pyfuncitem.path, pyfuncitem.originalname, tmp_path)
    if failure:
        pytest.fail(failure, pytrace=False)
    return True

"""``operando sinks``: the process that ``up`` starts, what ``status`` says of it, and what becomes of a wrong call."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest
from sinks.test_sinks_process import PATIENCE_S
from sinks.toy_sink import run_documents
from waiting import wait_until

from operando.config import load
from operando.endstation import Register, Root
from operando.endstation.ports import free_port
from operando.journal import Journal
from operando.sinks.health import read_status
from operando.sinks.targets import missing_packages

zmq = pytest.importorskip("zmq", reason="needs operando[zmq]")

SIMULATED = Path(__file__).parents[2] / "configs" / "simulated.toml"


def operando(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "operando", *arguments], capture_output=True, text=True)


@contextmanager
def sinks(file: Path, root: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = ["nice", "-n", "5", sys.executable, "-m", "operando", "sinks", str(file), "--root", str(root)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: Register(Root(root)).status().get("sinks", {}).get("state") == "running")
            yield process
        finally:
            process.kill()


def test_it_feeds_and_says_so_until_it_is_told_to_end(tmp_path: Path) -> None:
    address, root, file = f"127.0.0.1:{free_port()}", tmp_path / "root", tmp_path / "endstation.toml"
    file.write_text(SIMULATED.read_text() + f'\n[sinks.zmq]\naddress = "{address}"\n')
    documents = run_documents(events=3)
    with zmq.Context() as context, context.socket(zmq.SUB) as ear, sinks(file, root) as process:
        ear.subscribe(b"")
        ear.connect(f"tcp://{address}")
        started_at = min(19, os.getpriority(os.PRIO_PROCESS, 0) + 5)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) == max(15, started_at)
        assert "ca_port" not in Register(Root(root)).read()["processes"]["sinks"]
        journal = Journal(root / "journal")
        for name, document in documents:
            journal(name, document)
        wait_until(lambda: read_status(root)["zmq"]["runs"] == 1)
        assert ear.poll(round(1000 * PATIENCE_S))
        table = operando("status", "--root", str(root))
        assert "sinks.zmq  waiting, 6 documents, 0.0 kB behind" in table.stdout
        facts = json.loads(operando("status", "--root", str(root), "--json").stdout.splitlines()[-1])
        assert facts["sinks"]["targets"]["zmq"]["documents"] == len(documents)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0
    assert Register(Root(root)).status()["sinks"]["state"] == "stopped"


def test_check_says_which_packages_a_target_wants(tmp_path: Path) -> None:
    file = tmp_path / "endstation.toml"
    file.write_text(SIMULATED.read_text() + "\n[sinks.zmq]\n[sinks.tiled]\n")
    expected = [] if find_spec("uvicorn") else ["pip install 'operando[tiled-server]'"]
    assert missing_packages(load(file)) == expected


def test_a_configuration_without_sinks_is_a_wrong_call(tmp_path: Path) -> None:
    wrong = operando("sinks", str(SIMULATED), "--root", str(tmp_path / "root"))
    assert wrong.returncode == 2
    assert "[sinks]: no target is named" in wrong.stderr

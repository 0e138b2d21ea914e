"""The simulator's heartbeat against real EPICS records, which come, die and come back elsewhere."""

import asyncio
import json
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from operando.endstation.ports import free_port
from operando.sim.iocs.heartbeat import Heartbeat
from sim_iocs.running_service import make_setup, serving

TESTS = Path(__file__).parents[1]


def register(root: Path, *ports: int) -> None:
    (root / "run").mkdir(exist_ok=True)
    addresses = " ".join(f"127.0.0.1:{port}" for port in ports)
    (root / "run" / "endstation.json").write_text(json.dumps({"processes": {}, "ca_address_list": addresses}))


@contextmanager
def listener(port: int) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [sys.executable, "-m", "sim_iocs.heartbeat_listener", str(port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    with process:
        try:
            assert process.stdout is not None
            while (line := process.stdout.readline()) != "ready\n":  # behind what EPICS has to say
                assert line, "the listener ended"
            yield process
        finally:
            process.kill()


async def next_beat(process: "subprocess.Popen[str]") -> dict[str, Any]:
    assert process.stdout is not None
    while not (line := await asyncio.to_thread(process.stdout.readline)).startswith("{"):
        assert line, "the listener ended"
    return dict(json.loads(line))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EPICS_CA_ADDR_LIST", "EPICS_CA_AUTO_ADDR_LIST"):
        monkeypatch.setenv(name, "")  # which the heartbeat sets in its own process


def test_it_beats_finds_a_restarted_service_elsewhere_and_says_goodbye(tmp_path: Path) -> None:
    async def live() -> None:
        ended = asyncio.Event()
        heart = asyncio.create_task(Heartbeat(tmp_path, "SIM:").run(ended))
        port = free_port()
        register(tmp_path, free_port(), port)
        with listener(port) as first:
            beats = [await next_beat(first) for _ in range(3)]
        assert [beat["count"] for beat in beats] == [0, 1, 2]
        assert {beat["who"] for beat in beats} == {f"simulated beamline, pid {os.getpid()}"}
        port = free_port()
        with listener(port) as second:
            register(tmp_path, port)
            beat = await next_beat(second)
            assert beat["count"] >= 3
            ended.set()
            while not beat["last"]:
                beat = await next_beat(second)
            await heart

    asyncio.run(live())


def test_an_absent_service_is_no_news(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def live() -> None:
        ended = asyncio.Event()
        heart = asyncio.create_task(Heartbeat(tmp_path, "SIM:").run(ended))
        await asyncio.sleep(0.1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:  # by nobody who answers
            taken.bind(("127.0.0.1", 0))
            register(tmp_path, taken.getsockname()[1])
            await asyncio.sleep(3.0)
            ended.set()
            await heart

    with caplog.at_level(logging.WARNING):
        asyncio.run(live())
    assert caplog.records == []


def test_the_simulated_records_beat(tmp_path: Path) -> None:
    port = free_port()
    register(tmp_path, port)
    with listener(port) as service:
        for running in serving(make_setup(tmp_path)):
            beat = asyncio.run(next_beat(service))
            assert beat == {"who": f"simulated beamline, pid {running.process.pid}", "count": 0, "last": False}
        while not beat["last"]:
            beat = asyncio.run(next_beat(service))

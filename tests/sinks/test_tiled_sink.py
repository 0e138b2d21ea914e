"""Runs in a Tiled catalogue: what the journal says, the frames where the detector wrote them."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from recorder.made_run import SHAPE, MadeRun
from sinks.toy_sink import Feeder, Target

os.environ.setdefault("TILED_RETRY_ATTEMPTS", "1")  # as the sink does, which is imported only below
pytest.importorskip(
    "bluesky_tiled_plugins", reason="needs operando[tiled-server], 650 MB: how-to/send-documents-elsewhere"
)
pytest.importorskip("tiled.server", reason="needs operando[tiled-server]")

import dask
from tiled.client import from_uri

from operando.journal import Journal
from operando.sinks.delivery import Delivery
from operando.sinks.tiled import TiledSink

# Warnings of the packages under test about each other are not ours.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.timeout(300)]


@dataclass
class Server:
    """A server in a process of its own."""

    root: Path
    readable: Path
    key: str = "-"
    port: int = 0
    process: "subprocess.Popen[str] | None" = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        script = str(Path(__file__).with_name("tiled_server.py"))
        command = [sys.executable, "-W", "ignore", script, str(self.root), str(self.readable), str(self.port), self.key]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        port, self.key = self.process.stdout.readline().split()
        self.port = int(port)

    def kill(self) -> None:
        assert self.process is not None
        with self.process:
            self.process.kill()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("root"), tmp_path_factory.getbasetemp())
    served.start()
    yield served
    served.kill()


@pytest.fixture(autouse=True)
def _no_pool() -> Iterator[None]:
    """Let the client read in the thread that asks: its pool would outlive the tests."""
    with dask.config.set(scheduler="synchronous"):
        yield


@contextmanager
def catalogue(server: Server) -> Iterator[Any]:
    """Give what anybody sees in the catalogue."""
    found = from_uri(server.uri, api_key=server.key, include_data_sources=True)
    try:
        yield found
    finally:
        found.context.http_client.close()


@contextmanager
def feeder(server: Server, root: Path) -> Iterator[Feeder]:
    """Give what feeds the server from the journals of a root."""
    made = Feeder(root, Target())
    made.delivery = Delivery(
        "tiled", lambda: TiledSink(server.uri, server.key), root / "journal", made.positions, clock=lambda: made.now
    )
    try:
        yield made
    finally:
        made.delivery.close()


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    made = MadeRun(tmp_path, frames=5, per_file=3)
    made.documents[1][1]["data_keys"]["detector_image"]["dtype_numpy"] = "<i4"  # as the detector says it
    made.write_frames()
    return made


def frames_of(run: MadeRun) -> np.ndarray:
    stacks = []
    for number in range(2):
        with h5py.File(run.raw_file(number), "r", swmr=True) as file:
            stacks.append(file["/entry/data/data"][()])
    return np.concatenate(stacks)


def assert_whole(node: Any, run: MadeRun) -> None:
    """Compare a run in the catalogue with its documents and frames."""
    assert node.metadata["start"]["uid"] == run.uid
    assert node.metadata["stop"]["exit_status"] == "success"
    stream = node["xrd"]
    assert stream["stack_pressure"].read().tolist() == [84.0] * run.frames
    images = stream["detector_image"].read()
    assert images.shape == (run.frames, 1, *SHAPE)
    assert np.array_equal(images[:, 0], frames_of(run))


def test_scalars_and_frames_of_a_run_can_be_read_back(server: Server, run: MadeRun) -> None:
    run.write_journal()
    with feeder(server, run.root) as feeding, catalogue(server) as found:
        feeding.work()
        assert feeding.delivery.health.error == ""
        assert_whole(found[run.uid], run)
        # Registered where they are, not copied.
        (source,) = found[run.uid]["xrd"].base["detector_image"].data_sources()
        assert {asset.data_uri for asset in source.assets} == {f"file://localhost{run.raw_file(n)}" for n in range(2)}


def test_a_run_under_way_can_be_read(server: Server, run: MadeRun) -> None:
    journal = Journal(run.root / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    with feeder(server, run.root) as feeding, catalogue(server) as found:
        feeding.work()
        assert "stop" not in found[run.uid].metadata
        assert found[run.uid]["xrd"]["stack_pressure"].read().tolist() == [84.0] * run.frames
        journal(*run.documents[-1])
        feeding.work()
        assert_whole(found[run.uid], run)


@pytest.mark.parametrize("count", [1, 2, 4, 8])
def test_a_run_that_was_interrupted_is_whole_in_the_end(server: Server, run: MadeRun, count: int) -> None:
    before = frames_of(run)
    journal = Journal(run.root / "journal")
    for name, document in run.documents[:count]:
        journal(name, document)
    with feeder(server, run.root) as first, catalogue(server) as found:
        first.work()
        assert run.uid in found
        for name, document in run.documents[count:]:
            journal(name, document)
        with feeder(server, run.root) as second:
            second.work()
            assert second.delivery.health.error == ""
        assert_whole(found[run.uid], run)
    assert np.array_equal(frames_of(run), before), "frames are the detector's; the catalogue removed some"


def test_a_run_in_the_catalogue_is_not_sent_again(server: Server, run: MadeRun) -> None:
    run.write_journal()
    with feeder(server, run.root) as feeding, catalogue(server) as found:
        feeding.work()
        written = found[run.uid].item["attributes"]
        for file in (run.root / "run" / "sinks").iterdir():
            file.unlink()  # all positions forgotten
        with feeder(server, run.root) as again:
            again.work()
            assert again.delivery.health.documents == 0
        assert found[run.uid].item["attributes"] == written


def test_a_server_that_is_killed_gets_the_run_from_its_successor_on(tmp_path: Path, run: MadeRun) -> None:
    server = Server(tmp_path, tmp_path, key="secret")
    server.start()
    journal = Journal(run.root / "journal")
    for name, document in run.documents[:4]:
        journal(name, document)
    with feeder(server, run.root) as feeding:
        feeding.work()
        server.kill()
        for name, document in run.documents[4:]:
            journal(name, document)
        feeding.work()
        assert feeding.delivery.health.state == "retrying"
        server.start()
        try:
            feeding.work(60)
            assert feeding.delivery.health.state == "waiting"
            with catalogue(server) as found:
                assert_whole(found[run.uid], run)
        finally:
            server.kill()


def test_a_wrong_key_is_said_and_tried_again(server: Server, run: MadeRun) -> None:
    run.write_journal()
    right, server.key = server.key, "wrong"
    with feeder(server, run.root) as feeding:
        try:
            feeding.work()
            assert feeding.delivery.health.state == "retrying"
            assert feeding.delivery.health.refused == 0
            assert "401" in feeding.delivery.health.error
        finally:
            server.key = right
        feeding.work(60)
    with catalogue(server) as found:
        assert_whole(found[run.uid], run)


def test_a_server_that_never_answers_is_given_up(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operando.sinks.tiled.TIMEOUT_S", 0.5)
    run.write_journal()
    with socket.create_server(("127.0.0.1", 0)) as deaf:  # takes the connection and says nothing
        server = Server(run.root, run.root, port=deaf.getsockname()[1])
        with feeder(server, run.root) as feeding:
            feeding.work(1)
            assert feeding.delivery.health.state == "retrying"
            assert "timed out" in feeding.delivery.health.error

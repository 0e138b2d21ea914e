"""Documents over 0MQ: bluesky's own RemoteDispatcher hears them, and nobody else does."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from sinks.toy_sink import Document, run_documents, uid_of

from operando.config.sinks import Zmq
from operando.endstation.ports import free_port
from operando.errors import TargetAway

pytest.importorskip("zmq", reason="needs operando[zmq]")

import zmq
from zmq.auth import create_certificates

from operando.sinks.zmq import ZmqSink

LISTENER = str(Path(__file__).with_name("zmq_listener.py"))


@contextmanager
def program(*arguments: str) -> Iterator[Callable[[], str]]:
    """Run the listener or a proxy; gives what reads its next line."""
    with subprocess.Popen([sys.executable, LISTENER, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process.stdout.readline
        finally:
            process.terminate()


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_port()}"


def publish(settings: Zmq, documents: list[Document], folder: Path = Path()) -> None:
    sink = ZmqSink(settings, folder.joinpath)
    try:
        assert sink.begin(uid_of(documents), whole=True)
        for name, document in documents:
            sink.send(uid_of(documents), name, document)
        sink.end(uid_of(documents))
    finally:
        sink.close()


def heard(line: Callable[[], str], documents: list[Document]) -> bool:
    return [line() for _ in documents] == [f"{name} {document['uid']}\n" for name, document in documents]


def test_a_remote_dispatcher_hears_a_run(address: str) -> None:
    documents = run_documents(events=5)
    with program(address, "sim") as line:
        publish(Zmq(address=address, prefix="sim"), documents)
        assert heard(line, documents)


def test_a_remote_dispatcher_hears_a_run_through_a_proxy(address: str) -> None:
    documents = run_documents(events=5)
    behind = f"127.0.0.1:{free_port()}"
    with program("proxy", address, behind), program(behind, "") as line:
        publish(Zmq(address=address, mode="connect"), documents)
        assert heard(line, documents)


def test_another_prefix_is_not_heard(address: str) -> None:
    foreign, ours = run_documents(events=1), run_documents(events=1)
    with program(address, "bm31") as line:
        publish(Zmq(address=address, prefix="sim"), foreign)
        publish(Zmq(address=address, prefix="bm31"), ours)
        assert heard(line, ours)


def test_arrays_arrive_as_arrays(address: str) -> None:
    context = zmq.Context()
    with context.socket(zmq.SUB) as socket:
        socket.subscribe(b"")
        socket.connect(f"tcp://{address}")
        sink = ZmqSink(Zmq(address=address), Path)
        sink.send("run", "event", {"uid": "1", "data": {"pattern": np.arange(3)}})
        sink.close()
        prefix, name, pickled = socket.recv().split(b" ", 2)
    context.destroy()
    assert (prefix, name) == (b"", b"event")
    assert b"numpy" in pickled


def test_an_encrypted_line_lets_in_whose_key_is_known(address: str, tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    create_certificates(tmp_path, "server")
    create_certificates(tmp_path, "friend")
    create_certificates(tmp_path, "stranger")
    (tmp_path / "friend.key").rename(tmp_path / "known" / "friend.key")
    settings = Zmq(address=address, secret_key="server.key_secret", peer_keys="known")
    first, second = run_documents(events=1), run_documents(events=1)
    server = str(tmp_path / "server.key")
    with (
        program(address, "", str(tmp_path / "friend.key_secret"), server) as friend,
        program(address, "", str(tmp_path / "stranger.key_secret"), server) as stranger,
    ):
        publish(settings, first, tmp_path)
        assert heard(friend, first)
        # Once its key is known, the stranger hears what comes from then on, and nothing of before.
        (tmp_path / "stranger.key").rename(tmp_path / "known" / "stranger.key")
        publish(settings, second, tmp_path)
        assert heard(stranger, second)


def test_an_address_that_is_taken_is_tried_again(address: str) -> None:
    context = zmq.Context()
    with context.socket(zmq.PUB) as other:
        other.bind(f"tcp://{address}")
        with pytest.raises(TargetAway, match=rf"\[sinks.zmq\] address = '{address}': Address already in use"):
            ZmqSink(Zmq(address=address), Path)
    context.destroy()
    ZmqSink(Zmq(address=address), Path).close()


def test_keys_that_cannot_be_read_are_named(address: str, tmp_path: Path) -> None:
    settings = Zmq(address=address, secret_key="lost.key_secret", peer_keys="known")
    with pytest.raises(TargetAway, match=r"lost\.key_secret"):
        ZmqSink(settings, tmp_path.joinpath)


def test_nobody_listening_holds_up_nothing(address: str) -> None:
    sink = ZmqSink(Zmq(address=address), Path)
    for number in range(20_000):
        sink.send("run", "event", {"uid": str(number)})
    sink.close()

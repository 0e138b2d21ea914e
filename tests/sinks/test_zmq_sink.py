"""Documents over 0MQ: bluesky's own RemoteDispatcher hears them, and nobody else does."""

import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
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
PATIENCE_S = 40.0
GREETING = "greeting"
"""uid of documents that are sent until somebody hears them: who subscribes late misses what was sent before."""
Lines = queue.Queue[str]


@contextmanager
def program(*arguments: str) -> Iterator[Lines]:
    """Run the listener or a proxy; gives the lines that it says."""
    said: Lines = queue.Queue()
    with subprocess.Popen([sys.executable, LISTENER, *arguments], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ear = threading.Thread(target=lambda: [said.put(line.strip()) for line in process.stdout or ()])
        ear.start()
        try:
            assert said.get(timeout=PATIENCE_S) == "ready"
            yield said
        finally:
            process.terminate()
            ear.join()


@contextmanager
def serving(settings: Zmq, folder: Path = Path()) -> Iterator[ZmqSink]:
    sink = ZmqSink(settings, folder.joinpath)
    try:
        yield sink
    finally:
        sink.close()


def greet(sink: ZmqSink, said: Lines) -> None:
    """Send greetings until somebody hears one."""
    for _ in range(round(PATIENCE_S / 0.1)):
        sink.send("run", "start", {"uid": GREETING})
        try:
            assert said.get(timeout=0.1) == f"start {GREETING}"
        except queue.Empty:
            continue
        return
    raise AssertionError("nobody heard a greeting")


def publish(sink: ZmqSink, documents: list[Document]) -> None:
    assert sink.begin(uid_of(documents), whole=True)
    for name, document in documents:
        sink.send(uid_of(documents), name, document)
    sink.end(uid_of(documents))


def heard(said: Lines, documents: list[Document]) -> bool:
    """Return whether the next lines, greetings apart, are these documents."""
    lines: list[str] = []
    while len(lines) < len(documents):
        line = said.get(timeout=PATIENCE_S)
        lines += [line] if GREETING not in line else []
    return lines == [f"{name} {document['uid']}" for name, document in documents]


@pytest.fixture
def address() -> str:
    return f"127.0.0.1:{free_port()}"


def test_a_remote_dispatcher_hears_a_run(address: str) -> None:
    documents = run_documents(events=5)
    with program(address, "sim") as said, serving(Zmq(address=address, prefix="sim")) as sink:
        greet(sink, said)
        publish(sink, documents)
        assert heard(said, documents)


def test_a_remote_dispatcher_hears_a_run_through_a_proxy(address: str) -> None:
    documents = run_documents(events=5)
    behind = f"127.0.0.1:{free_port()}"
    settings = Zmq(address=address, mode="connect")
    with program("proxy", address, behind), program(behind, "") as said, serving(settings) as sink:
        greet(sink, said)
        publish(sink, documents)
        assert heard(said, documents)


def test_another_prefix_is_not_heard(address: str) -> None:
    foreign, ours = run_documents(events=1), run_documents(events=1)
    with program(address, "bm31") as said:
        with serving(Zmq(address=address, prefix="bm31")) as sink:
            greet(sink, said)
        with serving(Zmq(address=address, prefix="sim")) as sink:
            publish(sink, foreign)
        with serving(Zmq(address=address, prefix="bm31")) as sink:
            greet(sink, said)
            publish(sink, ours)
        assert heard(said, ours)


def test_arrays_arrive_as_arrays(address: str) -> None:
    context = zmq.Context()
    with context.socket(zmq.SUB) as socket, serving(Zmq(address=address)) as sink:
        socket.subscribe(b"")
        socket.connect(f"tcp://{address}")
        for _ in range(round(PATIENCE_S / 0.1)):
            sink.send("run", "event", {"uid": "1", "data": {"pattern": np.arange(3)}})
            if socket.poll(100):
                break
        prefix, name, pickled = socket.recv(zmq.NOBLOCK).split(b" ", 2)
    context.destroy()
    assert (prefix, name) == (b"", b"event")
    assert b"numpy" in pickled


def test_an_encrypted_line_lets_in_whose_key_is_known(address: str, tmp_path: Path) -> None:
    (tmp_path / "known").mkdir()
    for name in ("server", "friend", "stranger"):
        create_certificates(tmp_path, name)
    (tmp_path / "friend.key").rename(tmp_path / "known" / "friend.key")
    settings = Zmq(address=address, secret_key="server.key_secret", peer_keys="known")
    first, second = run_documents(events=1), run_documents(events=1)
    server = str(tmp_path / "server.key")
    strange = address, "", str(tmp_path / "stranger.key_secret"), server
    with (
        program(address, "", str(tmp_path / "friend.key_secret"), server) as friend,
        program(*strange) as stranger,
        serving(settings, tmp_path) as sink,
    ):
        greet(sink, friend)
        publish(sink, first)
        assert heard(friend, first)
        assert stranger.empty()
    (tmp_path / "stranger.key").rename(tmp_path / "known" / "stranger.key")
    # a program of its own: one that was turned away does not come again
    with program(*strange) as known, serving(settings, tmp_path) as sink:
        greet(sink, known)
        publish(sink, second)
        assert heard(known, second)


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
    with serving(Zmq(address=address)) as sink:
        for number in range(20_000):
            sink.send("run", "event", {"uid": str(number)})

"""A server that starts again is heard by the clients that it left, instead of being searched for at long intervals."""

import socket
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from operando.endstation import Register, Root, enter
from operando.endstation.announcements import beacon_addresses, listen

BEACON = 13
"""CA_PROTO_RSRV_IS_UP of the Channel Access protocol."""
HOST = "127.0.0.1"

LISTENING_CLIENT = """
import sys
from pathlib import Path
from operando.endstation import Root
from operando.endstation.announcements import listen
listen(Root(Path(sys.argv[1])), 20123)
print("listening", flush=True)
sys.stdin.read()
"""
SERVER = """
import sys
from pathlib import Path
from operando.endstation import Root, enter
from operando.records import RecordServer, RecordSpec
with enter(Root(Path(sys.argv[1])), "environment") as process:
    server = RecordServer("SIM:", process.ca_port, [RecordSpec("VALUE", "float")])
    print("serving", flush=True)
    sys.stdin.read()
    server.close()
"""
BESIDE_A_REPEATER = """
import os, socket, sys
from pathlib import Path
from operando.endstation import Root, client
from operando.endstation.announcements import beacon_addresses
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as of_the_host:
    of_the_host.bind(("127.0.0.1", 0))
    client.SITE_REPEATER_PORT = of_the_host.getsockname()[1]
    client.prepare_client(Path(sys.argv[1]))
own = os.environ.get("EPICS_CA_REPEATER_PORT", "none")
assert own == "none" or beacon_addresses(Root(Path(sys.argv[1]))).endswith(":" + own)
print("none" if own == "none" else "own")
"""


@contextmanager
def process(script: str, root: Path, wanted: str) -> Iterator["subprocess.Popen[str]"]:
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    try:
        while child.stdout.readline().strip() != wanted:
            assert child.poll() is None
        yield child
    finally:
        child.communicate()


@pytest.fixture
def root(tmp_path: Path) -> Root:
    made = Root(tmp_path)
    made.prepare()
    return made


def test_a_server_that_starts_tells_a_client_that_was_there_before(root: Root) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as repeater:
        repeater.bind((HOST, 0))
        repeater.settimeout(60)
        listen(root, repeater.getsockname()[1])
        with process(SERVER, root.path, "serving"):
            command, _, _, port = struct.unpack(">4H", repeater.recv(1024)[:8])
            assert command == BEACON
            assert port == Register(root).ca_port("environment")


def test_a_client_that_was_killed_is_told_nothing_and_leaves_nothing(root: Root) -> None:
    with process(LISTENING_CLIENT, root.path, "listening") as client:
        assert beacon_addresses(root) == f"{HOST} {HOST}:20123"
        client.kill()
    assert beacon_addresses(root) == HOST
    assert list(root.run.glob("repeater_*")) == []


def test_a_client_that_may_not_write_into_the_root_does_without(tmp_path: Path) -> None:
    away = Root(tmp_path / "away")
    listen(away, 20123)
    assert beacon_addresses(away) == HOST


@pytest.mark.parametrize(("kind", "repeater"), [("sim", "own"), ("environment", "none")])
def test_a_client_takes_the_repeater_of_its_host_where_a_site_is_heard_through_it(
    root: Root, kind: str, repeater: str
) -> None:
    with enter(root, kind), process(BESIDE_A_REPEATER, root.path, repeater):
        pass

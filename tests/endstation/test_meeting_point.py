"""One process of a kind on a root, and a register that tells the truth about it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from operando.endstation import Register, Root, client_environment, enter
from operando.endstation.ports import free_port, is_free
from operando.errors import EndstationError

HOLD_A_PLACE = """
import sys
from pathlib import Path
from operando.endstation import Root, enter
with enter(Root(Path(sys.argv[1])), "environment") as process:
    process.ready()
    print("serving", flush=True)
    sys.stdin.read()
"""


def other_process(root: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD_A_PLACE, str(root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "serving\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.communicate()


def test_a_second_process_of_a_kind_is_refused_and_named_the_first(tmp_path: Path) -> None:
    child = other_process(tmp_path)
    try:
        with pytest.raises(EndstationError, match=f"environment already runs on .* with pid {child.pid}"):
            Root(tmp_path).lock("environment").__enter__()
    finally:
        end(child)
    with enter(Root(tmp_path), "environment"):
        assert Root(tmp_path).owner("environment") == os.getpid()


def test_another_kind_and_another_root_have_places_of_their_own(tmp_path: Path) -> None:
    with (
        enter(Root(tmp_path), "environment"),
        enter(Root(tmp_path), "recorder"),
        enter(Root(tmp_path / "b"), "recorder"),
    ):
        assert Root(tmp_path).owner("recorder") == os.getpid()


def test_status_follows_a_process_through_its_life(tmp_path: Path) -> None:
    register = Register(Root(tmp_path))
    with enter(Root(tmp_path), "environment") as process:
        assert register.status()["environment"]["state"] == "starting"
        process.ready()
        assert register.status()["environment"] == {"pid": os.getpid(), "state": "running"}
    assert register.status()["environment"] == {"pid": None, "state": "stopped"}


def test_a_killed_process_is_dead_not_running(tmp_path: Path) -> None:
    child = other_process(tmp_path)
    child.send_signal(signal.SIGKILL)
    end(child)
    assert Register(Root(tmp_path)).status()["environment"] == {"pid": None, "state": "dead"}


def test_clients_of_a_simulated_endstation_look_nowhere_else(tmp_path: Path) -> None:
    with enter(Root(tmp_path), "sim") as one, enter(Root(tmp_path), "environment") as two:
        found = client_environment(tmp_path, {"EPICS_CA_ADDR_LIST": "192.0.2.1"})
    assert found["EPICS_CA_AUTO_ADDR_LIST"] == "NO"
    assert set(found["EPICS_CA_ADDR_LIST"].split()) == {f"127.0.0.1:{one.ca_port}", f"127.0.0.1:{two.ca_port}"}


def test_clients_of_a_real_endstation_look_where_the_site_says_too(tmp_path: Path) -> None:
    with enter(Root(tmp_path), "environment") as ours:
        found = client_environment(tmp_path, {"EPICS_CA_ADDR_LIST": "192.0.2.1"})
    assert found == {"EPICS_CA_ADDR_LIST": f"127.0.0.1:{ours.ca_port} 192.0.2.1"}


def test_where_nothing_ever_ran_the_site_decides(tmp_path: Path) -> None:
    assert client_environment(tmp_path) == {}


def test_a_restarted_server_keeps_its_port(tmp_path: Path) -> None:
    with enter(Root(tmp_path), "environment") as first:
        pass
    with enter(Root(tmp_path), "environment") as second:
        assert second.ca_port == first.ca_port


def test_a_port_taken_by_another_is_not_chosen() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert not is_free(port)
        assert free_port(port) != port

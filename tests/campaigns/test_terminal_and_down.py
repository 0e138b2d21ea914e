"""An endstation brought up from a terminal: closed, paused, asked to end, and ended. The cell stays as it is.

Rows of the table "What happens to the cell when" that are tested elsewhere: Ctrl-C, RunEngine and recorder killed
(``live``); service ended and killed, ``safe`` (``environment``, ``operator_room``); load cell lost, trips
(``test_faults_over_the_wires``). What a dead host leaves is up to the instruments, and told in their manuals.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import tomlkit
from cell_programmes import one_cycle
from live.conftest import CAPACITY, CURRENT, SPEED, Live
from waiting import wait_until

from operando.cli.demo_configuration import write_configuration
from operando.config import load
from operando.endstation import Root

pytestmark = [pytest.mark.endstation, pytest.mark.timeout(240)]

IN_A_TERMINAL = """
import fcntl, os, sys, termios
os.setsid()
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp("sh", ["sh", "-c", sys.argv[1]])
"""
KINDS = ("supervisor", "sim", "environment", "recorder")

PAUSED = """
import bluesky.plan_stubs as bps
from bluesky.utils import RunEngineInterrupted
from operando import startup as s

def plan():
    yield from bps.abs_set(s.stack_pressure, 90.0, wait=False)
    yield from bps.sleep(2.0)
    yield from bps.pause()
    yield from bps.null()

try:
    s.RE(plan())
except RunEngineInterrupted:
    print("paused", flush=True)
input()
"""


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, command: str) -> None:
        self.master, slave = os.openpty()
        self.shell = subprocess.Popen(
            [sys.executable, "-c", IN_A_TERMINAL, command], stdin=slave, stdout=slave, stderr=slave
        )
        os.close(slave)

    def read_until(self, word: str) -> str:
        said = ""
        while word not in said:
            said += os.read(self.master, 4096).decode()
        return said

    def close(self) -> None:
        """Close the window: everything in the terminal's session is hung up on."""
        if self.master >= 0:
            os.close(self.master)
            self.master = -1
            self.shell.wait(20)


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Terminal, Live]]:
    folder = tmp_path_factory.mktemp("endstation")
    configuration = write_configuration(folder / "configuration", SPEED, 1, 1, None, None, None)
    document = tomlkit.parse(configuration.read_text())
    document["cell"]["nominal_capacity_mAh"] = CAPACITY
    del document["cell"]["active_mass_mg"]  # which would not hold so little
    document["programme"] = one_cycle(CURRENT)
    configuration.write_text(tomlkit.dumps(document))
    place = Root(folder / "root")
    up = f"{sys.executable} -m operando up {configuration} --root {place.path}"
    terminal = Terminal(f"{up} && echo IT IS UP && read forever")
    live = Live(place, load(configuration))
    supervisor = 0
    try:
        terminal.read_until("IT IS UP")
        supervisor = live.pid("supervisor")
        yield terminal, live
    finally:
        terminal.close()
        live.end_children()
        if any(place.owner(kind) for kind in KINDS):
            down(live, "--hold")
        wait_until(lambda: not (supervisor and command_line(supervisor)), 20, "the supervisor to be gone")


def command_line(pid: int) -> bytes:
    """What a process was started as; nothing of one that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def down(live: Live, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "operando", "down", "--root", str(live.place.path), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def last(live: Live, quantity: str) -> tuple[float, int]:
    """Newest value of the log and its time."""
    with closing(live.history()) as history:
        found = history.last(quantity)
    assert found is not None
    return found.value, found.time_ns


def test_a_closed_terminal_reaches_none_of_the_processes(terminal: tuple[Terminal, Live]) -> None:
    window, live = terminal
    before = {kind: live.pid(kind) for kind in KINDS}
    window.close()
    closed_ns = time.time_ns()
    wait_until(lambda: last(live, "stack_pressure")[1] > closed_ns + 1e9, 20, "the pressure to be regulated on")
    assert {kind: live.pid(kind) for kind in KINDS} == before


def test_a_paused_plan_freezes_the_target_where_the_setpoint_is(terminal: tuple[Terminal, Live]) -> None:
    _, live = terminal
    plan = live.start_python(PAUSED)
    assert plan.stdout is not None
    assert "paused\n" in iter(plan.stdout.readline, "")
    paused_ns = time.time_ns()
    wait_until(lambda: last(live, "stack_pressure_setpoint")[1] > paused_ns + 2e9, 20, "two seconds of pause")
    target, setpoint = last(live, "stack_pressure_target")[0], last(live, "stack_pressure_setpoint")[0]
    assert 84.2 < target == setpoint < 89.0
    assert abs(last(live, "stack_pressure")[0] - target) < 0.1


def test_down_on_a_loaded_cell_asks_what_shall_become_of_it(terminal: tuple[Terminal, Live]) -> None:
    _, live = terminal
    before = {kind: live.pid(kind) for kind in KINDS}
    found = down(live)
    assert found.returncode == 2
    assert "the cell is loaded (8" in found.stderr
    assert "--hold" in found.stderr
    assert "--safe" in found.stderr
    assert {kind: live.pid(kind) for kind in KINDS} == before
    assert down(live, "--hold", "--safe").returncode == 2
    assert {kind: live.pid(kind) for kind in KINDS} == before


def test_down_hold_ends_everything_and_leaves_the_drive(terminal: tuple[Terminal, Live]) -> None:
    _, live = terminal
    drive, _ = last(live, "piezo_drive")
    found = down(live, "--hold")
    assert found.returncode == 0, found.stderr
    assert "drive, heater and cell script stay as they are" in found.stderr
    assert not any(live.place.owner(kind) for kind in KINDS)
    assert abs(last(live, "piezo_drive")[0] - drive) < 2.0
    said = (live.place.logs / "environment.log").read_text()
    assert "stopped: drive, heater and cell script stay as they are" in said
    assert "TRIPPED" not in said

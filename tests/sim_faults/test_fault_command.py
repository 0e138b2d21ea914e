"""``operando sim fault`` and ``clear`` against wires in a process of their own; ``operando sim CONFIG`` as before."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from operando.sim.faults.client import NoSimulator, active_faults

PATIENCE = 60.0  # s


def operando(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "operando", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("root")
    (root / "run").mkdir()
    (root / "run" / "endstation.json").write_text('{"processes": {}}')
    tests = Path(__file__).parents[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "environment.wires_process", str(root), "1.0", "0.7854"],
        env={**os.environ, "PYTHONPATH": str(tests)},
    )
    try:
        wait_for(root, process)
        yield root
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
    assert list((root / "sim").iterdir()) == []


def wait_for(root: Path, process: "subprocess.Popen[bytes]") -> None:
    deadline, pause = time.monotonic() + PATIENCE, threading.Event()
    while True:
        assert process.poll() is None
        assert time.monotonic() < deadline
        try:
            assert active_faults(root) == []
        except NoSimulator:
            pause.wait(0.05)
        else:
            return


def test_a_fault_begins_and_a_clear_ends_it(root: Path) -> None:
    done = operando("sim", "fault", "load_cell", "drift", "--value", "-2.5", "--for", "600", "--root", str(root))
    assert (done.returncode, done.stdout) == (0, "load_cell drift (-2.5 kPa/s), for 600 s\n")
    assert active_faults(root) == ["load_cell drift"]
    done = operando("sim", "clear", "load_cell", OPERANDO_ROOT=str(root))
    assert (done.returncode, done.stdout) == (0, "cleared: load_cell drift\n")
    assert active_faults(root) == []


def test_an_unknown_fault_is_a_wrong_call(root: Path) -> None:
    done = operando("sim", "fault", "load_cell", "melted", "--root", str(root))
    assert done.returncode == 2
    assert "load_cell 'melted': no such fault; load_cell can have stuck, frozen, nan, spike, drift" in done.stderr
    assert done.stdout == ""


def test_without_a_simulator_there_is_nothing_to_break(root: Path, tmp_path: Path) -> None:
    done = operando("sim", "clear", "--root", str(tmp_path))
    assert done.returncode == 2
    assert "no endstation was started here" in done.stderr
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "endstation.json").write_text('{"processes": {}}')
    done = operando("sim", "clear", "--root", str(tmp_path))
    assert done.returncode == 2
    assert "no simulator answers" in done.stderr


@pytest.mark.parametrize("options", [("missing.toml",), ("--root", "nowhere", "missing.toml")])
def test_a_configuration_in_place_of_a_command_runs_the_beamline(options: tuple[str, ...]) -> None:
    done = operando("sim", *options)
    assert done.returncode == 2
    assert "missing.toml: cannot be read" in done.stderr

"""The simulated beamline as processes: starts, ends, and never waits for its child."""

import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from sim_wires import stand_in_records

from operando.sim import beamline
from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup

PARENT = """
import pickle, sys
from pathlib import Path
from operando.sim import beamline
from sim_wires import stand_in_records
if __name__ == "__main__":
    setup = pickle.loads(Path(sys.argv[1]).read_bytes())
    beamline.run(setup, lambda: (setup.root / "ready").touch(), stand_in_records.listen)
"""


def wait_for(path: Path, process: "subprocess.Popen[bytes]", seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not path.exists():
        assert process.poll() is None, f"ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{path.name} never came"
        pause.wait(0.02)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_without_a_trace(setup: Setup, tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "setup").write_bytes(pickle.dumps(setup))
    (tmp_path / "parent.py").write_text(PARENT)
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen([sys.executable, tmp_path / "parent.py", tmp_path / "setup"], env=environment)
    try:
        wait_for(tmp_path / "ready", process)
        wait_for(tmp_path / "heard", process)
        assert sorted(path.name for path in (tmp_path / "sim").iterdir()) == [
            "faults.sock", "heater", "load_cell", "piezo", "potentiostat",
        ]  # fmt: skip
        process.send_signal(number)
        assert process.wait(30.0) == 0
    finally:
        process.kill()
        process.wait()
    assert list((tmp_path / "sim").iterdir()) == []
    assert float((tmp_path / "heard").read_text()) == pytest.approx(84.0, abs=0.5)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "child").read_text()), 0)


def test_a_child_that_never_becomes_ready_is_told(setup: Setup) -> None:
    with pytest.raises(beamline.BeamlineError, match="ended with code 0"):
        beamline.run(setup, pytest.fail, stand_in_records.die_at_once)
    assert list((setup.root / "sim").iterdir()) == []


def test_a_child_that_dies_ends_the_beamline(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    # this process runs the beamline, and shall keep its own priority and its garbage
    monkeypatch.setattr(beamline, "_answer_like_hardware", lambda: None)
    was_ready = threading.Event()
    with pytest.raises(beamline.BeamlineError, match="ended with code 0"):
        beamline.run(setup, was_ready.set, stand_in_records.die_when_ready)
    assert was_ready.is_set()


def test_a_killed_child_is_started_again(setup: Setup) -> None:
    records = beamline.Records(setup, stand_in_records.listen)
    state, child, pause = Rig(setup).snapshot(0), setup.root / "child", threading.Event()
    try:
        assert records.wait_until_ready(threading.Event())
        first = int(child.read_text())
        os.kill(first, signal.SIGKILL)
        until = time.monotonic() + 30
        while int(child.read_text() or first) == first or not (setup.root / "heard").exists():
            assert time.monotonic() < until
            records.publish(state)
            pause.wait(0.02)
    finally:
        records.close()


def test_a_child_that_is_behind_is_not_waited_for(setup: Setup) -> None:
    records = beamline.Records(setup, stand_in_records.never_read)
    try:
        assert records.wait_until_ready(threading.Event())
        state = Rig(setup).snapshot(0)
        for _ in range(20_000):
            records.publish(state)
        assert records.dropped > 0
    finally:
        (setup.root / "over").touch()
        records.close()

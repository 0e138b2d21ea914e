"""The recorder as a process: its records, its death, its second life."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import pytest
from caproto.threading.client import Context
from recorder.made_run import CONFIGS, NMC811, A, MadeRun
from recorder.same_file import assert_same_file
from waiting import wait_until

from operando.config import load
from operando.endstation.ports import free_port
from operando.journal import Journal
from operando.recorder.service import run as record
from operando.recorder.validation import validate

PATIENCE_S = 40.0


class Recorder:
    """A process that records live."""

    def __init__(self, root: Path) -> None:
        self.port = free_port()
        script = Path(__file__).with_name("recorder_process.py")
        command = [sys.executable, str(script), str(CONFIGS), str(root), str(self.port), "live"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line == "ready\n":
                return
        raise AssertionError("the recorder ended before it was ready")

    def end(self, number: int = signal.SIGTERM) -> int:
        with self.process:
            self.process.send_signal(number)
            return self.process.wait(PATIENCE_S)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[tuple[MadeRun, Journal]]:
    """A run whose frames are all taken, and which is still open."""
    run = MadeRun(tmp_path, frames=6, lattice=NMC811)
    run.write_frames()
    run.write_log()
    journal = Journal(tmp_path / "journal")
    for name, document in run.documents[:-1]:
        journal(name, document)
    yield run, journal
    journal.close()


def rows(path: Path) -> int:
    try:
        with h5py.File(path, "r", locking=False) as file:
            return len(file["xrd/data/I"])
    except (OSError, KeyError):
        return -1


def test_health_and_results_are_served_while_it_records(
    made: tuple[MadeRun, Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, journal = made
    recorder = Recorder(run.root)
    monkeypatch.setenv("EPICS_CA_ADDR_LIST", f"127.0.0.1:{recorder.port}")
    monkeypatch.setenv("EPICS_CA_AUTO_ADDR_LIST", "NO")
    context = Context()
    try:
        names = ("HEARTBEAT", "LAG", "DISK_FREE", "FRAMES", "FAILED")
        channels = context.get_pvs(*(f"SIM:RECORDER:{name}" for name in names), "SIM:LIVE:LATTICE_A")
        heartbeat, lag, disk, frames, failed, a = channels
        for channel in channels:
            channel.wait_for_connection(timeout=PATIENCE_S)
        wait_until(lambda: frames.read().data[0] == 6)
        journal(*run.documents[-1])
        journal("start", {"uid": "foreign", "time": 1.0})
        wait_until(lambda: failed.read().data[0] == 1)
        first = heartbeat.read().data[0]
        wait_until(lambda: heartbeat.read().data[0] > first)
        wait_until(lambda: lag.read().data[0] == 0.0)
        assert disk.read().data[0] > 0
        assert a.read().data[0] == pytest.approx(A, abs=3e-3)
        account = context.get_pvs(*(f"SIM:RECORDER:FRAMES_{name}" for name in ("ANNOUNCED", "INTEGRATED", "FAILED")))
        for channel in account:
            channel.wait_for_connection(timeout=PATIENCE_S)
        assert [channel.read().data[0] for channel in account] == [6, 6, 0]
    finally:
        context.disconnect()
        assert recorder.end() == 0


def test_sigterm_closes_the_file_and_a_new_recorder_ends_it(made: tuple[MadeRun, Journal]) -> None:
    run, journal = made
    recorder = Recorder(run.root)
    wait_until(lambda: rows(run.file) == 6)
    assert recorder.end() == 0
    with h5py.File(run.file) as file:
        assert "end_time" not in file["xrd"]
    journal(*run.documents[-1])
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert validate(run.file) == []


def test_killed_and_started_again_it_writes_the_same_file(made: tuple[MadeRun, Journal]) -> None:
    run, journal = made
    first = Recorder(run.root)
    wait_until(lambda: rows(run.file) >= 1)
    assert first.end(signal.SIGKILL) == -signal.SIGKILL
    second = Recorder(run.root)
    journal(*run.documents[-1])
    wait_until(lambda: rows(run.file) == 6 and validate(run.file) == [])
    assert second.end() == 0
    live = run.file.rename(run.root / "live.nxs")
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert_same_file(live, run.file)

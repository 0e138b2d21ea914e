"""A running cycle with programs killed beside it: the cell does not notice, and nothing acknowledged is lost."""

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.same_file import assert_same_file
from waiting import wait_until

from live.conftest import Live
from operando.journal import read_journal
from operando.recorder.finished import is_finished
from operando.recorder.nexus import path_of
from operando.recorder.run import Run

pytestmark = [pytest.mark.endstation, pytest.mark.timeout(300)]

CYCLE = """
from operando import startup as s
(uid,) = s.RE(s.operando_cycle(
    s.detector, s.stack_pressure, s.heater, s.potentiostat, pressure=85.0, temperature=25.0, exposure=0.3, interval=1.0
))
print("uid", uid)
"""
BAND = 0.05
"""MPa around the target."""


def start_cycle(live: Live) -> subprocess.Popen[str]:
    live.wait_for_idle_cell()
    return live.start_python(CYCLE)


def newest_journal(live: Live, known: set[Path]) -> Path:
    wait_until(lambda: set(live.journals.glob("*.jsonl")) - known, 60, "a journal of the new run")
    (journal,) = set(live.journals.glob("*.jsonl")) - known
    return journal


def events(journal: Path) -> int:
    return sum(name == "event" for name, _ in read_journal(journal))


def record_of(live: Live, journal: Path) -> Path:
    _, start = next(read_journal(journal))
    return path_of(live.place.path / live.config.data_root, Run.from_start(start))


def pressure_errors(live: Live, start_ns: int, end_ns: int) -> np.ndarray:
    history = live.history()
    try:
        found = history.samples("stack_pressure", start_ns, end_ns)
        settled = history.samples("stack_pressure_settled", start_ns, end_ns)
    finally:
        history.close()
    assert np.mean(found.quality == 0) > 0.99
    first = settled.time_ns[np.flatnonzero(settled.value == 1)[0]]
    return np.abs(found.value[(found.time_ns >= first) & (found.quality == 0)] - 85.0)


def test_an_undisturbed_cycle_ends_in_a_valid_file(live: Live) -> None:
    from operando.cli.score import score
    from operando.recorder.validation import validate

    known = set(live.journals.glob("*.jsonl"))
    run = start_cycle(live)
    said, _ = run.communicate(timeout=200)
    assert run.returncode == 0, said
    journal = newest_journal(live, known)
    assert re.search(r"^uid (\S+)", said, re.M)[1] == journal.stem
    file = record_of(live, journal)
    wait_until(lambda: is_finished(file), 60, "the recorder to finish")
    assert validate(file) == []
    facts = score(live.place.path, file, journal.stem, 85.0)
    assert facts["frames_written"] == facts["frames_integrated"] == events(journal) >= 10
    assert facts["pressure_max_error_kPa"] < 50
    assert facts["lattice_a_max_error_A"] < 5e-4


def test_a_killed_runengine_changes_nothing_in_the_cell(live: Live) -> None:
    known = set(live.journals.glob("*.jsonl"))
    run = start_cycle(live)
    journal = newest_journal(live, known)
    wait_until(lambda: events(journal) >= 4, 120, "four events")
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    killed_at = live.last_cell_sample_ns()
    wait_until(lambda: live.last_cell_sample_ns() > killed_at + 5e9, 60, "the cell programme to go on for 5 s")
    file = record_of(live, journal)
    wait_until(lambda: is_finished(file), 60, "the recorder to close the abandoned run")
    start = next(doc for name, doc in read_journal(journal) if name == "start")
    assert pressure_errors(live, int(start["time"] * 1e9), live.last_cell_sample_ns()).max() < BAND
    with h5py.File(file) as record:
        assert record["xrd/end_reason"][()].decode() == "abandoned"
        assert len(record["xrd/data/I"]) == events(journal) >= 4


def test_record_once_yields_every_event_of_the_dead_run(live: Live, tmp_path: Path) -> None:
    journal = max(live.journals.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)
    assert "stop" not in [name for name, _ in read_journal(journal)]
    root = tmp_path / "root"
    (root / "journal").mkdir(parents=True)
    shutil.copy(journal, root / "journal")
    shutil.copytree(live.place.path / "environment", root / "environment")
    command = [sys.executable, "-m", "operando", "record", str(live.config.file), "--root", str(root), "--once"]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr
    with h5py.File(next((root / "data").rglob("*.nxs"))) as record:
        assert np.isfinite(record["xrd/data/I"][()]).all(axis=1).sum() == events(journal) >= 4
        assert np.isfinite(record["xrd/frames/stack_pressure"][()]).all()


def test_a_killed_recorder_writes_the_same_file(live: Live, tmp_path: Path) -> None:
    known = set(live.journals.glob("*.jsonl"))
    run = start_cycle(live)
    journal = newest_journal(live, known)
    wait_until(lambda: events(journal) >= 4, 120, "four events")
    os.kill(live.pid("recorder"), signal.SIGKILL)
    said, _ = run.communicate(timeout=200)
    assert run.returncode == 0, said
    file = record_of(live, journal)
    wait_until(lambda: is_finished(file), 60, "the restarted recorder to finish")
    kept = shutil.copy(file, tmp_path / "interrupted.nxs")
    file.unlink()
    # The running recorder finds the record gone and rebuilds it from the same journal.
    os.kill(live.pid("recorder"), signal.SIGTERM)
    wait_until(lambda: is_finished(file), 60, "the rebuilt record")
    assert_same_file(Path(kept), file)

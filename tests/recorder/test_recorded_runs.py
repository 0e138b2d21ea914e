"""Old runs cost a new recorder nothing, and none is forgotten."""

from pathlib import Path

import h5py
import pytest
from recorder.made_run import CONFIGS, MadeRun

from operando.config import load
from operando.recorder import runs
from operando.recorder.recorded import Recorded
from operando.recorder.service import run as record


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    run = MadeRun(tmp_path, frames=1)
    run.write_frames()
    run.write_log()
    run.write_journal()
    record_once(run)
    return run


def record_once(run: MadeRun) -> None:
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)


def test_a_complete_file_is_not_even_opened_again(run: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Path] = []
    monkeypatch.setattr(runs, "is_complete", lambda path: bool(opened.append(path)))
    record_once(run)
    assert opened == []


def test_a_file_that_was_taken_away_is_made_again(run: MadeRun) -> None:
    run.file.unlink()
    record_once(run)
    assert run.file.exists()


def test_a_file_that_was_touched_is_looked_at_again(run: MadeRun) -> None:
    with h5py.File(run.file, "r+") as file:
        del file["xrd/end_time"]
    record_once(run)
    with h5py.File(run.file) as file:
        assert "end_time" in file["xrd"]


def test_an_index_that_is_lost_or_torn_is_made_again(run: MadeRun) -> None:
    index = run.root / "run" / "recorded.jsonl"
    whole = index.read_bytes()
    for left in (b"", whole[:-9], b"\xff\n[1]\n"):
        index.write_bytes(left)
        record_once(run)
        assert Recorded(index).holds(run.journal)

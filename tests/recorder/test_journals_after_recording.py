"""What becomes of a journal once its file of record is there: kept, or removed when old; its torn end kept aside."""

import os
import time
from pathlib import Path

import h5py
import pytest
from recorder.made_run import CONFIGS, MadeRun

from operando.config import load
from operando.recorder.retention import LOOK_S, Retention
from operando.recorder.service import run as record

DAY = 86400.0


def recorded(root: Path, torn: int = 0) -> MadeRun:
    """A run of one frame, its journal without the last bytes, and its file of record."""
    run = MadeRun(root, frames=1)
    run.write_frames()
    run.write_log()
    run.write_journal()
    if torn:
        run.journal.write_bytes(run.journal.read_bytes()[:-torn])
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)
    return run


def test_a_torn_end_is_kept_aside_by_the_recorder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run = recorded(tmp_path, torn=20)
    whole, torn = run.journal.read_bytes(), run.journal.with_suffix(".torn").read_bytes()
    assert whole.endswith(b"\n" + torn)
    assert torn.startswith(b'{"name": "stop"')
    assert f"its end is torn from line 6 on ({len(torn)} bytes" in caplog.text


def test_an_old_journal_goes_once_its_file_of_record_is_complete(tmp_path: Path) -> None:
    run = recorded(tmp_path)
    now = [0.0]

    def retention(keep_days: float | None) -> Retention:
        return Retention(tmp_path / "journal", run.data, keep_days, lambda: now[0])

    assert not list((tmp_path / "journal").glob("*.torn"))
    month_old = time.time() - 30 * DAY
    os.utime(run.journal, (month_old, month_old))
    for_ever, longer, shorter = retention(None), retention(31.0), retention(29.0)
    assert for_ever.remove_if_due() == longer.remove_if_due() == []
    with h5py.File(run.file, "r+") as file:
        end = file["environment/end_time"].asstr()[()]
        del file["environment/end_time"]
    assert shorter.remove_if_due() == []
    with h5py.File(run.file, "r+") as file:
        file["environment/end_time"] = end
    assert shorter.remove_if_due() == []  # it looked a moment ago
    now[0] = LOOK_S
    assert for_ever.remove_if_due() == longer.remove_if_due() == []
    assert shorter.remove_if_due() == [run.journal]
    assert not run.journal.exists()
    assert run.file.exists()

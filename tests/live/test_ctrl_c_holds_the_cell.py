"""Ctrl-C in the middle of a cycle: the cell stays held, its programme goes on, the run and its files are closed."""

import os
import signal
import time
from pathlib import Path

import h5py
import pytest
from waiting import wait_until

from live.conftest import Live
from operando.journal import is_owned, read_journal

pytestmark = [pytest.mark.endstation, pytest.mark.timeout(240)]

CYCLE = """
import os
from pathlib import Path
from operando.cli.demo_run import finished_file, run_cycle
from operando.config import load
from operando.endstation import Root
config, place = load(Path(os.environ["OPERANDO_CONFIG"])), Root(Path(os.environ["OPERANDO_ROOT"]))
ended = run_cycle(config, place)
print("ended", ended.uid, ended.interrupted, finished_file(config, place, ended.uid), flush=True)
"""


def test_ctrl_c_holds_the_cell_and_closes_the_run(live: Live) -> None:
    live.wait_for_idle_cell()
    known = set(live.journals.glob("*.jsonl"))
    run = live.start_python(CYCLE)
    wait_until(lambda: set(live.journals.glob("*.jsonl")) - known, 60, "a journal")
    (journal,) = set(live.journals.glob("*.jsonl")) - known
    wait_until(lambda: sum(name == "event" for name, _ in read_journal(journal)) >= 3, 120, "three events")
    os.kill(run.pid, signal.SIGINT)
    said, _ = run.communicate(timeout=120)
    assert run.returncode == 0, said
    _, uid, interrupted, file = said.splitlines()[-1].split()
    assert (uid, interrupted) == (journal.stem, "True")
    assert not is_owned(journal)
    name, stop = list(read_journal(journal))[-1]
    assert (name, stop["exit_status"], stop["reason"]) == ("stop", "abort", "interrupted at the keyboard")
    with h5py.File(file) as record:
        assert record["xrd/end_reason"][()].decode() == "abort"
        raw = Path(file).parent / record["xrd/instrument/detector"].get("frames_000000", getlink=True).filename
    with h5py.File(raw, "r", libver="latest") as frames:  # refused while a writer has it open
        assert len(frames["entry/data/data"]) >= 3
    interrupted_at = time.time_ns()
    wait_until(lambda: live.last_cell_sample_ns() > interrupted_at + 2e9, 30, "the cell programme to go on")
    history = live.history()
    try:
        pressure = history.samples("stack_pressure", interrupted_at, time.time_ns())
    finally:
        history.close()
    good = pressure.value[pressure.quality == 0]
    assert len(good) > 20
    assert abs(good - 85.0).max() < 0.05

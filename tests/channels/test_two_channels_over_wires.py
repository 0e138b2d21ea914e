"""Two cells on two potentiostats, each with a programme of its own, in one service: neither waits for the other."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest
from channels.two_cells import configured
from environment.running_service import RunningService

from operando.sim.faults.client import cell_truth, clear_faults, fault, set_fault

CURRENT = 0.005  # A: a charge of either cell takes minutes
MANY = 15
"""Samples of one cell while the other one's line is dead: far more than any buffer between them holds."""
CHANGES = (
    ('current_C_rate = "C/4"', f"current_A = {CURRENT}"),
    ('current_C_rate = "-C/4"', f"current_A = {-CURRENT}"),
    ("sample_interval_s = 0.5", "sample_interval_s = 0.2"),
)
pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"), channels=("B",))
    running.configuration = configured(running.root, *CHANGES)
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(autouse=True)
def _both_well_and_running(running: RunningService) -> Iterator[None]:
    for subsystem in ("CELL", "CELL_B"):
        if running.text(f"{subsystem}:STATE") != "running":
            running.until(lambda subsystem=subsystem: running.ask(subsystem, "start")[1])  # the reset is on its way
            since = time.time_ns()  # the step of the programme before stands until the first sample of this one
            running.until(lambda subsystem=subsystem, since=since: running.stamped(f"{subsystem}:STEP")[1] > since)
    yield
    clear_faults(running.root)
    running.until(lambda: not running.text("INTERLOCK:FIRST_OUT") or running.ask("INTERLOCK", "reset")[1])
    running.until(lambda: running.text("INTERLOCK:FIRST_OUT") == "")


def samples(running: RunningService, quantity: str, since_ns: int) -> Any:
    with closing(running.history()) as history:
        return history.samples(quantity, since_ns, time.time_ns() + 10**9)


def test_each_runs_its_own_programme_and_is_logged_under_its_own_name(running: RunningService) -> None:
    since = time.time_ns()
    assert json.loads(running.text("CELL:PROGRAMME"))["name"] == "NMC811, C/4"
    assert json.loads(running.text("CELL_B:PROGRAMME"))["name"] == "rest and charge"
    running.until(lambda: samples(running, "step_b", since).value[-1:].tolist() == [2.0])
    running.until(lambda: len(samples(running, "current", since).value) >= 5)
    assert samples(running, "current", since).value[-1] == pytest.approx(CURRENT, rel=0.01)
    assert samples(running, "current_b", since).value[-1] == pytest.approx(0.02, rel=0.01)
    both = [np.diff(samples(running, name, since).time_ns) / 1e9 for name in ("voltage", "voltage_b")]
    assert [float(np.median(between)) for between in both] == pytest.approx([0.2, 0.1], rel=0.05)
    with closing(running.history()) as history:
        (rest,) = (step for step in history.steps(0, time.time_ns(), "B") if step.name == "before")
        assert {step.name for step in history.steps(0, time.time_ns())} == {"charge"}
    assert rest.how == "time >= 1 s"


@pytest.mark.skipif(not os.environ.get("OPERANDO_FULL"), reason="7 s; the short form is test_no_lock_is_shared.py")
def test_a_cell_whose_line_is_dead_keeps_the_other_waiting_for_nothing(running: RunningService) -> None:
    """Every command to a dead line takes a second until it is given up: one lock between the two would show."""
    running.until(lambda: running.stamped("CELL:STEP")[0] == 1.0)
    with fault(running.root, "potentiostat_b", "hung"):
        running.until(lambda: running.text("INTERLOCK:FIRST_OUT").startswith("cell_silent_b: "))
        running.until(lambda: running.text("CELL_B:OPEN_VERIFIED").startswith("cannot be verified: "))
        since = time.time_ns()
        running.until(lambda: len(samples(running, "voltage", since).value) >= MANY)
        found = samples(running, "voltage", since)
        assert running.text("CELL_B:OPEN_VERIFIED").startswith("cannot be verified: ")  # still being tried
    assert np.max(np.diff(found.time_ns)) < 0.3e9  # none is missing
    assert running.text("CELL:STATE") == "running"
    running.until(lambda: running.text("CELL_B:OPEN_VERIFIED").startswith("open circuit read back: "))
    assert not cell_truth(running.root, "b")["connected"]
    assert cell_truth(running.root)["connected"]


def test_a_fault_of_one_cell_opens_that_one_and_the_other_goes_on(running: RunningService) -> None:
    running.until(lambda: running.stamped("CELL_B:STEP")[0] == 2.0)
    set_fault(running.root, "cell_b", "lead_off")
    running.until(lambda: running.text("INTERLOCK:FIRST_OUT").startswith("lead_off_b: current_b "))
    running.until(lambda: running.text("CELL_B:OPEN_VERIFIED").startswith("open circuit read back: "))
    running.until(lambda: running.text("CELL_B:STATE") == "stopped")  # its script may have ended by itself before
    assert running.text("CELL:STATE") == "running"
    assert running.text("CELL:OPEN_VERIFIED") == ""
    assert cell_truth(running.root)["connected"]
    _, accepted, words = running.ask("CELL_B", "start")
    assert not accepted
    assert "tripped by lead_off_b: " in words


def test_safe_opens_both(running: RunningService) -> None:
    running.put("SAFE", 1)
    for subsystem, name in (("CELL", ""), ("CELL_B", "b")):
        running.until(lambda subsystem=subsystem: running.text(f"{subsystem}:OPEN_VERIFIED").startswith("open circuit"))
        assert not cell_truth(running.root, name)["connected"]

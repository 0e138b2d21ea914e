"""A cell on a source meter, over a real line: the host runs its programme, and may die."""

import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from channels.two_cells import CHANNEL, configured
from environment.running_service import RunningService

from operando.sim.faults.client import cell_truth

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not os.environ.get("OPERANDO_FULL"), reason="40 s; the short form is test_keithley2400.py, in virtual time"
    ),
]
UPPER = 3.68
CHANGES = {
    'driver = "emstat4"': 'driver = "keithley2400"',
    "current_A = 0.02": "current_A = 0.09",
    "sample_interval_s = 0.1": "sample_interval_s = 0.5",
}
FAST = ('condition = "short_circuit"\nlimit = 0.05', 'condition = "short_circuit"\nlimit = 0.5')
"""Between two samples this fast cell lives for two minutes."""
DISCHARGE = """
[[channels.programme.steps]]
kind = "constant_current"
name = "discharge"
current_A = -0.09
until_voltage_below = { value_V = 3.2, scale = "Li/Li+" }

"""


def table() -> str:
    """Return the channel with a source meter on it."""
    text = CHANNEL
    for was, becomes in CHANGES.items():
        assert was in text
        text = text.replace(was, becomes)
    return text + DISCHARGE


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"), channels=("B=keithley2400",))
    running.configuration = configured(running.root, FAST, channels=(table(),))
    try:
        running.start()
        yield running
    finally:
        running.close()


def steps(running: RunningService) -> list[Any]:
    with closing(running.history()) as history:
        return list(history.steps(0, time.time_ns(), "B"))


def begun(running: RunningService, name: str) -> None:
    if running.text("CELL_B:STATE") != "running":
        accepted, words = running.ask("CELL_B", "start")[1:]
        assert accepted, words
    running.until(lambda: running.text("CELL_B:STEP_NAME") == name)


def test_a_cycle_on_a_source_meter_keeps_to_its_limits(running: RunningService) -> None:
    cell_truth(running.root, "b")  # forgets the extremes
    before = cell_truth(running.root, "b")["passed"]
    begun(running, "discharge")
    running.until(lambda: running.text("CELL_B:STATE") == "finished")
    truth = cell_truth(running.root, "b")
    assert truth["highest_voltage"] == pytest.approx(UPPER, abs=2e-3)
    assert truth["largest_current"] < 0.0905
    assert not truth["connected"]
    running.until(lambda: steps(running)[-1].how)  # it is on the disk a moment later
    assert [(step.name, step.how) for step in steps(running)] == [
        ("before", "time >= 1 s"), ("charge", "voltage >= 3.68 V"), ("discharge", "voltage <= 2.58 V"),
    ]  # fmt: skip
    passed = sum(step.charge for step in steps(running))
    throughput = sum(abs(step.charge) for step in steps(running))
    assert passed == pytest.approx(truth["passed"] - before, abs=5e-3 * throughput)


def test_a_killed_service_finds_its_step_again_and_the_cell_kept_its_limit(running: RunningService) -> None:
    begun(running, "charge")
    running.end(signal.SIGKILL)
    running.until(lambda: cell_truth(running.root, "b")["voltage"] > UPPER - 1e-3)  # nobody watches
    running.start()
    running.until(lambda: running.text("CELL_B:STATE") == "finished")
    assert cell_truth(running.root, "b")["highest_voltage"] < UPPER + 2e-3
    running.until(lambda: steps(running)[-1].how)
    last = steps(running)[-2:]
    assert [(step.name, step.how) for step in last] == [
        ("charge", "voltage >= 3.68 V"), ("discharge", "voltage <= 2.58 V"),
    ]  # fmt: skip
    assert json.loads(running.text("CELL_B:LAST_END"))["name"] == "discharge"


def test_the_safe_state_is_read_back_from_a_source_meter(running: RunningService) -> None:
    begun(running, "charge")
    running.put("CELL_B:SAFE", 1)
    running.until(lambda: running.text("CELL_B:OPEN_VERIFIED").startswith("open circuit read back: output off"))
    assert not cell_truth(running.root, "b")["connected"]

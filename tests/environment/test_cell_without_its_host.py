"""What the cell does while its host is frozen or dead, over real lines; half a minute, so with ``OPERANDO_FULL=1``."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from environment.running_service import CURRENT, RunningService
from numpy.typing import NDArray

pytestmark = pytest.mark.skipif(not os.environ.get("OPERANDO_FULL"), reason="half a minute: OPERANDO_FULL=1")
UPPER, LOWER = 3.68, 2.18  # V at the terminals
OVERSHOOT = 0.02  # V that this cell, 250 times too fast, moves between two samples of the instrument
NS = 1_000_000_000


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    try:
        running.start()
        yield running
    finally:
        running.close()


def truth(running: RunningService) -> NDArray[np.float64]:
    return np.array(running.truth())


def charging(running: RunningService) -> int:
    """Start a programme; return when it charges, UTC in ns."""
    assert running.ask("CELL", "start")[1]
    running.until(lambda: running.stamped("CELL:CHARGE")[0] > CURRENT * 3 / 3600)
    return int(running.truth()[-1][0])


def finished(running: RunningService) -> None:
    """Wait for the end of the programme, and for the log to have it."""
    running.until(lambda: running.text("CELL:STATE") == "finished")
    ended = running.truth()[-1][0]
    with closing(running.history()) as history:
        running.until(lambda: history.committed_ns() > ended)


def charge_error(running: RunningService) -> float:
    """Return by how much the charge at the end of the log is wrong, in what passed in both directions."""
    known = truth(running)
    with closing(running.history()) as history:
        last = history.last("charge")
    assert last is not None
    passed = np.interp(last.time_ns, known[:, 0], known[:, 4]) - known[0, 4]
    return float(abs(last.value - passed) / np.sum(np.abs(np.diff(known[:, 4]))))


def test_a_host_that_is_frozen_while_it_charges_leaves_the_cell_inside_its_limits(running: RunningService) -> None:
    since = charging(running)
    assert running.service is not None
    running.service.send_signal(signal.SIGSTOP)
    try:
        running.until(lambda: running.truth()[-1][6] < -0.9 * CURRENT)  # the instrument has gone on by itself
    finally:
        running.service.send_signal(signal.SIGCONT)
    found = truth(running)
    found = found[found[:, 0] >= since]
    assert UPPER - OVERSHOOT < np.max(found[:, 5]) < UPPER + OVERSHOOT
    finished(running)
    with closing(running.history()) as history:
        steps = history.steps(since, 2**62)
    assert [step.how.split()[0] for step in steps] == ["voltage", "voltage"]
    assert charge_error(running) < 1e-3


def test_a_service_killed_in_mid_step_is_back_in_the_same_step(running: RunningService) -> None:
    since = charging(running)
    running.end(signal.SIGKILL)
    killed = int(running.truth()[-1][0])
    running.until(lambda: running.truth()[-1][0] > killed + 2 * NS)
    running.start()
    assert running.text("CELL:STATE") == "running"
    running.until(lambda: running.stamped("CELL:CHARGE")[1] > killed + 2 * NS)
    back = int(running.truth()[-1][0])
    finished(running)
    found = truth(running)
    assert np.max(found[found[:, 0] >= since, 5]) < UPPER + OVERSHOOT
    with closing(running.history()) as history:
        steps = history.steps(since, 2**62)
        gap = history.samples("voltage", killed, killed + 2 * NS)
        quality = history.samples("charge", back, 2**62).quality
    assert len(gap) == 0
    assert [step.name for step in steps] == ["charge", "discharge"]
    assert set(quality) == {0}
    assert charge_error(running) < 1e-3

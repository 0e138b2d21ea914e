"""What the cell does while its host is frozen or dead, over real lines.

The normal run freezes it over the end of a charge and kills it in the discharge, with a cell half as large; whole
programmes take half a minute each, so with ``OPERANDO_FULL=1``.
"""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from environment.running_service import CAPACITY, CURRENT, RunningService
from numpy.typing import NDArray

full = pytest.mark.skipif(not os.environ.get("OPERANDO_FULL"), reason="half a minute: OPERANDO_FULL=1")
UPPER, LOWER = 3.68, 2.18  # V at the terminals
OVERSHOOT = 0.02  # V that this cell, 250 times too fast, moves between two samples of the instrument
SLOW = -0.02  # A; of a cell of half the size, for some 20 s
NS = 1_000_000_000


@pytest.fixture
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """One of half the size, which discharges slowly: no restart takes that long."""
    running = RunningService(tmp_path_factory.mktemp("root"), capacity=CAPACITY / 2)
    text = running.configuration.read_text()
    running.configuration.write_text(text.replace(f"current_A = {-CURRENT}", f"current_A = {SLOW}"))
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


def test_a_host_frozen_over_the_end_of_a_charge_and_killed_in_the_discharge_loses_no_charge(
    small: RunningService,
) -> None:
    since = charging(small)
    assert small.service is not None
    small.service.send_signal(signal.SIGSTOP)
    try:
        small.until(lambda: small.truth()[-1][6] < 0.9 * SLOW)  # the instrument has gone on by itself
    finally:
        small.service.send_signal(signal.SIGCONT)
    small.until(lambda: small.text("CELL:STEP_NAME") == "discharge")
    small.end(signal.SIGKILL)
    killed = int(small.truth()[-1][0])
    small.start()
    assert small.text("CELL:STATE") == "running"
    back = int(small.truth()[-1][0])
    with closing(small.history()) as history:
        small.until(lambda: history.samples("charge", back, 2**62).time_ns[-1:].max(initial=0) > back + NS // 2)
        steps = history.steps(since, 2**62)
        gap = history.samples("voltage", killed + NS // 5, back - NS)
        quality = history.samples("charge", back, 2**62).quality
    found = truth(small)
    assert found[-1, 6] < 0.9 * SLOW  # it discharges still
    assert UPPER - 2 * OVERSHOOT < np.max(found[found[:, 0] >= since, 5]) < UPPER + 2 * OVERSHOOT
    assert [step.name for step in steps] == ["charge", "discharge"]
    assert steps[0].how.startswith("voltage")
    assert len(gap) == 0
    assert set(quality) == {0}
    assert charge_error(small) < 1e-3


@full
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


@full
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

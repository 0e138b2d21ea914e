"""Everything that is known of a cycling cell is live: what an EPICS client reads is the log, and fits together."""

import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from environment.running_service import RunningService

from operando.history import EnvironmentHistory
from operando.vocabulary import QUANTITY

LITTLE = 0.1
"""mA h: a charge takes some seconds."""
MASS, THEORY, COUNTER = 3.927e-3, 275.5, 0.62
"""g, mA h/g and V vs Li/Li+ of the shipped cell."""
WATCHED = (
    "voltage", "current", "charge", "cycle", "half_cycle", "step", "run", "step_time", "step_charge", "potential",
    "specific_capacity", "state_of_charge", "rest_age", "time_uncertainty", "clock_drift", "clock_drift_uncertainty",
)  # fmt: skip
Seen = dict[str, list[tuple[float, int]]]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    running = RunningService(tmp_path_factory.mktemp("root"), capacity=LITTLE)
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def seen(running: RunningService) -> Seen:
    """What records showed while the cell was charged, and behind its cycle."""
    began = time.time_ns()
    assert running.ask("CELL", "start")[1]
    running.until(lambda: running.stamped("CELL:CLOCK_DRIFT")[1] > began)
    seen = {quantity: [running.stamped(QUANTITY[quantity].record) for _ in range(5)] for quantity in WATCHED}
    running.until(lambda: running.text("CELL:STATE") == "finished")
    running.until(lambda: running.stamped("CELL:EFFICIENCY")[1] > began)
    for quantity in (*WATCHED, "efficiency"):
        seen.setdefault(quantity, []).append(running.stamped(QUANTITY[quantity].record))
    newest = max(time_ns for found in seen.values() for _, time_ns in found)
    with closing(running.history()) as history:
        running.until(lambda: history.committed_ns() > newest)
    return seen


@pytest.fixture
def history(running: RunningService) -> Iterator[EnvironmentHistory]:
    with closing(running.history()) as history:
        yield history


@pytest.mark.parametrize("quantity", [*WATCHED, "efficiency"])
def test_a_record_of_the_cell_is_the_log(seen: Seen, history: EnvironmentHistory, quantity: str) -> None:
    for value, time_ns in seen[quantity]:
        logged = history.last(quantity, time_ns)
        assert logged is not None
        assert (logged.value, logged.time_ns) == (value, time_ns)
    assert len(set(seen[quantity])) > 1 or quantity == "efficiency"  # they live: a stamp at least is new


def test_what_a_sample_says_fits_together(seen: Seen, history: EnvironmentHistory) -> None:
    at = seen["voltage"][0][1]
    found = {quantity: history.samples(quantity, at, at).value for quantity in WATCHED}
    value = {quantity: float(values[0]) for quantity, values in found.items() if len(values)}
    assert value["potential"] == pytest.approx(value["voltage"] + COUNTER)
    assert value["charge"] == value["step_charge"] > 0.0  # in the first step
    assert value["specific_capacity"] == pytest.approx(value["charge"] * 1e3 / MASS)
    assert value["state_of_charge"] == pytest.approx(value["charge"] * 1e3 / (MASS * THEORY))
    assert value["charge"] == pytest.approx(value["current"] * value["step_time"] / 3600, rel=0.05)
    assert [value[name] for name in ("cycle", "half_cycle", "step", "run", "rest_age")] == [1, 1, 1, 1, 0]
    assert 0.0 < value["time_uncertainty"] < 0.1


def test_the_efficiency_is_of_what_was_charged(seen: Seen, history: EnvironmentHistory) -> None:
    charge, discharge = history.steps(0, 2**62)
    assert charge.charge
    assert discharge.charge
    assert seen["efficiency"][0][0] == pytest.approx(-discharge.charge / charge.charge, rel=1e-6)
    assert 0.3 < seen["efficiency"][0][0] < 1.0

"""What can happen to a cell that charges: the right cause trips within two samples, and the circuit is seen open."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from campaigns.campaign import Campaign

from operando.sim.faults.client import cell_truth, clear_faults, set_fault
from operando.vocabulary import Quality

FULL = bool(os.environ.get("OPERANDO_FULL"))
WITHIN = 2
"""Samples."""
pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Case:
    """Faults that begin together, and the interlock that must be the first.

    Parameters
    ----------
    silent : bool
        Nothing can be heard of the instrument: the safe state cannot be verified while the fault stands.
    """

    name: str
    faults: tuple[tuple[str, str, float | None], ...]
    first: str
    silent: bool = False


CASES = (
    Case("lead off", (("cell", "lead_off", None),), "lead_off"),
    Case("overload", (("potentiostat", "overload", None),), "overload"),
    Case(
        "voltage beyond the limit",
        (("potentiostat", "limits_ignored", None), ("cell", "counter_electrode", -1.5)),
        "over_voltage",
    ),
    Case("nothing arrives", (("potentiostat", "silent", None),), "cell_silent", silent=True),
    Case("cable pulled", (("potentiostat", "unplugged", None),), "cell_silent", silent=True),
    Case("short circuit", (("cell", "short", 10.0),), "short_circuit"),  # the last: it empties the cell
)
SHORT = tuple(case for case in CASES if case.name != "nothing arrives")


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    running = Campaign(tmp_path_factory.mktemp("root"))
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.mark.parametrize("case", CASES if FULL else SHORT, ids=lambda case: case.name)
def test_a_fault_of_the_cell(campaign: Campaign, case: Case) -> None:
    begun = time.time_ns()
    campaign.demand("CELL", "start")
    campaign.until(lambda: len(voltages(campaign, begun)[0]) >= 3)
    assert cell_truth(campaign.root)["connected"]
    assert campaign.text("CELL:OPEN_VERIFIED") == ""
    for target, kind, value in case.faults:
        set_fault(campaign.root, target, kind, value=value)
    since = time.time_ns()
    campaign.until(lambda: campaign.text("INTERLOCK:FIRST_OUT"))
    first = campaign.text("INTERLOCK:FIRST_OUT")
    assert first.startswith(f"{case.first}: ")
    assert_within_two_samples(campaign, case, since, moment_of(first))
    if case.silent:
        campaign.until(lambda: campaign.text("CELL:OPEN_VERIFIED").startswith("cannot be verified: "))
        assert "cell_silent: cannot be verified: " in campaign.ask("INTERLOCK", "reset")[2]
    else:
        campaign.until(lambda: campaign.text("CELL:OPEN_VERIFIED"))
    clear_faults(campaign.root)
    campaign.until(lambda: campaign.text("CELL:OPEN_VERIFIED").startswith("open circuit read back: "))
    truth = cell_truth(campaign.root)
    assert not truth["connected"]
    assert truth["current"] == 0.0
    campaign.until(lambda: campaign.text("CELL:STATE") == "stopped")  # its script may have ended by itself before
    assert "safe state of the cell: open circuit read back" in campaign.logged()
    campaign.until(lambda: case.first in boxed(campaign.root))
    campaign.recover()


def test_a_black_box_holds_what_was_read_back(campaign: Campaign) -> None:
    campaign.end()  # writes the box that is open
    told = [event for file in boxes(campaign.root) for event in json.loads(file.read_text())["events"]]
    verified = [event["value"] for event in told if event["record"] == "CELL:OPEN_VERIFIED"]
    assert any(text.startswith("open circuit read back: ") for text in verified)
    assert any(text.startswith("cannot be verified: ") for text in verified)


def voltages(campaign: Campaign, since_ns: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the times of the samples, and which of them were measured."""
    with closing(campaign.history()) as history:
        samples = history.samples("voltage", since_ns, time.time_ns() + 10**9)
    return samples.time_ns, samples.quality != Quality.INVALID


def assert_within_two_samples(campaign: Campaign, case: Case, since_ns: int, tripped_ns: int) -> None:
    """The trip is decided on the first or second sample that shows the fault, or that is missed."""

    def committed() -> bool:
        with closing(campaign.history()) as history:
            return history.committed_ns() > tripped_ns

    campaign.until(committed)
    times, measured = voltages(campaign, since_ns)
    shows = ~measured if case.silent else measured
    assert int(np.sum(shows & (times <= tripped_ns + 1_000_000))) <= WITHIN  # the record says it to the millisecond


def moment_of(first_out: str) -> int:
    return round(datetime.fromisoformat(first_out.rpartition(", ")[2]).timestamp() * 1e3) * 1_000_000


def boxes(root: Path) -> list[Path]:
    return sorted((root / "blackbox").glob("*.json"))


def boxed(root: Path) -> list[str]:
    return [trip["name"] for file in boxes(root) for trip in json.loads(file.read_text())["trips"]]

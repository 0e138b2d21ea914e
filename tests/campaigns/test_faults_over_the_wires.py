"""Each fault of the simulator in each mode, over the real wires: held, within its limits, named, and reset by a human.

The normal run takes a dozen; ``OPERANDO_FULL=1`` takes all of them.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
from campaigns.campaign import SLEW, TARGET, Campaign, slews
from campaigns.fault_cases import CASES, MODES, SHORT, Case

from operando.sim.faults.client import active_faults, clear_faults, set_fault
from operando.sim.faults.table import KINDS

FULL = bool(os.environ.get("OPERANDO_FULL"))
LIMIT = 100.0  # MPa, [pressure] high_limit_MPa
BY_THE_FAULT = 300_000_000  # ns in which a fault has moved the drive by itself
pytestmark = pytest.mark.timeout(3600 if FULL else 180)


@pytest.fixture(scope="module")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = Campaign(tmp_path_factory.mktemp("root"))
    try:
        campaign.start()
        yield campaign
    finally:
        campaign.close()


@pytest.fixture
def campaign(_running: Campaign) -> Iterator[Campaign]:
    """The shared service, on a rig that is well again whatever the case before has come to."""
    yield _running
    if active_faults(_running.root) or _running.text("INTERLOCK:FIRST_OUT"):
        _running.recover()


def test_the_table_holds_every_fault_in_every_mode() -> None:
    told = {(case.target, case.kind, case.mode) for case in CASES}
    # a detector is none of the environment service's business: its faults are those of flights (tests/ophyd_devices)
    ours = [kind for kind in KINDS if kind.target != "detector"]
    assert told == {(kind.target, kind.name, mode) for kind in ours for mode in MODES}
    assert 10 <= len(SHORT) <= 15


@pytest.mark.parametrize("case", CASES if FULL else SHORT, ids=str)
def test_a_fault(campaign: Campaign, case: Case) -> None:
    campaign.prepare(case.mode)
    if case.target in ("potentiostat", "cell") and case.mode != "released":
        begun = time.time_ns()
        campaign.demand("CELL", "start")
        campaign.until(lambda: campaign.samples_since(begun) >= 3)  # it charges
    place, since = campaign.log_place(), time.time_ns()
    set_fault(campaign.root, case.target, case.kind, value=case.value)
    if case.ask:
        campaign.demand("PRESSURE", *case.ask)
    if case.first:
        assert_trip(campaign, case)
    else:
        campaign.wait(case.stands)
        campaign.until(lambda: case.alarm in campaign.text("INTERLOCK:ALARMS"), 20.0)
        assert campaign.text("INTERLOCK:FIRST_OUT").partition(":")[0] in {"", case.may}
    campaign.recover()
    assert_limits(campaign, case, since)
    assert case.says in campaign.log_since(place)
    if case.first:
        assert f"INTERLOCK {case.first} has TRIPPED" in campaign.log_since(place)
        assert_logged(campaign, since)


def assert_trip(campaign: Campaign, case: Case) -> None:
    """The first cause is named, stays named when the fault is gone, and everything is refused in its name."""
    campaign.until(lambda: campaign.text("INTERLOCK:FIRST_OUT"), 20.0)
    assert campaign.text("INTERLOCK:FIRST_OUT").startswith(f"{case.first}:")
    if case.moves:
        campaign.wait(1.0)  # to be seen standing where the fault has brought it
    clear_faults(campaign.root)
    _, accepted, words = campaign.ask("PRESSURE", "target", TARGET)
    assert not accepted
    assert case.first in words
    assert campaign.text("INTERLOCK:FIRST_OUT").startswith(f"{case.first}:")


def assert_limits(campaign: Campaign, case: Case, since_ns: int) -> None:
    """What was true: below the limit, and never faster than the slew limit but by the fault's own doing."""
    moments = campaign.moments(since_ns)
    assert max(moment.pressure for moment in moments) < LIMIT
    own = [moment for moment in moments if moment.time_ns > since_ns + (BY_THE_FAULT if case.moves else 0)]
    assert max(slews(own)) < 1.2 * SLEW


def assert_logged(campaign: Campaign, since_ns: int) -> None:
    """The environment log holds the trip."""
    with closing(campaign.history()) as history:
        campaign.until(lambda: 1.0 in history.samples("interlock_tripped", since_ns, time.time_ns()).value)

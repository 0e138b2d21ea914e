"""The judgement of a move, without a wire: arrivals, dead ends and patience."""

from dataclasses import dataclass, replace

import pytest

from operando.devices.travel import Sight, Travel
from operando.errors import MoveFailed

START = Sight(target=84.0, readback=84.0, state="settled", settled_id="earlier", heartbeat_age=0.1)
UNDERWAY = replace(START, target=85.0, state="ramping")


def travel(settle_time: float = 0.0) -> Travel:
    return Travel("ours", 85.0, START, now=0.0, tolerance=0.05, settle_time=settle_time, patience=10.0)


def test_arrival_is_the_id_of_the_request_with_a_young_heartbeat() -> None:
    move = travel()
    assert not move.arrived(UNDERWAY, 1.0)
    assert not move.arrived(replace(UNDERWAY, readback=85.0, state="settled"), 2.0), "the last move's flag"
    arrived = replace(UNDERWAY, readback=85.0, state="settled", settled_id="ours")
    assert not move.arrived(replace(arrived, heartbeat_age=3.0), 3.0)
    assert move.arrived(arrived, 4.0)


@pytest.mark.parametrize("target", [84.0, 85.0])
def test_an_earlier_request_may_settle_while_ours_is_on_its_way(target: float) -> None:
    move = travel()
    assert not move.arrived(replace(START, target=target), 0.01)
    assert not move.arrived(replace(START, target=target, settled_id="theirs"), 0.02)
    assert not move.arrived(replace(UNDERWAY, settled_id="theirs"), 0.03)
    assert not move.arrived(replace(UNDERWAY, settled_id="theirs"), 5.0)
    assert move.arrived(replace(UNDERWAY, readback=85.0, state="settled", settled_id="ours"), 6.0)


@dataclass(frozen=True)
class DeadEnd:
    name: str
    sights: tuple[Sight, ...]
    words: str


@pytest.mark.parametrize(
    "case",
    [
        DeadEnd(
            "fault", (UNDERWAY, replace(UNDERWAY, state="fault"), replace(UNDERWAY, state="fault")), "went to fault"
        ),
        DeadEnd("held", (UNDERWAY, replace(UNDERWAY, state="held"), replace(UNDERWAY, state="held")), "went to held"),
        DeadEnd("free", (UNDERWAY, replace(UNDERWAY, state="free"), replace(UNDERWAY, state="free")), "went to free"),
        DeadEnd(
            "forgotten by a killed service",
            (UNDERWAY, replace(UNDERWAY, state="settled"), replace(UNDERWAY, state="settled")),
            "does not know of this request",
        ),
        DeadEnd(
            "target changed",
            (UNDERWAY, replace(UNDERWAY, target=50.0), replace(UNDERWAY, target=50.0)),
            "changed to 50 by somebody else",
        ),
        DeadEnd(
            "same target, other request", (UNDERWAY, UNDERWAY, replace(UNDERWAY, settled_id="theirs")), "newer request"
        ),
    ],
    ids=lambda case: case.name,
)
def test_dead_ends(case: DeadEnd) -> None:
    move = travel()
    *before, last = case.sights
    for number, sight in enumerate(before):
        assert not move.arrived(sight, 1.0 * number)
    with pytest.raises(MoveFailed, match=case.words):
        move.arrived(last, 1.0 * len(before))


def test_what_stood_in_the_records_before_the_request_does_not_count() -> None:
    move = travel()
    for number, state in enumerate(["held", "held", "ramping", "held", "ramping"]):
        assert not move.arrived(replace(START, state=state), 0.1 * number)


@pytest.mark.parametrize(
    "fresh", [replace(UNDERWAY, target=0.0, state=""), replace(UNDERWAY, target=float("nan"), state="fault")]
)
def test_the_first_records_of_a_restarted_service_end_no_move(fresh: Sight) -> None:
    move = travel()
    assert not move.arrived(UNDERWAY, 1.0)
    move.resume(9.0)
    assert not move.arrived(fresh, 9.0)
    assert not move.arrived(fresh, 10.0)
    assert not move.arrived(UNDERWAY, 10.2)
    assert move.arrived(replace(UNDERWAY, readback=85.0, settled_id="ours"), 11.0)


def test_a_restarted_service_that_knows_nothing_of_the_move_ends_it() -> None:
    move = travel()
    assert not move.arrived(UNDERWAY, 1.0)
    move.resume(9.0)
    assert not move.arrived(replace(UNDERWAY, target=84.3, state="idle"), 9.0)
    with pytest.raises(MoveFailed, match=r"changed to 84\.3 by somebody else"):
        move.arrived(replace(UNDERWAY, target=84.3, state="idle"), 11.0)


def test_a_slow_ramp_may_take_any_time() -> None:
    move = travel()
    for minute in range(100):
        assert not move.arrived(replace(UNDERWAY, readback=84.0 + 0.01 * minute), 9.0 * minute)


def test_noise_is_not_progress() -> None:
    move = travel()
    noisy = [replace(UNDERWAY, readback=84.5 + 0.002 * (second % 2)) for second in range(12)]
    assert not any(move.arrived(sight, float(second)) for second, sight in enumerate(noisy[:11]))
    with pytest.raises(MoveFailed, match="no progress for 11 s"):
        move.arrived(noisy[11], 11.0)


def test_settling_may_take_its_settle_time_on_top() -> None:
    move = travel(settle_time=20.0)
    near = replace(UNDERWAY, readback=85.01, state="settling")
    assert not any(move.arrived(near, float(second)) for second in range(30))
    with pytest.raises(MoveFailed, match="no progress"):
        move.arrived(near, 31.0)


def test_a_sensor_without_a_value_makes_no_progress() -> None:
    move = travel()
    with pytest.raises(MoveFailed, match="no progress for 11 s; the environment service is silent"):
        move.arrived(replace(UNDERWAY, readback=float("nan"), heartbeat_age=11.0), 11.0)

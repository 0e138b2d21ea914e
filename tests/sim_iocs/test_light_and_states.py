"""What happened during an exposure: light through the shutter, states of the cell."""

import threading
from itertools import pairwise

import pytest

from operando.sim.iocs.source import FULL_CURRENT, Light, ring_current
from operando.sim.iocs.states import KEPT, StateHistory, mean
from sim_iocs.running_service import true_state

SECOND = 10**9


@pytest.mark.parametrize(
    ("moves", "open_seconds"),
    [
        ([], 10.0),
        ([(False, -5)], 0.0),
        ([(False, -5), (True, -3)], 10.0),
        ([(False, 4)], 4.0),
        ([(False, 4), (True, 7)], 7.0),
        ([(False, 12)], 10.0),
        ([(False, 4), (True, 12)], 4.0),
        ([(True, 2), (False, 4)], 4.0),
    ],
)
def test_a_frame_gets_the_light_of_the_open_shutter_alone(moves: list[tuple[bool, int]], open_seconds: float) -> None:
    light = Light(is_open=True)
    for is_open, second in moves:
        light.move(is_open, (100 + second) * SECOND)
    assert light.during(100 * SECOND, 110 * SECOND) == pytest.approx(open_seconds, rel=0.01)


def test_the_ring_current_decays_and_is_topped_up() -> None:
    currents = [ring_current(second * SECOND) for second in range(480)]
    assert max(currents) == FULL_CURRENT
    assert 0.99 * FULL_CURRENT < min(currents) < FULL_CURRENT
    assert sum(later > earlier for earlier, later in pairwise(currents)) == 1


def test_only_states_inside_the_exposure_count() -> None:
    history = StateHistory()
    for moment in range(0, 100, 10):
        history.append(true_state(moment, stack_pressure=float(moment)))
    during = history.during(20, 45)
    assert [state.time_ns for state in during] == [20, 30, 40]
    assert mean(during, "stack_pressure") == 30.0


def test_between_two_states_the_earlier_one_holds() -> None:
    history = StateHistory()
    for moment in (0, 10, 20):
        history.append(true_state(moment))
    assert [state.time_ns for state in history.during(12, 15)] == [10]


def test_the_end_of_an_exposure_waits_for_states_still_on_their_way() -> None:
    history = StateHistory()
    history.append(true_state(10))
    found: list[int] = []
    reader = threading.Thread(target=lambda: found.extend(state.time_ns for state in history.during(5, 25, 30.0)))
    reader.start()
    history.append(true_state(20))
    history.append(true_state(30))
    reader.join()
    assert found == [10, 20]


def test_a_minute_is_remembered() -> None:
    history = StateHistory()
    for moment in range(KEPT + 5):
        history.append(true_state(moment))
    assert len(history.during(0, KEPT + 4)) == KEPT


def test_without_states_nothing_is_known() -> None:
    history = StateHistory()
    assert not history
    assert mean(history.during(0, 10, timeout=0.0), "a") is None

"""Ramps that never overshoot, and moves that count as arrived only when they are."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.control import Ramp, Settling, ramp, settling


def test_a_ramp_of_half_a_megapascal_per_second_takes_ten_seconds_for_five() -> None:
    state, seconds = Ramp(setpoint=80.0, target=85.0, rate=0.5), 0.0
    while not state.arrived:
        state = ramp.step(state, 0.05)
        seconds += 0.05
    assert seconds == pytest.approx(10.0, abs=0.06)
    assert state.setpoint == 85.0


def test_a_new_target_starts_from_the_setpoint_not_from_a_lagging_readback() -> None:
    halfway = ramp.step(Ramp(setpoint=80.0, target=85.0, rate=0.5), 4.0)
    assert halfway.towards(70.0).setpoint == 82.0
    assert ramp.step(halfway.towards(70.0), 1.0).setpoint == 81.5


def test_a_stop_freezes_the_target_where_the_setpoint_is() -> None:
    stopped = ramp.step(Ramp(setpoint=80.0, target=85.0, rate=0.5), 4.0).frozen()
    assert stopped.arrived
    assert ramp.step(stopped, 10.0).setpoint == 82.0


@settings(deadline=None)
@given(st.floats(5, 100), st.floats(5, 100), st.floats(0.001, 10), st.lists(st.floats(-1, 2), max_size=50))
def test_a_ramp_never_passes_its_target_nor_its_rate(
    start: float, target: float, rate: float, steps: list[float]
) -> None:
    state = Ramp(start, target, rate)
    for dt in steps:
        after = ramp.step(state, dt)
        assert min(start, target) <= after.setpoint <= max(start, target)
        assert abs(after.setpoint - state.setpoint) <= rate * max(dt, 0.0) + 1e-9
        state = after


def settle(readbacks: list[float | None], state: Settling | None = None) -> Settling:
    state = state or Settling()
    for readback in readbacks:
        state = settling.step(state, readback, 85.0, 0.5, tolerance=0.05, settle_time=2.0)
    return state


def test_a_move_is_settled_after_the_settle_time_within_tolerance() -> None:
    assert not settle([85.0] * 3).settled
    assert settle([85.0] * 4).settled


def test_one_noisy_sample_does_not_start_the_wait_anew() -> None:
    assert not settle([85.0, 85.0, 85.0, 85.06, 85.0]).settled
    assert settle([85.0, 85.0, 85.0, 85.06, 85.0, 85.0]).settled


def test_a_readback_that_swings_about_the_edge_never_settles() -> None:
    assert not settle([85.04, 85.06] * 100).settled


@pytest.mark.parametrize("gone", [85.051, 84.9, None, math.nan, math.inf])
def test_leaving_the_band_unsettles(gone: float | None) -> None:
    arrived = settle([85.0] * 10)
    assert arrived.settled
    assert not settle([gone], arrived).settled
    assert not settle([gone] * 10 + [85.0] * 3, arrived).settled


def test_without_a_settle_time_the_first_good_readback_settles() -> None:
    assert settling.step(Settling(), 85.0, 85.0, 0.05, tolerance=0.05, settle_time=0.0).settled
    assert not settling.step(Settling(), 86.0, 85.0, 0.05, tolerance=0.05, settle_time=0.0).settled

"""The display is what is dropped first."""

import pytest

from operando.live import Pace

TURN_S = 0.001
"""What the recorder does between two questions."""


class Clock:
    """Stands still but for what is done."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def looks(seconds: float, cost: float, busy: bool) -> int:
    """Return how many looks are made in some seconds of a recorder, each of which costs some, s."""
    clock = Clock()
    pace, made = Pace(clock), 0
    while clock.now < seconds:
        clock.now += TURN_S
        if pace.due(busy):
            made += 1
            pace.begin()
            clock.now += cost
            pace.end()
    return made


@pytest.mark.parametrize("cost", [0.0, 0.002, 0.01])
def test_five_looks_a_second_whatever_the_frame_rate(cost: float) -> None:
    assert 48 <= looks(10.0, cost, busy=False) <= 51


@pytest.mark.parametrize("cost", [0.05, 0.2, 1.0])
def test_a_display_that_costs_much_is_made_seldom(cost: float) -> None:
    assert looks(100.0, cost, busy=False) * cost <= 0.06 * 100


def test_while_frames_wait_there_is_a_look_now_and_then() -> None:
    assert 5 <= looks(10.0, 0.005, busy=True) <= 6


@pytest.mark.parametrize("cost", [0.005, 0.05, 0.5])
def test_frames_that_wait_lose_hardly_anything_to_the_display(cost: float) -> None:
    assert looks(100.0, cost, busy=True) * cost <= 0.06 * 100

"""Steps at a fixed rate, on a clock that the test turns."""

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.environment.schedule import Schedule, ask_for_realtime


class Clock:
    """Monotonic seconds that pass while somebody waits, or works."""

    def __init__(self, steps: int) -> None:
        self.now = 100.0
        self.left = steps

    def monotonic(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        assert seconds >= 0
        self.now += seconds
        self.left -= 1
        return self.left == 0


def run(work: list[float], period: float = 0.05) -> tuple[list[float], list[float], int]:
    """Return start and dt of each step, and the overruns, where the steps take the seconds of ``work``."""
    clock = Clock(len(work))
    schedule = Schedule(period, clock.wait, clock.monotonic)
    starts: list[float] = []
    lengths: list[float] = []

    def step(dt: float) -> None:
        lengths.append(dt)
        starts.append(clock.now - 100.0)
        clock.now += work[len(starts) - 1]

    schedule.run(step)
    return starts, lengths, schedule.overruns


def test_deadlines_do_not_drift_with_the_length_of_the_steps() -> None:
    starts, lengths, overruns = run([0.01, 0.04, 0.049, 0.0, 0.02])
    assert starts == pytest.approx([0.0, 0.05, 0.10, 0.15, 0.20])
    assert lengths == pytest.approx([0.05] * 5)
    assert overruns == 0


def test_a_step_that_is_a_little_late_is_made_up_for() -> None:
    starts, lengths, overruns = run([0.06, 0.0, 0.0])
    assert starts == pytest.approx([0.0, 0.06, 0.10])
    assert lengths == pytest.approx([0.05, 0.06, 0.04])
    assert overruns == 0


def test_missed_deadlines_are_counted_and_left_out() -> None:
    starts, lengths, overruns = run([0.18, 0.0, 0.0])
    assert starts == pytest.approx([0.0, 0.18, 0.20])
    assert lengths == pytest.approx([0.05, 0.18, 0.02])
    assert overruns == 2


def test_what_the_system_says_to_real_time_priority_is_told() -> None:
    said: list[tuple[bool, str]] = []
    thread = threading.Thread(target=lambda: said.append(ask_for_realtime()))  # a thread of its own keeps it to itself
    thread.start()
    thread.join()
    granted, words = said[0]
    assert ("granted" in words) is granted
    assert "real-time priority" in words


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0.0, 0.4), st.floats(0.0, 0.4)), min_size=1, max_size=50))
def test_every_deadline_is_a_step_or_an_overrun(days: list[tuple[float, float]]) -> None:
    """Steps take their time and the host wakes late, but no deadline is lost from the count."""
    clock, period = Clock(len(days)), 0.05
    starts: list[float] = []

    def step(dt: float) -> None:
        starts.append(clock.now)
        clock.now += days[len(starts) - 1][0]

    def wait(seconds: float) -> bool:
        counted = (len(starts) + schedule.overruns) * period  # the first step is at the origin
        passed = clock.now - starts[0]
        if seconds > 0:
            assert counted == pytest.approx(passed + seconds)
        else:
            assert counted - 1e-9 <= passed <= counted + period + 1e-9
        clock.now += days[len(starts) - 1][1]
        return clock.wait(seconds)

    schedule = Schedule(period, wait, clock.monotonic)
    schedule.run(step)
    assert schedule.lateness.count == len(starts) - 1
    assert schedule.lateness.largest <= 0.4 + period + 1e-9

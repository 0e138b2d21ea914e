"""Steps at a fixed rate, on a clock that the test turns."""

import threading

import pytest

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
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(ask_for_realtime()))  # a thread of its own keeps it to itself
    thread.start()
    thread.join()
    assert "real-time priority" in said[0]

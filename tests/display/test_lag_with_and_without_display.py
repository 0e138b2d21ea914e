"""A recorder that can just keep up is as far behind with its display as without: the display is what waits."""

import pytest
from display.shown_recording import ShownRecording

from operando.live import Look
from operando.recorder.display import Display

FRAME_S = 0.005
"""What a frame costs the recorder's own thread: it can write 200 a second."""
NOTHING_S = 0.0005
"""What a turn costs in which there is nothing to do."""
WATCHED_S = 60.0


class Loop:
    """The loop of a recorder in a time of its own: frames come at a rate, each costs some, and so does a look.

    Parameters
    ----------
    rate : float
        Frames per s.
    look_cost : float or None
        s of each look; None is a recorder without display.
    """

    def __init__(self, rate: float, look_cost: float | None) -> None:
        self.now = 0.0
        self.longest_lag = 0.0
        self.shown = 0
        self._rate = rate
        self._look_cost = look_cost or 0.0
        self._recording = ShownRecording()
        display = Display(lambda: self.now, [self._show])
        while self.now < WATCHED_S:
            worked = self._work()
            if look_cost is not None:
                display.show_if_due(self._recording, busy=worked)

    def _work(self) -> bool:
        waiting = int(self.now * self._rate) - self._recording.length
        self.longest_lag = max(self.longest_lag, waiting / self._rate)
        if waiting > 0:
            self._recording.record(1)
        self.now += FRAME_S if waiting > 0 else NOTHING_S
        return waiting > 0

    def _show(self, look: Look) -> None:
        self.shown += look.name == "pattern"
        self.now += self._look_cost / 3  # quality, pattern and waterfall


@pytest.mark.parametrize("look_cost", [0.003, 0.02, 0.2])
def test_at_the_limit_the_lag_is_that_without_a_display(look_cost: float) -> None:
    without, with_display = Loop(190.0, None), Loop(190.0, look_cost)
    assert without.longest_lag < 0.02
    # One look is what a frame may have to wait for; looks never add up.
    assert with_display.longest_lag < without.longest_lag + 1.1 * look_cost + 0.02
    assert with_display.shown > 5


def test_beyond_the_limit_frames_are_written_as_fast_as_without_a_display() -> None:
    without, with_display = Loop(400.0, None), Loop(400.0, 0.02)
    assert with_display.longest_lag < 1.03 * without.longest_lag
    assert with_display.shown > 20


def test_where_there_is_time_there_are_five_looks_a_second() -> None:
    assert Loop(100.0, 0.005).shown == pytest.approx(5 * WATCHED_S, rel=0.05)

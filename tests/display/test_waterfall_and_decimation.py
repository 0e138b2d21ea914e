"""What a screen gets of a run: fewer numbers, of the whole run, the same whatever was dropped on the way."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from operando.live import Waterfall, decimated
from operando.live.waterfall import BINS, ROWS

PERIOD_S = 1.5


class Record:
    """Rows as a file of record holds them: the pattern of frame n is n everywhere."""

    def __init__(self, bins: int = 1000) -> None:
        self.bins = bins
        self.fetched = 0

    def fetch(self, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        self.fetched += len(rows)
        numbers = np.array(rows, np.float64)
        return numbers * PERIOD_S, np.repeat(numbers[:, None], self.bins, axis=1)


def caught_up(waterfall: Waterfall, length: int, record: Record) -> Waterfall:
    while waterfall.grow(length, record.fetch):
        pass
    return waterfall


def test_neighbours_are_averaged_and_their_axis_likewise() -> None:
    axis, pattern = np.linspace(1, 9, 3001), np.random.default_rng(1).poisson(50, 3001)
    shown, intensity = decimated(axis, 500), decimated(pattern, 500)
    assert len(shown) == len(intensity) <= 500
    assert intensity[0] == pytest.approx(pattern[:7].mean())
    assert shown[0] == pytest.approx(axis[:7].mean())
    assert intensity[-1] == pytest.approx(pattern[-5:].mean())


def test_a_cake_is_decimated_along_both_axes() -> None:
    cake = np.arange(360 * 1000, dtype=float).reshape(360, 1000)
    shown = decimated(decimated(cake, 90, axis=0), 500)
    assert shown.shape == (90, 500)
    assert shown[0, 0] == pytest.approx(cake[:4, :2].mean())


def test_a_short_run_is_shown_frame_by_frame() -> None:
    waterfall = caught_up(Waterfall(), 30, Record())
    assert list(waterfall.time) == [PERIOD_S * frame for frame in range(30)]
    assert waterfall.intensity.shape == (30, BINS)


def test_a_week_of_frames_fills_the_screen_and_no_more() -> None:
    waterfall, record = Waterfall(), Record()
    for length in range(0, 100_000, 777):
        caught_up(waterfall, length, record)
        assert len(waterfall) <= ROWS
    assert len(waterfall) > ROWS // 2
    assert np.ptp(np.diff(waterfall.time)) == 0
    assert record.fetched < 3_000


@pytest.mark.parametrize("seen", [(1, 2, 3, 900), (450, 900), (900,)])
def test_what_was_dropped_while_there_was_no_time_is_shown_later(seen: Sequence[int]) -> None:
    waterfall = Waterfall()
    for length in seen:
        caught_up(waterfall, length, Record())
    assert waterfall.stride == 8
    assert list(waterfall.intensity[:, 0]) == list(range(0, 900, 8))


def test_a_look_at_a_long_run_costs_no_more_than_one_at_a_short_one() -> None:
    waterfall, record = Waterfall(), Record()
    assert waterfall.grow(100_000, record.fetch)
    assert record.fetched <= 25

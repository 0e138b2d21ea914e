"""Readings that cannot be true are not believed."""

import math

import pytest

from operando.control import Plausibility, Repetition, judge
from operando.vocabulary import Quality, Reading

BOUNDS = Plausibility(oldest=0.2, fastest=20.0, noise=0.05)
SECOND = 1_000_000_000
NOW = 1_700_000_000 * SECOND


def reading(value: float, age: float = 0.0, quality: Quality = Quality.GOOD) -> Reading:
    return Reading(value, NOW - round(age * SECOND), quality)


@pytest.mark.parametrize(
    ("now", "before", "verdict"),
    [
        (reading(85.0), None, Quality.GOOD),
        (reading(85.0), reading(84.9, age=0.05), Quality.GOOD),
        (reading(90.0), reading(85.0, age=0.05), Quality.SUSPECT),
        (reading(90.0), reading(85.0, age=0.30), Quality.GOOD),  # 20 MPa/s reach it by then
        (reading(math.nan), reading(85.0, age=0.05), Quality.INVALID),
        (reading(math.inf), None, Quality.INVALID),
        (reading(85.0, age=0.3), None, Quality.INVALID),
        (reading(85.0, quality=Quality.INVALID), reading(85.0, age=0.05), Quality.INVALID),
        (reading(85.0, quality=Quality.SUSPECT), reading(85.0, age=0.05), Quality.SUSPECT),
    ],
)
def test_a_reading_is_judged(now: Reading, before: Reading | None, verdict: Quality) -> None:
    assert judge(now, before, NOW, BOUNDS) is verdict


def test_the_same_number_is_counted_until_another_comes() -> None:
    counts, repetition = [], Repetition()
    for value in (5.0, 5.0, 5.0, 5.001, 5.0, math.nan, math.nan):
        repetition = repetition.then(value)
        counts.append(repetition.count)
    assert counts == [1, 2, 3, 1, 1, 1, 1]

"""What the pressure was during an exposure: real samples where there are enough, honest words where there are not."""

import math
from pathlib import Path

import numpy as np
import pytest

from operando.history import EnvironmentHistory, EnvironmentLog
from operando.recorder.join import MISSING, Exposure, Statistics, over_exposure
from operando.vocabulary import Quality, Reading

NS = 1_000_000_000
T0 = 1_772_323_200 * NS
REACH = 2 * NS
EXPOSURE = Exposure(T0 + 10 * NS, T0 + 11 * NS)
Sample = tuple[float, float] | tuple[float, float, Quality]


def joined(folder: Path, samples: list[Sample], committed: float = 60.0, final: bool = False) -> Statistics | None:
    """Join (time in s, value, quality) with the exposure from 10 to 11 s."""
    log = EnvironmentLog(folder)
    for time, value, *quality in samples:
        log.append("stack_pressure", Reading(value, T0 + round(time * NS), *quality))
    log.close(T0 + 60 * NS)
    history = EnvironmentHistory(folder)
    try:
        return over_exposure(history, "stack_pressure", EXPOSURE, REACH, T0 + round(committed * NS), final)
    finally:
        history.close()


def test_samples_inside_make_mean_extremes_and_spread(tmp_path: Path) -> None:
    values = [84.0, 85.0, 87.0, 86.0]
    found = joined(tmp_path, [(9.9, 0.0), *((10 + k / 4, v) for k, v in enumerate(values)), (11.1, 0.0)])
    assert found == Statistics(85.5, 84.0, 87.0, float(np.std(values, ddof=1)), 4)


def test_both_ends_of_the_exposure_belong_to_it(tmp_path: Path) -> None:
    found = joined(tmp_path, [(10.0, 1.0), (10.5, 2.0), (11.0, 3.0)])
    assert found is not None
    assert found.count == 3


@pytest.mark.parametrize(
    ("samples", "mean", "count"),
    [
        ([(9.5, 80.0), (10.25, 81.5), (11.5, 84.0)], 82.0, 1),
        ([(9.5, 80.0), (10.4, 81.8), (10.6, 82.2), (11.5, 84.0)], 82.0, 2),
        ([(9.5, 80.0), (11.5, 84.0)], 82.0, 0),
        ([(10.9, 83.0)], 83.0, 1),
    ],
    ids=["one inside", "two inside", "neighbours alone", "one inside, nothing around"],
)
def test_few_samples_are_interpolated_and_counted(
    tmp_path: Path, samples: list[Sample], mean: float, count: int
) -> None:
    found = joined(tmp_path, samples)
    assert found is not None
    assert found.mean == pytest.approx(mean)
    assert found.count == count
    assert math.isnan(found.minimum) is (count == 0)
    assert math.isnan(found.std) is (count < 2)


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [(9.5, 80.0)],
        [(11.5, 80.0)],
        [(7.0, 80.0), (14.0, 80.0)],
        [(9.5, 80.0), (10.5, 80.0, Quality.INVALID), (11.5, 80.0)],
        [(9.5, 80.0), (10.5, 80.0, Quality.SUSPECT), (11.5, 80.0)],
        [(9.5, 80.0), (10.5, math.nan), (11.5, 80.0)],
    ],
    ids=["nothing", "before only", "after only", "too far away", "invalid", "suspect", "not a number"],
)
def test_nothing_usable_is_missing_and_not_guessed(tmp_path: Path, samples: list[Sample]) -> None:
    found = joined(tmp_path, samples)
    assert found is not None
    assert math.isnan(found.mean)
    assert found.count == 0
    assert repr(found) == repr(MISSING)


def test_an_invalid_sample_among_good_ones_changes_nothing(tmp_path: Path) -> None:
    good: list[Sample] = [(10.2, 84.0), (10.4, 85.0), (10.6, 86.0)]
    assert joined(tmp_path / "a", good) == joined(tmp_path / "b", [*good, (10.5, 1e9, Quality.INVALID)])


def test_an_answer_waits_only_while_it_could_still_change(tmp_path: Path) -> None:
    few: list[Sample] = [(9.5, 80.0), (10.5, 82.0), (11.5, 84.0)]
    assert joined(tmp_path / "a", few, committed=11.2) is None
    assert joined(tmp_path / "b", few, committed=11.6) == joined(tmp_path / "c", few, committed=60.0)
    enough: list[Sample] = [(10.1, 80.0), (10.5, 82.0), (10.9, 84.0)]
    assert joined(tmp_path / "d", enough, committed=11.0) == joined(tmp_path / "e", enough, committed=60.0)


def test_when_nobody_writes_any_more_it_does_not_wait(tmp_path: Path) -> None:
    found = joined(tmp_path, [(10.5, 82.0)], committed=11.2, final=True)
    assert found is not None
    assert found.mean == 82.0

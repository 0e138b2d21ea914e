"""What the detector counted and nobody stored is known by its number, whoever noticed."""

import numpy as np
import pytest

from operando.recorder.missing import DROPPED, Missing, find_missing, told_in

FULL = "the file plugin's queue was full"


@pytest.mark.parametrize(
    ("numbers", "told", "found"),
    [
        ([1, 2, 3], [], []),
        ([], [], []),
        ([7, 8, 11], [], [Missing(8, 10, 2, DROPPED)]),
        ([7, 8, 11], [Missing(8, 10, 2, FULL)], [Missing(8, 10, 2, FULL)]),
        ([7, 9, 12], [Missing(6, 12, 3, FULL)], [Missing(7, 8, 1, FULL), Missing(9, 11, 2, FULL)]),
        ([1, -1, -1, 4], [], []),
        ([1, -1, -1, 6], [], [Missing(1, 5, 2, DROPPED)]),
        ([5, 6, 1, 2], [], []),
        ([1, 2], [Missing(2, 4, 2, FULL)], [Missing(2, 4, 2, FULL)]),
        ([3, 4], [Missing(0, 2, 2, FULL)], [Missing(0, 2, 2, FULL)]),
        ([1, 2, 4], [Missing(2, 6, 3, FULL)], [Missing(2, 3, 1, FULL), Missing(4, 6, 2, FULL)]),
    ],
    ids=[
        "none",
        "no frame",
        "nobody told",
        "told",
        "told roughly",
        "unread frames have their place",
        "unread frames and a hole",
        "a counter that begins again",
        "behind the last frame",
        "before the first frame",
        "a hole, and the end",
    ],
)
def test_holes_are_found_and_explained(numbers: list[int], told: list[Missing], found: list[Missing]) -> None:
    assert find_missing(np.array(numbers, np.int64), told) == found


def test_an_event_tells_what_its_detector_knows() -> None:
    text = '[{"after": 2, "through": 4, "count": 2, "reason": "buffers were full"}]'
    event = {"data": {"detector_account_missing": text, "detector_account_frames": 12, "temperature": 25.0}}
    assert list(told_in(event)) == [Missing(2, 4, 2, "buffers were full")]

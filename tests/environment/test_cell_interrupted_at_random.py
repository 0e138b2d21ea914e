"""Pauses, stops, kills and frozen hosts in any order: the charge stays right, and the same steps are done.

The normal run takes 2 lives of a programme, ``OPERANDO_FULL=1`` 200; each follows from its number.
"""

import json
import os
import random
from contextlib import closing
from itertools import groupby
from pathlib import Path

import pytest
from environment.cell_day import Day, everything, programme, throughput

from operando.vocabulary import ProgrammeState

LIVES = 200 if os.environ.get("OPERANDO_FULL") else 2
UPPER, OVERSHOOT = 3.68, 0.002  # V


def interrupted(day: Day, chance: random.Random) -> None:
    """Do something to the programme, which runs again afterwards unless it has ended."""
    seconds = chance.uniform(0.2, 40.0)
    what = chance.choice(["pause", "stop", "kill", "freeze", "kill in a pause"])
    if what in ("pause", "stop", "kill in a pause"):
        day.tell("pause" if "pause" in what else "stop")
        day.run(seconds)
        if what == "kill in a pause":
            day.kill(chance.uniform(0.0, 20.0))
            day.run(chance.uniform(0.0, 5.0))
        day.tell("resume")
    elif what == "kill":
        day.kill(seconds)
    else:
        day.bench.pass_time(seconds)
        day.bench.keep(chance.choice([10**9, 4096]))


@pytest.mark.parametrize("life", range(LIVES))
def test_whatever_happens_to_its_service_a_programme_is_done_and_counted(tmp_path: Path, life: int) -> None:
    chance = random.Random(life)
    day = Day(tmp_path, programme(passes=2))
    day.tell("start")
    for _ in range(chance.randint(1, 6)):
        day.run(chance.uniform(0.2, 60.0))
        if day.runner.state is ProgrammeState.RUNNING:
            interrupted(day, chance)
    # a service that was away over the end of the programme cannot know how it ended
    day.run_until_over()
    with closing(day.closed()) as history:
        charge, steps = everything(history)
    assert charge == pytest.approx(day.cell.passed, abs=1e-3 * throughput(steps))
    assert day.cell.highest < UPPER + OVERSHOOT
    numbers = [step.step for step in steps if step.step]
    assert [number for number, _ in groupby(numbers)] == [1, 2, 3, 4, 5, 6, 7] * 2
    assert all(step.ended_ns for step in steps)
    assert json.loads(str(day.shown["CELL:LAST_END"]))["step"] == 7

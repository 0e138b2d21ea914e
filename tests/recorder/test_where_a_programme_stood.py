"""Of what is counted a frame has the last word before its middle, if that can be trusted and still holds."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_programme import CHARGE, DISCHARGE, HASH, PROGRAMME
from recorder.made_run import CONFIGS, MadeRun
from recorder.made_run import at as of_run

from operando.config import load
from operando.history import EnvironmentHistory, EnvironmentLog, KeptProgramme
from operando.recorder.join import Exposure
from operando.recorder.run import Run
from operando.recorder.service import run as record
from operando.recorder.stood import STEPS_DURING, Pace, longest_interval, stood
from operando.vocabulary import Quality, Reading, plain

NS = 1_000_000_000
START = 1_790_000_000 * NS
REACH_NS = 3 * NS


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EnvironmentLog]:
    log = EnvironmentLog(tmp_path)
    yield log
    log.close()


def keep(log: EnvironmentLog, **values: list[tuple[float, float]]) -> None:
    """Log samples as (s, value); not a number is a sample that nobody can trust."""
    for quantity, samples in values.items():
        for seconds, value in samples:
            quality = Quality.INVALID if np.isnan(value) else Quality.GOOD
            log.append(quantity, Reading(value, START + round(seconds * NS), quality))
    log.commit(START + 1000 * NS)


def at(tmp_path: Path, start: float, end: float) -> dict[str, float]:
    history = EnvironmentHistory(tmp_path)
    try:
        exposure = Exposure(START + round(start * NS), START + round(end * NS))
        return dict(stood(history, exposure, REACH_NS))
    finally:
        history.close()


def test_a_cycle_is_never_a_mean(log: EnvironmentLog, tmp_path: Path) -> None:
    keep(log, cycle=[(0, 1), (1, 1), (2, 2), (3, 2)], run=[(0, 4), (1, 4), (2, 5), (3, 5)])
    assert at(tmp_path, 0.5, 2.7) == {"cycle": 1, "run": 4, STEPS_DURING: 2}
    assert at(tmp_path, 1.5, 3.5) == {"cycle": 2, "run": 5, STEPS_DURING: 2}
    assert at(tmp_path, 2.2, 3.2) == {"cycle": 2, "run": 5, STEPS_DURING: 1}


def test_what_came_after_the_middle_is_not_looked_at(log: EnvironmentLog, tmp_path: Path) -> None:
    keep(log, specific_capacity=[(0, 140.0), (1, 0.0)])
    assert at(tmp_path, 0.0, 1.9)["specific_capacity"] == 140.0


def test_a_sample_that_cannot_be_trusted_ends_what_was_known(log: EnvironmentLog, tmp_path: Path) -> None:
    keep(log, potential=[(0, 4.1), (1, np.nan)])
    assert at(tmp_path, 0.2, 1.0)["potential"] == 4.1
    assert "potential" not in at(tmp_path, 1.0, 2.0)


def test_a_word_of_long_ago_does_not_hold(log: EnvironmentLog, tmp_path: Path) -> None:
    keep(log, step=[(0, 3)], run=[(0, 3)])
    assert at(tmp_path, 2.0, 3.0)["step"] == 3
    assert at(tmp_path, 4.0, 5.0) == {STEPS_DURING: 0}


def test_a_rest_grows_older_between_samples_and_a_current_does_not(log: EnvironmentLog, tmp_path: Path) -> None:
    keep(log, rest_age=[(0, 0.0), (2, 1.5)])
    assert at(tmp_path, 0.5, 1.5)["rest_age"] == 0.0
    assert at(tmp_path, 2.0, 4.0)["rest_age"] == pytest.approx(2.5)


@pytest.mark.parametrize(
    ("programme", "longest"),
    [
        (None, 0.0),
        ({"sample_interval_s": 0.5}, 0.5),
        ({"sample_interval_s": 0.5, "steps": [{"steps": [{"kind": "rest", "sample_interval_s": 60.0}]}]}, 60.0),
        ({"sample_interval_s": 0.5, "steps": [{"kind": "rest", "sample_interval_s": None}]}, 0.5),
    ],
)
def test_a_value_holds_by_the_slowest_step(programme: object, longest: float) -> None:
    assert longest_interval(programme) == longest


def started(log: EnvironmentLog, seconds: float, interval: float) -> None:
    """Keep the start of a programme with a step that is sampled less often than the others."""
    parts = (CHARGE, replace(DISCHARGE, sample_interval=interval))
    text = json.dumps(plain(replace(PROGRAMME, parts=parts)))
    log.keep(KeptProgramme(begun_ns=of_run(seconds), hash=HASH, text=text))


def test_what_holds_is_said_by_the_programme_that_was_started_not_by_the_configured_one(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=0)
    log = EnvironmentLog(tmp_path / "environment")
    started(log, -3 * 86_400.0, 60.0)
    started(log, 100.0, 2.0)
    log.close(of_run(1000.0))
    history = EnvironmentHistory(tmp_path / "environment")
    pace = Pace(Run.from_start(run.documents[0][1]), history)
    found = {
        middle: pace.longest(Exposure(of_run(middle - 1), of_run(middle + 1))) for middle in (1, 99, 101, 300, 99.5)
    }
    assert found == {1: 60.0, 99: 60.0, 101: 2.0, 300: 2.0, 99.5: 60.0}
    configured = Pace(Run.from_start(run.documents[0][1]), EnvironmentHistory(tmp_path / "none"))
    assert configured.longest(Exposure(of_run(1), of_run(2))) == 0.5
    history.close()


def test_a_frame_in_a_loaded_programme_with_few_samples_knows_its_step(tmp_path: Path) -> None:
    def keep_few(log: EnvironmentLog) -> None:
        started(log, -80.0, 60.0)
        for name, value in (("run", 2.0), ("step", 3.0), ("cycle", 1.0), ("potential", 3.9)):
            log.append(name, Reading(value, of_run(-20.0)))

    run = MadeRun(tmp_path, frames=2)
    run.write_frames()
    run.write_log(further=keep_few)
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), tmp_path, 0, True, lambda: None)
    with h5py.File(run.file) as file:
        frames = file["xrd/frames"]
        assert {name: set(frames[name][()]) for name in ("run", "step", "cycle", "potential")} == {
            "run": {2}, "step": {3}, "cycle": {1}, "potential": {3.9},
        }  # fmt: skip
        assert set(frames[STEPS_DURING][()]) == {1}

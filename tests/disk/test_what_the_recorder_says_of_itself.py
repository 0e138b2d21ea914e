"""What a plan asks the recorder before it exposes."""

from pathlib import Path

import pytest

from operando.disk import DiskWatch, Limits, Verdict, Watched
from operando.recorder.health import Health
from operando.vocabulary import Keeping


@pytest.fixture
def watch(tmp_path: Path) -> DiskWatch:
    return DiskWatch([Watched("data root", tmp_path)], Limits(3e-9, 1e-9, 2e-9), "")


@pytest.fixture
def health(watch: DiskWatch) -> Health:
    return Health(watch, 120.0, "endstation.toml")


def test_a_recorder_that_is_behind_holds_exposures_until_it_has_caught_up_half_of_it(health: Health) -> None:
    states = [health.judge(lag, {}, {})[0] for lag in (10.0, 119.0, 121.0, 90.0, 61.0, 59.0, 90.0)]
    good, pause = Keeping.GOOD, Keeping.PAUSE
    assert states == [good, good, pause, pause, pause, good, good]


def test_the_words_say_how_far_and_what_is_allowed(health: Health) -> None:
    assert health.judge(130.0, {}, {})[1] == (
        "the oldest frame without a row is 130 s old, 120 s are allowed (endstation.toml: [recorder] max_lag_s); "
        "they go on at 60 s"
    )


def test_a_run_that_waits_holds_exposures(health: Health) -> None:
    assert health.judge(0.0, {Path("a"): "a.nxs: the disk is full"}, {}) == (
        Keeping.PAUSE,
        "a.nxs: the disk is full",
    )


def test_the_disk_comes_first(health: Health, watch: DiskWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "_latest", Verdict(Keeping.PAUSE, "data root: the disk is full", 0.0, False))
    assert health.judge(1e6, {Path("a"): "waits"}, {}) == (Keeping.PAUSE, "data root: the disk is full")


def test_a_viewer_that_is_left_open_is_told_and_exposures_go_on(
    health: Health, watch: DiskWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = {Path("a"): "a.nxs: a viewer holds it open"}
    assert health.judge(0.0, {}, held) == (Keeping.WARNING, "a.nxs: a viewer holds it open")
    monkeypatch.setattr(watch, "_latest", Verdict(Keeping.WARNING, "data root: 5 GB free", 5.0, True))
    assert health.judge(0.0, {}, held) == (Keeping.WARNING, "data root: 5 GB free; a.nxs: a viewer holds it open")

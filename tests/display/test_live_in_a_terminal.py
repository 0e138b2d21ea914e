"""Looks as text: what a scientist reads over a slow connection."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from display.shown_recording import RADIAL, ShownRecording
from display.test_what_the_display_shows import Screen
from typer.testing import CliRunner

from operando.cli import app
from operando.endstation import Register, Root
from operando.live import Feed, LiveFeed, Look
from operando.live.client import PLACE
from operando.live.screen import EIGHTHS, drawn

HEALTH = Look("health", {"state": "good", "reason": "", "frames": 60, "lag": 0.4, "failed": 2, "late": 0})


@pytest.fixture
def looks() -> dict[str, Look]:
    recording = ShownRecording()
    screen, found = Screen(recording), {"health": HEALTH}
    recording.record(60, counts_total=1.5e6, spottiness=0.31, change_first=float("nan"))
    while new := screen.after(1.0):
        found |= new
    return found


def test_the_screen_is_filled_and_not_more(looks: dict[str, Look]) -> None:
    for width, height in ((80, 24), (200, 60), (45, 30)):
        lines = drawn(looks, width, height).splitlines()
        assert len(lines) <= height
        assert max(len(line) for line in lines) <= width


def test_the_peak_stands_where_it_is(looks: dict[str, Look]) -> None:
    lines = drawn(looks, 110, 40).splitlines()
    top = next(line for line in lines if set(line) & set(EIGHTHS[1:]))
    place = (len(top.rstrip()) - 1 - 10) / 100
    assert place == pytest.approx((30 - RADIAL[0]) / (RADIAL[-1] - RADIAL[0]), abs=0.02)


def test_numbers_and_health_are_said(looks: dict[str, Look]) -> None:
    text = drawn(looks, 100, 40)
    assert "scan 7  run 0123  frame 59, 0.6 s into the run" in text
    assert "recorder good: 60 frames, lag 0.4 s, 2 failed" in text
    assert "counts 1.5e+06" in text
    assert "spottiness 0.310" in text
    assert "since the first" not in text
    assert "q, 1/nm" in text


def test_what_is_wrong_with_a_frame_is_said() -> None:
    recording = ShownRecording()
    recording.record(1, without="frame 3 is not in the file")
    assert "MISSING: frame 3 is not in the file" in drawn(Screen(recording).after(1.0), 80, 24)


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn({}, 80, 24) == ""


@pytest.fixture
def place(tmp_path: Path, looks: dict[str, Look]) -> Iterator[Root]:
    """A root where a recorder shows something."""
    place = Root(tmp_path)
    Register(place).enter("recorder", state="running")
    feed = Feed(tmp_path / PLACE)
    for look in looks.values():
        feed.publish(look)
    yield place
    feed.close()


def test_the_command_shows_what_there_is(place: Root) -> None:
    found = CliRunner().invoke(app, ["live", "--root", str(place.path), "--once"])
    assert found.exit_code == 0
    assert "spottiness 0.310" in found.stdout
    assert "q, 1/nm" in found.stdout


def test_the_command_reports_numbers(place: Root) -> None:
    found = CliRunner().invoke(app, ["live", "--root", str(place.path), "--json"])
    facts = json.loads(found.stdout.splitlines()[-1])
    assert facts["quality_spottiness"] == 0.31
    assert facts["health_failed"] == 2
    assert facts["waterfall_stride"] == 1


def test_a_connection_without_wishes_sees_all_there_is(place: Root) -> None:
    with LiveFeed(place.path, 10.0) as live:
        assert set(live.newest()) == {"health", "pattern", "quality", "waterfall"}

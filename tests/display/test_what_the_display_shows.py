"""Looks at a recording: the newest frame, whatever the frame rate; the whole run; what is wrong, in words."""

from pathlib import Path

import numpy as np
import pytest
from display.shown_recording import AZIMUTH, PERIOD_S, RADIAL, ShownRecording, intensity

from operando.live import Look
from operando.recorder.display import Display
from operando.recorder.live_records import SPECS


class Screen:
    """A display, its clock by hand, and all that it showed."""

    def __init__(self, recording: ShownRecording | None) -> None:
        self.now = 0.0
        self.recording = recording
        self.looks: list[Look] = []
        self.display = Display(lambda: self.now, [self.looks.append])

    def after(self, seconds: float, busy: bool = False) -> dict[str, Look]:
        """Let time pass; return what is shown then."""
        self.now += seconds
        self.looks.clear()
        self.display.show_if_due(self.recording, busy)
        return {look.name: look for look in self.looks}


def test_nothing_is_shown_before_there_is_a_frame() -> None:
    assert Screen(None).after(1.0) == {}
    assert Screen(ShownRecording()).after(1.0) == {}


def test_the_newest_frame_is_shown_five_times_a_second_at_a_hundred_frames_a_second() -> None:
    recording = ShownRecording()
    screen, shown = Screen(recording), []
    for _ in range(1000):
        recording.record(1)
        looks = screen.after(PERIOD_S)
        if "pattern" in looks:
            shown.append(looks["pattern"].facts["row"])
            assert shown[-1] == recording.length - 1
    assert 48 <= len(shown) <= 51


def test_the_pattern_is_the_frames_with_fewer_bins() -> None:
    recording = ShownRecording()
    recording.record(40)
    look = Screen(recording).after(1.0)["pattern"]
    radial, shown = look.arrays["radial"], look.arrays["intensity"]
    assert len(radial) == len(shown) == 1500
    assert shown == pytest.approx(np.interp(radial, RADIAL, intensity(39)), rel=0.02)
    assert look.facts["number"] == 40
    assert look.facts["unit"] == "q_nm^-1"
    assert look.facts["time"] == pytest.approx(39 * PERIOD_S)


def test_the_same_frame_is_not_shown_twice() -> None:
    recording = ShownRecording()
    recording.record(1)
    screen = Screen(recording)
    assert "pattern" in screen.after(1.0)
    assert screen.after(1.0) == {}


def test_the_waterfall_shows_frames_that_were_never_shown_alone() -> None:
    recording = ShownRecording()
    screen = Screen(recording)
    recording.record(150)
    while looks := screen.after(0.3):
        waterfall = looks["waterfall"]
    assert waterfall.arrays["intensity"].shape == (150, 500)
    assert list(waterfall.arrays["time"]) == pytest.approx([PERIOD_S * row for row in range(150)])
    peak = waterfall.arrays["radial"][np.argmax(waterfall.arrays["intensity"], axis=1)]
    assert peak == pytest.approx(30 + 0.001 * np.arange(150), abs=0.1)


def test_a_cake_has_as_many_sectors_as_a_screen_shows() -> None:
    recording = ShownRecording(cakes=True)
    recording.record(1)
    look = Screen(recording).after(1.0)["cake"]
    assert look.arrays["intensity"].shape == (90, 500)
    assert look.arrays["azimuth"] == pytest.approx(AZIMUTH.reshape(90, 4).mean(axis=1))


def test_a_new_run_begins_a_new_waterfall() -> None:
    first, second = ShownRecording("first"), ShownRecording("second")
    first.record(10)
    screen = Screen(first)
    assert len(screen.after(1.0)["waterfall"].arrays["time"]) == 10
    second.record(3)
    screen.recording = second
    looks = screen.after(1.0)
    assert len(looks["waterfall"].arrays["time"]) == 3
    assert looks["pattern"].facts["run"] == "second"


def test_a_frame_without_a_pattern_says_why_and_the_last_pattern_stays() -> None:
    recording = ShownRecording()
    recording.record(1)
    screen = Screen(recording)
    screen.after(1.0)
    recording.record(1, without="the file ends in the middle of the frame")
    looks = screen.after(1.0)
    assert "pattern" not in looks
    assert looks["quality"].facts["state"] == "missing"
    assert looks["quality"].facts["reason"] == "the file ends in the middle of the frame"


def test_quality_is_shown_as_far_as_it_is_known() -> None:
    recording = ShownRecording()
    recording.record(1, spottiness=np.float64(0.3), saturated_pixels=np.int32(4), beam_off=np.int8(0))
    facts = Screen(recording).after(1.0)["quality"].facts
    assert (facts["spottiness"], facts["saturated_pixels"], facts["beam_off"]) == (0.3, 4, 0)
    assert "texture" not in facts


def test_looks_fit_their_records() -> None:
    recording = ShownRecording(cakes=True)
    screen = Screen(recording)
    most = {spec.name: spec.length for spec in SPECS if spec.kind == "waveform"}
    seen = set()
    for frames in (1, 100, 99, 1, 10_000, 1):
        recording.record(frames)
        while looks := screen.after(2.0):
            for look in looks.values():
                for key, array in look.arrays.items():
                    name = f"LIVE:{look.name}:{key}".upper()
                    seen.add(name)
                    assert array.size <= most[name], name
    assert seen == set(most)


def test_while_frames_wait_the_display_waits_longer() -> None:
    recording = ShownRecording()
    screen = Screen(recording)
    recording.record(1)
    assert screen.after(1.0, busy=True)
    recording.record(1)
    assert screen.after(1.0, busy=True) == {}
    assert screen.after(1.1, busy=True)


def test_a_picture_that_fails_ends_the_display_and_not_the_record(caplog: pytest.LogCaptureFixture) -> None:
    recording = ShownRecording()
    recording.record(1)
    screen = Screen(recording)
    recording.latest["I"] = "no pattern at all"
    assert screen.after(1.0) == {}
    assert "nothing is shown any more" in caplog.text
    recording.record(1)
    assert screen.after(1.0) == {}


def test_what_is_beyond_its_limit_is_said_in_words() -> None:
    recording = ShownRecording()
    recording.run.setting = lambda *keys: 0.2 if keys == ("quality", "spottiness_above") else None
    recording.record(1, spottiness=0.31)
    facts = Screen(recording).after(1.0)["quality"].facts
    assert facts["state"] == "warning"
    assert "spottiness 0.31, above 0.2" in str(facts["reason"])


def test_a_recorder_without_display_makes_no_looks() -> None:
    recording = ShownRecording()
    recording.record(1)
    display = Display(lambda: 1.0, [])
    assert not display.show_if_due(recording, busy=False)
    assert recording.patterns.fetched == 0


@pytest.mark.parametrize(("path", "rows"), [("00007_0123.nxs", 30), ("", 10)])
def test_the_last_frames_of_a_run_come_out_of_its_file(path: str, rows: int) -> None:
    recording = ShownRecording()
    recording.record(10)
    screen = Screen(recording)
    last = screen.after(1.0)["waterfall"]
    recording.record(20)
    recording.path, recording.finished, recording.patterns.is_open = Path(path), True, False
    for _ in range(5):
        last = screen.after(1.0).get("waterfall", last)
    assert len(last.arrays["time"]) == rows

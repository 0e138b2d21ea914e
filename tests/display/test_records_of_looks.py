"""Records of looks: what is known under its time, and what is not known any more as such."""

import math
from typing import Any

import pytest
from display.shown_recording import PERIOD_S, START_NS, ShownRecording
from display.test_what_the_display_shows import Screen

from operando.live import Look
from operando.recorder.live_records import SPECS, LookRecords
from operando.vocabulary import Quality


class Served:
    """What a server of records was told last: value, time and quality."""

    def __init__(self) -> None:
        self.records: dict[str, tuple[Any, int | None, Quality]] = {}

    def publish(self, name: str, value: Any, time_ns: int | None = None, quality: Quality = Quality.GOOD) -> None:
        assert name in {spec.name for spec in SPECS}
        self.records[name.removeprefix("LIVE:")] = value, time_ns, quality


@pytest.fixture
def served() -> Served:
    return Served()


def show(served: Served, **facts: Any) -> None:
    server: Any = served
    LookRecords(server)(Look("quality", {"start_ns": START_NS, "time": 2.0, "state": "good", "reason": "", **facts}))


def test_all_that_is_shown_has_its_time_and_is_good(served: Served) -> None:
    recording = ShownRecording(cakes=True)
    recording.record(3, spottiness=0.1)
    server: Any = served
    records = LookRecords(server)
    for look in Screen(recording).after(1.0).values():
        records(look)
    assert served.records["PATTERN:NUMBER"] == (3, START_NS + round(2 * PERIOD_S * 1e9), Quality.GOOD)
    assert served.records["QUALITY:SPOTTINESS"][0] == 0.1
    assert {name.split(":")[0] for name in served.records} == {"PATTERN", "WATERFALL", "CAKE", "QUALITY"}


def test_a_number_that_the_next_frame_does_not_have_is_invalid(served: Served) -> None:
    show(served, spottiness=0.3, saturated_pixels=4, beam_off=0)
    assert served.records["QUALITY:SATURATED_PIXELS"] == (4, START_NS + 2_000_000_000, Quality.GOOD)
    show(served, saturated_pixels=-1, beam_off=-1)
    for name in ("SPOTTINESS", "SATURATED_PIXELS", "BEAM_OFF", "CHANGE_FIRST"):
        value, _, quality = served.records[f"QUALITY:{name}"]
        assert quality is Quality.INVALID
        assert math.isnan(value)


def test_a_warning_is_an_alarm_of_its_words_alone(served: Served) -> None:
    show(served, state="warning", reason="spottiness 0.3, above 0.2", spottiness=0.3)
    assert served.records["QUALITY:STATE"][2] is Quality.SUSPECT
    assert served.records["QUALITY:REASON"][2] is Quality.SUSPECT
    assert served.records["QUALITY:SPOTTINESS"][2] is Quality.GOOD
    show(served)
    assert served.records["QUALITY:STATE"][::2] == ("good", Quality.GOOD)

"""The empty cell is exposed with the shutter open, and the shutter is put back whatever happens."""

from typing import Any

import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus
from ophyd.status import Status
from plain_devices import Thing, done

from operando.errors import RequestRefused
from operando.plans import measure_blank


class Detector(Thing):
    """Counts frames; breaks at the one it is told to."""

    frames = 0
    breaks_at = 0

    def configure(self, settings: dict[str, float]) -> tuple[dict[str, Any], dict[str, Any]]:
        self.exposure = settings["acquire_time"]
        return {}, {}

    def trigger(self) -> Status:
        self.frames += 1
        if self.frames == self.breaks_at:
            raise OSError("no detector any more")
        return done()


class Shutter(Thing):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.told: list[str] = []
        self.sticks = False

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": 0, "timestamp": 0.0}}

    def set(self, value: str) -> Status:
        self.told.append(value)
        status = Status()
        if self.sticks and value == "open":
            status.set_exception(OSError("the blades do not move"))
        else:
            status.set_finished()
        return status


def test_the_start_document_says_what_it_is(engine: RunEngine) -> None:
    detector, shutter, documents = Detector("detector"), Shutter("shutter"), []
    engine(
        measure_blank(detector, frames=4, exposure=0.5, shutter=shutter, md={"why": "new windows"}),
        lambda name, document: documents.append((name, document)),
    )
    start = documents[0][1]
    assert (start["plan_name"], start["sample"], start["why"]) == ("measure_blank", "empty_cell", "new windows")
    assert start["plan_args"] == {"frames": 4, "exposure": 0.5}
    assert detector.exposure == 0.5
    assert [name for name, _ in documents].count("event") == 4
    assert shutter.told == ["open", "closed"]


def test_the_shutter_is_closed_behind_a_detector_that_breaks(engine: RunEngine) -> None:
    detector, shutter = Detector("detector"), Shutter("shutter")
    detector.breaks_at = 2
    with pytest.raises(OSError, match="no detector any more"):
        engine(measure_blank(detector, frames=4, shutter=shutter))
    assert shutter.told == ["open", "closed"]


def test_a_shutter_that_says_it_did_not_open_is_closed_all_the_same(engine: RunEngine) -> None:
    detector, shutter = Detector("detector"), Shutter("shutter")
    shutter.sticks = True
    with pytest.raises(FailedStatus):
        engine(measure_blank(detector, frames=4, shutter=shutter))
    assert shutter.told == ["open", "closed"]
    assert detector.frames == 0


def test_what_else_is_asked_for_is_read_with_every_frame(engine: RunEngine) -> None:
    events: list[dict[str, Any]] = []
    engine(
        measure_blank(Detector("detector"), frames=2, readables=[Thing("pressure")]),
        {"event": [lambda _, document: events.append(document)]},
    )
    assert ["pressure" in event["data"] for event in events] == [True, True]


def test_nonsense_is_refused_before_anything_moves(engine: RunEngine) -> None:
    detector, shutter = Detector("detector"), Shutter("shutter")
    with pytest.raises(RequestRefused, match="0 frames of 1 s asked"):
        engine(measure_blank(detector, frames=0, shutter=shutter))
    with pytest.raises(TypeError, match="detector = 'detectr'"):
        engine(measure_blank("detectr", shutter=shutter))
    assert shutter.told == []

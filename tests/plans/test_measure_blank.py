"""The empty cell is exposed with the shutter open, and the shutter is put back whatever happens."""

from typing import Any

import pytest
from bluesky import RunEngine
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

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": 0, "timestamp": 0.0}}

    def set(self, value: str) -> Status:
        self.told.append(value)
        return done()


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


def test_nonsense_is_refused_before_anything_moves(engine: RunEngine) -> None:
    detector, shutter = Detector("detector"), Shutter("shutter")
    with pytest.raises(RequestRefused, match="0 frames of 1 s asked"):
        engine(measure_blank(detector, frames=0, shutter=shutter))
    with pytest.raises(TypeError, match="detector = 'detectr'"):
        engine(measure_blank("detectr", shutter=shutter))
    assert shutter.told == []

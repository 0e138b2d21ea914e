"""Calibrants, darks and flat fields: what is moved for them is put back, however the plan ends."""

from collections.abc import Callable
from typing import Any

import pytest
from bluesky import RunEngine
from cell_of_nothing import Settable
from ophyd.status import Status
from plain_devices import Thing, done

from operando.errors import RequestRefused
from operando.plans import calibrate_geometry, take_darks, take_flat


class Detector(Thing):
    """Writes down each frame and breaks at the one it is told to."""

    def __init__(self, journal: list[str], breaks_at: int = 0) -> None:
        super().__init__("detector")
        self.journal = journal
        self.breaks_at = breaks_at
        self.frames = 0

    def configure(self, settings: dict[str, float]) -> tuple[dict[str, Any], dict[str, Any]]:
        self.journal.append(f"exposure {settings['acquire_time']}")
        return {}, {}

    def trigger(self) -> Status:
        self.frames += 1
        if self.frames == self.breaks_at:
            raise OSError("no detector any more")
        self.journal.append("frame")
        return done()


class Bench:
    def __init__(self, engine: RunEngine, shutter: str = "open", breaks_at: int = 0) -> None:
        self.journal: list[str] = []
        self.documents: list[tuple[str, dict[str, Any]]] = []
        self.engine = engine
        self.detector = Detector(self.journal, breaks_at)
        self.shutter = Settable("shutter", shutter, self.journal)
        self.stage_x = Settable("stage_x", 1.5, self.journal)

    def do(self, plan: Any) -> dict[str, Any]:
        self.engine(plan, lambda name, document: self.documents.append((name, document)))
        return self.documents[0][1]


def test_darks_are_taken_in_the_dark_and_the_shutter_is_put_back(engine: RunEngine) -> None:
    bench = Bench(engine)
    start = bench.do(take_darks(bench.detector, bench.shutter, frames=2, exposure=0.5))
    assert bench.journal == ["shutter closed", "exposure 0.5", "frame", "frame", "shutter open"]
    assert (start["plan_name"], start["plan_args"]) == ("take_darks", {"frames": 2, "exposure": 0.5})


def test_a_shutter_that_was_closed_is_left_closed(engine: RunEngine) -> None:
    bench = Bench(engine, shutter="closed")
    bench.do(take_flat(bench.detector, bench.shutter, frames=1))
    assert bench.journal == ["shutter open", "exposure 1.0", "frame", "shutter closed"]


def test_a_calibrant_is_brought_into_the_beam_and_the_cell_back(engine: RunEngine) -> None:
    bench = Bench(engine, shutter="closed")
    plan = calibrate_geometry(
        bench.detector, bench.shutter, calibrant="CeO2", exposure=2.0, motor=bench.stage_x, position=12.0
    )
    start = bench.do(plan)
    assert bench.journal == [
        *("stage_x 12.0", "shutter open", "exposure 2.0", "frame"),
        *("shutter closed", "stage_x 1.5"),
    ]
    assert (start["calibrant"], start["sample"]) == ("CeO2", "CeO2")
    assert [name for name, _ in bench.documents].count("event") == 1


def test_a_detector_that_breaks_leaves_shutter_and_stage_as_they_were(engine: RunEngine) -> None:
    bench = Bench(engine, shutter="closed", breaks_at=2)
    plan = calibrate_geometry(
        bench.detector, bench.shutter, calibrant="Si", frames=5, motor=bench.stage_x, position=-3.0
    )
    with pytest.raises(OSError, match="no detector any more"):
        bench.do(plan)
    assert bench.journal[-2:] == ["shutter closed", "stage_x 1.5"]


@pytest.mark.parametrize(
    ("plan", "error", "words"),
    [
        pytest.param(lambda b: take_darks("det", b.shutter), TypeError, "detector = 'det'", id="a misspelt detector"),
        pytest.param(lambda b: take_darks(b.detector, "shut"), TypeError, "shutter = 'shut'", id="a misspelt shutter"),
        pytest.param(lambda b: take_flat(b.detector, frames=0), RequestRefused, "0 frames of 1 s", id="no frame"),
        pytest.param(
            lambda b: calibrate_geometry(b.detector, b.shutter, calibrant=""), RequestRefused, "its name", id="no name"
        ),
        pytest.param(
            lambda b: calibrate_geometry(b.detector, calibrant="Si", position=1.0),
            RequestRefused,
            "belong together",
            id="a position of nothing",
        ),
    ],
)
def test_nonsense_is_refused_before_anything_moves(
    engine: RunEngine, plan: Callable[[Bench], Any], error: type[Exception], words: str
) -> None:
    bench = Bench(engine)
    with pytest.raises(error, match=words):
        bench.do(plan(bench))
    assert bench.journal == []

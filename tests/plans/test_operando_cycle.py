"""What the plan promises, with devices that are nothing but bluesky's protocols."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus, RunEngineInterrupted
from cell_of_nothing import Cell, Value
from ophyd.status import Status
from plain_devices import Thing, done

from operando.errors import RequestRefused
from operando.plans import operando_cycle


class Told(Thing):
    """Writes down what it is told, in one journal with the others."""

    def __init__(self, name: str, journal: list[str]) -> None:
        super().__init__(name)
        self.journal = journal


class Axis(Told):
    def set(self, value: float) -> Status:
        self.journal.append(f"{self.name} to {value}")
        return done()

    def stop(self, *, success: bool = False) -> None:
        self.journal.append(f"{self.name} held")


class Detector(Told):
    on_trigger: Callable[[int], None] = staticmethod(lambda frame: None)
    frames = 0

    def configure(self, settings: dict[str, float]) -> tuple[dict[str, Any], dict[str, Any]]:
        self.journal.append(f"exposure {settings['acquire_time']}")
        return {}, {}

    def stage(self) -> list[Any]:
        self.journal.append("file open")
        return [self]

    def unstage(self) -> list[Any]:
        self.journal.append("file closed")
        return [self]

    def trigger(self) -> Status:
        self.frames += 1
        self.journal.append("frame")
        self.on_trigger(self.frames)
        return done()


class Potentiostat(Told):
    def __init__(self, name: str, journal: list[str]) -> None:
        super().__init__(name, journal)
        self.programme = Status()
        self.state = Value("state", "idle")

    def kickoff(self) -> Status:
        self.journal.append("programme started")
        return done()

    def complete(self) -> Status:
        return self.programme


class Rig:
    """Four devices and a RunEngine."""

    def __init__(self, engine: RunEngine) -> None:
        self.engine = engine
        self.journal: list[str] = []
        self.documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
        engine.subscribe(lambda name, doc: self.documents[name].append(doc))
        self.detector = Detector("detector", self.journal)
        self.pressure = Axis("stack_pressure", self.journal)
        self.heater = Axis("temperature", self.journal)
        self.potentiostat = Potentiostat("voltage", self.journal)

    def cycle(self, **options: Any) -> Any:
        return operando_cycle(
            self.detector, self.pressure, self.heater, self.potentiostat, **{"interval": 0.01, **options}
        )

    def end_programme_at(self, frame: int) -> None:
        self.detector.on_trigger = lambda taken: self.potentiostat.programme.set_finished() if taken == frame else None


@contextmanager
def soon(action: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Do something while the RunEngine waits."""
    timer = threading.Timer(0.3, action, arguments)
    timer.start()
    try:
        yield
    finally:
        timer.join()


@pytest.fixture
def rig() -> Iterator[Rig]:
    engine = RunEngine({})
    yield Rig(engine)
    if engine.state != "idle":
        engine.abort()
    engine.loop.call_soon_threadsafe(engine.loop.stop)
    engine._th.join()
    engine.loop.close()


def test_frames_are_taken_under_pressure_until_the_programme_ends(rig: Rig) -> None:
    rig.end_programme_at(frame=3)
    rig.engine(rig.cycle(pressure=85.0, temperature=45.0, exposure=0.5))
    before, frames, after = rig.journal[:5], rig.journal[5:8], rig.journal[8:]
    moves = ["stack_pressure to 85.0", "temperature to 45.0"]
    assert before == ["exposure 0.5", "file open", *moves, "programme started"]
    assert frames == ["frame"] * 3
    assert after[0] == "file closed"


def test_each_frame_is_an_event_with_every_readback(rig: Rig) -> None:
    rig.end_programme_at(frame=2)
    extra = Thing("ring_current")
    rig.engine(rig.cycle(readables=[extra], md={"sample": "NMC811"}))
    (start,), (descriptor,), (stop,) = (rig.documents[name] for name in ("start", "descriptor", "stop"))
    assert (start["plan_name"], start["sample"]) == ("operando_cycle", "NMC811")
    assert start["plan_args"] == {"pressure": 85.0, "temperature": 25.0, "exposure": 1.0, "interval": 0.01}
    assert descriptor["name"] == "xrd"
    assert {"stack_pressure", "temperature", "voltage", "ring_current"} <= set(rig.documents["event"][0]["data"])
    assert (stop["exit_status"], stop["num_events"]) == ("success", {"xrd": 2})


def test_a_late_frame_delays_no_other(rig: Rig) -> None:
    moments: list[float] = []

    def slow_second_frame(frame: int) -> None:
        moments.append(time.monotonic())
        if frame == 2:
            threading.Event().wait(0.5)
        if frame == 4:
            rig.potentiostat.programme.set_finished()

    rig.detector.on_trigger = slow_second_frame
    rig.engine(rig.cycle(interval=0.4))
    offset = (moments[3] - moments[0]) % 0.4
    assert min(offset, 0.4 - offset) < 0.15, "the frame after a late one is back on the schedule"


def test_the_end_of_the_programme_is_not_slept_through(rig: Rig) -> None:
    with soon(rig.potentiostat.programme.set_finished):
        rig.engine(rig.cycle(interval=3600.0))
    assert rig.journal.count("frame") == 1


def test_a_pause_between_frames_is_resumed_without_a_second_start(rig: Rig) -> None:
    with soon(rig.engine.request_pause), pytest.raises(RunEngineInterrupted):
        rig.engine(rig.cycle(interval=3600.0))
    assert rig.engine.state == "paused"
    assert rig.journal[-2:].count("stack_pressure held") == 1
    with soon(rig.potentiostat.programme.set_finished):
        rig.engine.resume()
    assert rig.journal.count("programme started") == 1
    assert rig.documents["stop"][0]["exit_status"] == "success"


def test_an_aborted_plan_closes_the_file_and_leaves_the_programme(rig: Rig) -> None:
    with soon(rig.engine.request_pause), pytest.raises(RunEngineInterrupted):
        rig.engine(rig.cycle(interval=3600.0))
    rig.engine.abort()
    assert "file closed" in rig.journal
    assert not rig.potentiostat.programme.done
    assert rig.documents["stop"][0]["exit_status"] == "abort"


def test_a_programme_that_fails_fails_the_run(rig: Rig) -> None:
    failure = RuntimeError("stopped in step 2")
    with soon(rig.potentiostat.programme.set_exception, failure), pytest.raises(FailedStatus):
        rig.engine(rig.cycle(interval=3600.0))
    assert rig.documents["stop"][0]["exit_status"] == "fail"
    assert "file closed" in rig.journal


def test_what_is_not_a_device_is_refused_before_anything_moves(rig: Rig) -> None:
    with pytest.raises(TypeError, match=r"operando_cycle: heater = 'heatr': a \w+ device is wanted; nothing moved"):
        rig.engine(operando_cycle(rig.detector, rig.pressure, "heatr", rig.potentiostat))
    assert rig.journal == []


@pytest.mark.parametrize("state", ["running", "paused"])
def test_a_programme_that_runs_is_attached_to_and_nothing_else_is_touched(rig: Rig, state: str) -> None:
    rig.potentiostat.state.value = state
    rig.end_programme_at(frame=2)
    rig.engine(rig.cycle(attach=True))
    assert rig.journal == ["exposure 1.0", "file open", "frame", "frame", "file closed"]
    assert rig.documents["start"][0]["plan_args"] == {"exposure": 1.0, "interval": 0.01, "attach": True}


def test_where_none_runs_there_is_nothing_to_attach_to(rig: Rig) -> None:
    with pytest.raises(RequestRefused, match="none runs: it is idle; nothing was started"):
        rig.engine(rig.cycle(attach=True))
    assert rig.journal == []
    assert rig.documents == {}


def test_another_programme_is_loaded_before_anything_moves(rig: Rig) -> None:
    cell = Cell(rig.journal, state="idle")
    rig.detector.on_trigger = lambda taken: cell.end.set_finished()
    rig.engine(operando_cycle(rig.detector, rig.pressure, rig.heater, cell, programme="GITT", interval=0.01))
    moves = ["stack_pressure to 85.0", "temperature to 25.0"]
    assert rig.journal[:6] == ["programme GITT", "exposure 1.0", "file open", *moves, "programme started"]
    with pytest.raises(RequestRefused, match="another programme cannot be loaded"):
        rig.engine(rig.cycle(attach=True, programme="GITT"))

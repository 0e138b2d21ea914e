"""What plans of flights promise, with devices that are nothing but bluesky's protocols."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import bluesky.plan_stubs as bps
import pytest
from bluesky import RunEngine
from bluesky.utils import FailedStatus, RunEngineInterrupted
from camera_of_nothing import Camera, Motor
from cell_of_nothing import Value
from ophyd.status import Status
from plain_devices import Thing, done
from waiting import wait_until

from operando.engine.gate import AWAIT_KEEPING, Gate
from operando.errors import MoveHeld, OperandoError, RequestRefused
from operando.plans import fly_frames, operando_cycle
from operando.plans.sweep import Sweep


class Rig:
    def __init__(self, engine: RunEngine) -> None:
        self.engine = engine
        self.documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
        engine.subscribe(lambda name, doc: self.documents[name].append(doc))
        self.camera = Camera()
        self.journal: list[str] = []
        self.motor = Motor(self.journal)

    def announced(self) -> list[int]:
        """Sequence numbers of the frames, in the order of announcement."""
        return [
            number
            for datum in self.documents["stream_datum"]
            for number in range(datum["seq_nums"]["start"], datum["seq_nums"]["stop"])
        ]

    def assert_every_frame_once(self) -> None:
        assert self.announced() == list(range(1, self.camera.exposed + 1))
        for datum in self.documents["stream_datum"]:
            widths = [datum[name]["stop"] - datum[name]["start"] for name in ("seq_nums", "indices")]
            assert widths[0] == widths[1]

    def conditions(self) -> list[dict[str, Any]]:
        (uid,) = (each["uid"] for each in self.documents["descriptor"] if each["name"] == "conditions")
        return [event for event in self.documents["event"] if event["descriptor"] == uid]


@contextmanager
def when(condition: Callable[[], bool], action: Callable[..., Any], *arguments: Any) -> Iterator[None]:
    """Do something once a condition holds."""

    def wait() -> None:
        wait_until(condition)
        action(*arguments)

    thread = threading.Thread(target=wait)
    thread.start()
    try:
        yield
    finally:
        thread.join()


@pytest.fixture
def rig(engine: RunEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rig]:
    monkeypatch.setattr("operando.plans.flights.LOOK_INTERVAL", 0.04)
    made = Rig(engine)
    yield made
    made.camera.dead.set()
    if made.camera.thread:
        made.camera.thread.join()


def test_each_frame_of_a_flight_is_announced_once(rig: Rig) -> None:
    rig.engine(fly_frames(rig.camera, frames=35, exposure=0.01, period=0.01, readables=[Thing("voltage")]))
    assert rig.camera.exposed == 35
    rig.assert_every_frame_once()
    names = [descriptor["name"] for descriptor in rig.documents["descriptor"]]
    assert sorted(names) == ["conditions", "xrd"]
    assert len(rig.conditions()) >= 2, "before and behind"
    assert {"voltage", "detector_account"} == set(rig.conditions()[0]["data"])
    (start,) = rig.documents["start"]
    assert start["plan_args"] == {"frames": 35, "exposure": 0.01, "period": 0.01, "interval": 1.0}


def test_frames_are_announced_while_they_come(rig: Rig) -> None:
    moments: list[float] = []
    rig.engine.subscribe(lambda name, doc: moments.append(time.monotonic()), "stream_datum")
    rig.engine(fly_frames(rig.camera, frames=40, exposure=0.01, period=0.01))
    assert len(moments) >= 3
    assert moments[-1] - moments[0] > 0.2


def test_a_motor_sweeps_meanwhile(rig: Rig) -> None:
    rig.engine(fly_frames(rig.camera, frames=5, period=0.01, motor=rig.motor, start=1.0, stop=3.0))
    assert rig.journal == ["to 1.0", "to 3.0"]
    assert all("motor" in event["data"] for event in rig.conditions())


def test_a_pause_holds_camera_and_motor_and_nothing_is_announced_twice(rig: Rig) -> None:
    flight = fly_frames(rig.camera, frames=30, period=0.01, motor=rig.motor, stop=3.0)
    with when(lambda: rig.camera.announced > 5, rig.engine.request_pause), pytest.raises(RunEngineInterrupted):
        rig.engine(flight)
    assert rig.camera.held.is_set()
    wait_until(lambda: rig.motor.move is not None and rig.motor.move.done)
    assert rig.journal == ["to 3.0", "stopped"]
    exposed = rig.camera.exposed
    assert exposed < 30
    rig.engine.resume()
    assert rig.camera.flights == 1, "resumed, not begun anew"
    assert rig.journal == ["to 3.0", "stopped", "to 3.0"]
    assert rig.camera.exposed == 30
    rig.assert_every_frame_once()
    assert rig.documents["stop"][0]["exit_status"] == "success"


@pytest.mark.parametrize("braking", [0.0, 0.1])
def test_a_motor_goes_on_whether_or_not_it_stands_when_the_plan_does(braking: float) -> None:
    journal: list[str] = []
    motor = Motor(journal)
    motor.braking = braking
    sweep = Sweep(motor)
    arrival = sweep.set(3.0)
    sweep.stop(success=True)
    sweep.pause()
    if not braking:
        wait_until(lambda: motor.move is not None and motor.move.done)
    sweep.resume()
    wait_until(lambda: arrival.done)
    assert arrival.success
    assert journal == ["to 3.0", "stopped", "to 3.0"]


def test_a_motor_that_stands_in_the_moment_of_the_resume_is_asked_once() -> None:
    for _ in range(200):
        moves: list[Status] = []

        def set_it(target: float, moves: list[Status] = moves) -> Status:
            moves.append(Status())
            return moves[-1]

        motor = SimpleNamespace(name="motor", set=set_it, stop=lambda *, success: None)
        sweep = Sweep(motor)
        sweep.set(3.0)
        sweep.stop(success=True)
        standing = threading.Thread(target=moves[0].set_exception, args=(MoveHeld("held"),))
        standing.start()
        sweep.resume()
        standing.join()
        wait_until(lambda moves=moves: len(moves) > 1)
        assert len(moves) == 2


@pytest.mark.parametrize("count", range(2))
def test_several_pauses_at_any_moment_lose_nothing(rig: Rig, count: int) -> None:
    interrupted: Any = rig.engine
    with (
        when(lambda: rig.camera.announced > 3 + 7 * count, rig.engine.request_pause),
        pytest.raises(RunEngineInterrupted),
    ):
        interrupted(fly_frames(rig.camera, frames=80, period=0.01, interval=0.01))
    threshold = rig.camera.exposed
    with (
        when(lambda: rig.camera.announced > threshold + 5, rig.engine.request_pause, count == 1),
        pytest.raises(RunEngineInterrupted),
    ):
        rig.engine.resume()
    rig.engine.resume()
    assert rig.camera.exposed == 80
    rig.assert_every_frame_once()


@pytest.mark.parametrize("way", ["abort", "stop"])
def test_a_plan_that_is_ended_announces_what_is_on_disk(rig: Rig, way: str) -> None:
    with when(lambda: rig.camera.announced > 15, rig.engine.request_pause), pytest.raises(RunEngineInterrupted):
        rig.engine(fly_frames(rig.camera, frames=5000, period=0.005))
    getattr(rig.engine, way)()
    assert rig.camera.ended.is_set()
    assert 15 < rig.camera.exposed < 5000
    rig.assert_every_frame_once()


def test_a_halted_run_announced_no_frame_twice(rig: Rig) -> None:
    with when(lambda: rig.camera.announced > 15, rig.engine.request_pause), pytest.raises(RunEngineInterrupted):
        rig.engine(fly_frames(rig.camera, frames=5000, period=0.005))
    rig.engine.halt()
    assert rig.announced() == list(range(1, rig.camera.announced + 1))


def test_a_flight_that_fails_fails_the_run_behind_its_frames(rig: Rig) -> None:
    def break_down() -> None:
        rig.camera.complaint = OperandoError("the camera is gone")

    with when(lambda: rig.camera.exposed > 12, break_down), pytest.raises(FailedStatus) as failure:
        rig.engine(fly_frames(rig.camera, frames=5000, period=0.005))
    assert "the camera is gone" in str(failure.value.__cause__)
    rig.assert_every_frame_once()
    assert rig.documents["stop"][0]["exit_status"] == "fail"


def test_a_flight_that_somebody_ends_is_no_success(rig: Rig) -> None:
    with (
        when(lambda: rig.camera.exposed > 12, rig.camera.stop),
        pytest.raises(OperandoError, match=r"somebody ended its flight; \d+ frames were not exposed"),
    ):
        rig.engine(fly_frames(rig.camera, frames=5000, period=0.005))
    rig.assert_every_frame_once()


def test_a_motor_that_is_stopped_by_hand_fails_the_run(rig: Rig) -> None:
    with when(lambda: rig.camera.exposed > 3, rig.motor.stop), pytest.raises(FailedStatus, match="stopped by hand"):
        rig.engine(fly_frames(rig.camera, frames=5000, period=0.01, motor=rig.motor, stop=3.0))
    rig.assert_every_frame_once()


def test_a_sweep_without_a_target_and_what_cannot_fly_are_refused(rig: Rig) -> None:
    with pytest.raises(RequestRefused, match="a motor and where it moves to are wanted"):
        rig.engine(fly_frames(rig.camera, frames=5, motor=rig.motor, start=1.0))
    with pytest.raises(TypeError, match="fly_frames: detector = 'detectr': a Preparable device is wanted"):
        rig.engine(fly_frames("detectr", frames=5))
    assert rig.documents == {}


class Potentiostat(Thing):
    def __init__(self) -> None:
        super().__init__("voltage")
        self.programme = Status()
        self.state = Value("state", "idle")

    def kickoff(self) -> Status:
        return done()

    def complete(self) -> Status:
        return self.programme


class Axis(Thing):
    def set(self, value: float) -> Status:
        return done()


def test_bursts_follow_the_schedule_of_a_cell_until_its_programme_ends(rig: Rig) -> None:
    cell = Potentiostat()
    with when(lambda: rig.camera.flights >= 4, cell.programme.set_finished):
        rig.engine(
            operando_cycle(
                *(rig.camera, Axis("stack_pressure"), Axis("temperature"), cell),
                **{"exposure": 0.01, "interval": 0.3, "burst": 6, "burst_period": 0.01},
            )
        )
    flights = rig.camera.flights
    assert rig.camera.exposed == 6 * flights
    rig.assert_every_frame_once()
    assert len(rig.conditions()) == flights, "an event a burst"
    assert {"stack_pressure", "temperature", "voltage"} <= set(rig.conditions()[0]["data"])
    assert rig.documents["start"][0]["plan_args"]["burst"] == 6


def test_a_paused_burst_is_not_taken_twice(rig: Rig) -> None:
    cell = Potentiostat()
    with (
        when(lambda: rig.camera.exposed > 10, rig.engine.request_pause),
        pytest.raises(RunEngineInterrupted),
    ):
        rig.engine(
            operando_cycle(
                *(rig.camera, Axis("stack_pressure"), Axis("temperature"), cell),
                **{"exposure": 0.01, "interval": 0.2, "burst": 8, "burst_period": 0.02},
            )
        )
    with when(lambda: rig.camera.flights >= 4, cell.programme.set_finished):
        rig.engine.resume()
    assert rig.camera.exposed == 8 * rig.camera.flights
    rig.assert_every_frame_once()


def test_a_flight_waits_for_what_is_in_the_way_as_an_exposure_does(rig: Rig) -> None:
    gate = Gate(rig.engine, [lambda: ""], lambda: "", lambda text: None)
    commands = [msg.command for msg in gate.preprocess(bps.kickoff(rig.camera))]
    assert commands == [AWAIT_KEEPING, "kickoff"]

"""Plans that wait for a cell, let it rest and measure its impedance while there is no beam."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky import RunEngine
from bluesky.plans import count
from bluesky.utils import FailedStatus, MsgGenerator, RunEngineInterrupted
from cell_of_nothing import Cell, Settable, Value
from plain_devices import Thing

from operando.errors import RequestRefused
from operando.plans import (
    at_rest,
    impedance_in_beam_gaps,
    load_programme,
    measurement_done,
    pause_programme,
    resume_programme,
    wait_for_charge,
    wait_for_event,
    wait_for_step,
    wait_for_voltage,
)
from operando.vocabulary import CellEvent, Crossing, Next, Passed, StepBegun


@pytest.fixture
def cell() -> Cell:
    return Cell([])


@contextmanager
def soon(action: Callable[..., Any]) -> Iterator[None]:
    """Do something while the RunEngine waits."""
    timer = threading.Timer(0.3, action)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def only_wait(cell: Cell) -> Any:
    (wait,) = cell.watch.waits.values()
    return wait


@pytest.mark.parametrize(
    ("waits", "kind", "content"),
    [
        (lambda cell: wait_for_step(cell, "rest", cycle=2), StepBegun, {"step": "rest", "cycle": 2}),
        (
            lambda cell: wait_for_voltage(cell, above=3.6, scale="cell"),
            Crossing,
            {"quantity": "voltage", "value": 3.6, "below": False},
        ),
        (
            lambda cell: wait_for_voltage(cell, below=2.8, scale="Li/Li+"),
            Crossing,
            {"quantity": "potential", "value": 2.8, "below": True},
        ),
        (lambda cell: wait_for_charge(cell, -1e-4), Passed, {"increment": -1e-4}),
        (lambda cell: wait_for_event(cell, "CYCLE_BEGUN"), Next, {"event": CellEvent.CYCLE_BEGUN}),
    ],
)
def test_a_plan_waits_until_it_has_come(
    engine: RunEngine, cell: Cell, waits: Callable[[Cell], MsgGenerator[None]], kind: type, content: dict[str, Any]
) -> None:
    with soon(lambda: only_wait(cell).set_finished()):
        engine(waits(cell))
    ((awaited, status),) = cell.watch.waits.items()
    assert status.success
    assert isinstance(awaited, kind)
    assert {name: getattr(awaited, name) for name in content} == content


def test_a_wait_goes_on_while_the_plan_is_paused(engine: RunEngine, cell: Cell) -> None:
    with soon(engine.request_pause), pytest.raises(RunEngineInterrupted):
        engine(wait_for_step(cell, 3))
    wait = only_wait(cell)
    assert not wait.done
    with soon(wait.set_finished):
        engine.resume()
    assert only_wait(cell) is wait
    assert cell.journal == [], "a paused plan pauses no programme"


def test_a_wait_in_vain_fails_the_plan_also_when_it_was_paused(engine: RunEngine, cell: Cell) -> None:
    with soon(lambda: only_wait(cell).set_exception(RuntimeError("ended"))), pytest.raises(FailedStatus):
        engine(wait_for_step(cell, 3))
    cell.watch.waits.clear()
    with soon(engine.request_pause), pytest.raises(RunEngineInterrupted):
        engine(wait_for_step(cell, 3))
    only_wait(cell).set_exception(RuntimeError("ended"))
    with pytest.raises((FailedStatus, RuntimeError)):
        engine.resume()


def test_a_voltage_without_its_scale_is_refused(engine: RunEngine, cell: Cell) -> None:
    with pytest.raises(RequestRefused, match="scale = 'Li'; 'cell' or 'Li/Li\\+' is wanted"):
        engine(wait_for_voltage(cell, above=4.3, scale="Li"))
    with pytest.raises(RequestRefused, match="one of the two is wanted"):
        engine(wait_for_voltage(cell, scale="cell"))
    with pytest.raises(RequestRefused, match=r"'LUNCH'; allowed: STEP_ENDED, "):
        engine(wait_for_event(cell, "LUNCH"))
    with pytest.raises(TypeError, match="potentiostat = 'potentiostta': a cell under its programme is wanted"):
        engine(pause_programme("potentiostta"))


def test_a_programme_is_paused_and_resumed(engine: RunEngine, cell: Cell) -> None:
    engine(pause_programme(cell))
    engine(resume_programme(cell))
    assert cell.journal == ["state paused", "state running"]


def test_another_programme_is_loaded(engine: RunEngine, cell: Cell) -> None:
    engine(load_programme(cell, "name = 'GITT'"))
    assert cell.journal == ["programme name = 'GITT'"]


def test_a_plan_paused_behind_a_done_measurement_does_not_end_the_next_step(engine: RunEngine, cell: Cell) -> None:
    def map_then_wait() -> MsgGenerator[None]:
        yield from measurement_done(cell)
        yield from bps.sleep(1.0)

    with soon(engine.request_pause), pytest.raises(RunEngineInterrupted):
        engine(map_then_wait())
    engine.resume()
    assert cell.journal == ["measurement done"]


class Documents:
    def __init__(self, engine: RunEngine) -> None:
        self.found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        engine.subscribe(lambda name, doc: self.found[name].append(doc))


def test_a_map_is_measured_at_rest_and_its_events_know_the_age(engine: RunEngine, cell: Cell) -> None:
    documents = Documents(engine)
    detector = Thing("detector")
    engine(at_rest(count([detector], num=3), cell))
    assert cell.journal == ["state paused", "state running"]
    assert [event["data"]["rest_age"] for event in documents.found["event"]] == [7.0] * 3
    engine(at_rest(count([detector, cell.rest_age], num=1), cell))
    assert documents.found["event"][-1]["data"]["rest_age"] == 7.0


@pytest.mark.parametrize("state", ["paused", "finished", "idle"])
def test_a_cell_that_rests_already_is_left_as_it_is(engine: RunEngine, state: str) -> None:
    cell = Cell([], state)
    engine(at_rest(count([Thing("detector")]), cell))
    assert cell.journal == []


def test_the_programme_goes_on_behind_a_map_that_fails_or_is_aborted(engine: RunEngine, cell: Cell) -> None:
    def failing() -> MsgGenerator[None]:
        yield from bps.null()
        raise RuntimeError("no frame")

    with pytest.raises(RuntimeError, match="no frame"):
        engine(at_rest(failing(), cell))
    assert cell.journal == ["state paused", "state running"]
    with soon(engine.request_pause), pytest.raises(RunEngineInterrupted):
        engine(at_rest(bps.sleep(10.0), cell, relax=0.01))
    assert cell.state.value == "paused"
    engine.abort()
    assert cell.state.value == "running"


def test_a_cell_that_was_stopped_meanwhile_is_not_resumed(engine: RunEngine, cell: Cell) -> None:
    def stopping() -> MsgGenerator[None]:
        cell.state.value = "stopped"
        yield from bps.null()

    engine(at_rest(stopping(), cell))
    assert cell.journal == ["state paused"]


class Frames:
    """Checkpoints between frames, while things happen to cell and beam."""

    def __init__(self, cell: Cell) -> None:
        self.cell = cell
        self.cell.watch.at_once = True
        self.cell.measurement.then = lambda _: setattr(cell.measurement, "value", "")

    def plan(self, happenings: list[Callable[[], None]]) -> MsgGenerator[str]:
        for happening in happenings:
            happening()
            self.cell.journal.append("frame")
            yield from bps.checkpoint()
        return "frames"


def test_a_spectrum_is_measured_in_the_next_gap_of_the_beam(engine: RunEngine, cell: Cell) -> None:
    beam, frames = Value("ring_current", 100.0), Frames(cell)
    happenings = [
        lambda: setattr(beam, "value", 0.1),
        lambda: setattr(beam, "value", 100.0),
        lambda: setattr(cell.measurement, "value", "impedance"),
        lambda: setattr(beam, "value", 0.1),
        lambda: None,
    ]
    engine(impedance_in_beam_gaps(frames.plan(happenings), cell, beam, below=1.0))
    assert cell.journal == ["frame", "frame", "frame", "frame", "measurement done", "frame"]
    (awaited,) = cell.watch.waits
    assert isinstance(awaited, Next)
    assert awaited.event is CellEvent.SPECTRUM_MEASURED


def test_a_shutter_makes_the_gap_when_patience_ends_and_is_opened_again(engine: RunEngine, cell: Cell) -> None:
    shutter, frames = Settable("shutter", "open", cell.journal), Frames(cell)
    cell.measurement.value = "impedance"
    plan = frames.plan([lambda: None, lambda: None])
    engine(impedance_in_beam_gaps(plan, cell, Value("beam", 1), below=0.5, shutter=shutter, patience=0.0))
    assert cell.journal == ["frame", "shutter closed", "measurement done", "shutter open", "frame"]


def test_a_rest_that_waits_for_a_map_is_not_ended_by_a_gap(engine: RunEngine, cell: Cell) -> None:
    cell.measurement.value = "rest"
    engine(impedance_in_beam_gaps(Frames(cell).plan([lambda: None]), cell, Value("beam", 0.0), below=0.5))
    assert cell.journal == ["frame"]


def test_what_the_plan_returns_is_returned(engine: RunEngine, cell: Cell) -> None:
    kept = []

    def outer() -> MsgGenerator[None]:
        plan = impedance_in_beam_gaps(Frames(cell).plan([]), cell, Value("beam", 0.0), below=0.5)
        kept.append((yield from at_rest(plan, cell)))

    engine(bpp.finalize_wrapper(outer(), bps.null))
    assert kept == ["frames"]

"""Exposures wait while something is in the way, nothing else does, and it is written down how long they waited."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.preprocessors as bpp
import pytest
from bluesky import Msg
from bluesky.utils import RunEngineInterrupted
from ophyd.status import Status
from plain_devices import Thing, done

from operando.engine import gate as gate_module
from operando.engine.gate import AWAIT_KEEPING, Gate
from operando.engine.run_engine import EndstationRunEngine
from operando.errors import JournalError


class Told(Thing):
    """A detector, a motor and a flyer in one; writes down what it is told."""

    def __init__(self) -> None:
        super().__init__("thing")
        self.told: list[str] = []
        self.on_trigger: Callable[[], None] = lambda: None

    def trigger(self) -> Status:
        self.told.append("trigger")
        self.on_trigger()
        return done()

    def kickoff(self) -> Status:
        self.told.append("kickoff")
        return done()

    def complete(self) -> Status:
        return done()

    def set(self, value: float) -> Status:
        self.told.append(f"set {value}")
        return done()

    def stop(self, *, success: bool = False) -> None:
        self.told.append("stop")


class Session:
    """A RunEngine with a gate and two things that can be in the way."""

    def __init__(self) -> None:
        self.engine = EndstationRunEngine({})
        self.engine.record_interruptions = True
        self.full = ""
        self.unkept = ""
        self.said: list[str] = []
        self.documents: list[tuple[str, dict[str, Any]]] = []
        self.thing = Told()
        gate = Gate(self.engine, [lambda: self.full], lambda: self.unkept, self.said.append)
        self.engine.register_command(AWAIT_KEEPING, gate.wait)
        self.engine.preprocessors.append(gate.preprocess)
        self.engine.subscribe(lambda name, doc: self.documents.append((name, doc)))

    def frames(self, count: int) -> Any:
        @bpp.run_decorator()
        def plan() -> Any:
            for _ in range(count):
                yield from bps.checkpoint()
                yield from bps.trigger_and_read([self.thing])

        return plan()

    def until(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < until, "did not come true"
            threading.Event().wait(0.01)

    def interruptions(self) -> list[str]:
        return [
            doc["data"]["interruption"]
            for name, doc in self.documents
            if name == "event" and "interruption" in doc["data"]
        ]

    @contextmanager
    def beside(self, procedure: Callable[[], None]) -> Iterator[None]:
        """Do something in a thread while the RunEngine runs in this one; its failure is the test's."""
        failures: list[BaseException] = []

        def run() -> None:
            try:
                procedure()
            except BaseException as error:  # noqa: BLE001 (a thread's boundary; raised in the test below)
                failures.append(error)
                self.full = self.unkept = ""

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            thread.join(30)
            assert failures == []


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.setattr(gate_module, "LOOK_INTERVAL", 0.02)
    found = Session()
    yield found
    if found.engine.state != "idle":
        found.engine.abort()
    found.engine.loop.call_soon_threadsafe(found.engine.loop.stop)
    found.engine._th.join()
    found.engine.loop.close()


def test_nothing_in_the_way_changes_nothing(session: Session) -> None:
    session.engine(session.frames(3))
    assert session.thing.told == ["trigger"] * 3
    assert session.said == session.interruptions() == []


def test_exposures_wait_and_go_on_by_themselves_and_that_is_recorded(session: Session) -> None:
    def fill() -> None:
        session.full = "data root /data: 0.5 GB free"

    def make_room() -> None:
        session.until(lambda: session.said)
        threading.Event().wait(0.2)
        assert session.thing.told == ["trigger"]
        session.full = ""

    session.thing.on_trigger = lambda: fill() if len(session.thing.told) == 1 else None
    with session.beside(make_room):
        session.engine(session.frames(2))
    assert session.thing.told == ["trigger"] * 2
    assert len(session.said) == 2
    assert "exposures wait: data root /data: 0.5 GB free" in session.said[0]
    (recorded,) = session.interruptions()
    assert re.match(r"exposures waited \d+\.\d s from ", recorded)
    assert recorded.endswith("data root /data: 0.5 GB free")


def test_moves_do_not_wait_and_nothing_is_stopped(session: Session) -> None:
    session.full = "full"

    def plan() -> Any:
        yield from bps.mv(session.thing, 85.0)
        yield from bps.trigger(session.thing, wait=True)

    def look() -> None:
        session.until(lambda: session.said)
        assert session.thing.told == ["set 85.0"]
        session.full = ""

    with session.beside(look):
        session.engine(plan())
    assert session.thing.told[:2] == ["set 85.0", "trigger"]


@pytest.mark.parametrize("first", ["stage", "open_run"])
def test_what_prepares_new_data_waits_too(session: Session, first: str) -> None:
    session.full = "full"
    executed: list[str] = []
    session.engine.msg_hook = lambda msg: executed.append(msg.command)

    def plan() -> Any:
        if first == "stage":
            yield from bps.stage(session.thing)
        else:
            yield from bps.open_run()
            yield from bps.close_run()

    def look() -> None:
        session.until(lambda: session.said)
        assert executed == [AWAIT_KEEPING]
        session.full = ""

    with session.beside(look):
        session.engine(plan())
    assert executed[1] == first


@pytest.mark.parametrize("defer", [False, True])
def test_a_pause_ends_the_waiting_and_resuming_waits_again(session: Session, defer: bool) -> None:
    session.thing.on_trigger = lambda: setattr(session, "full", "full" if len(session.thing.told) == 1 else "")

    def pause() -> None:
        session.until(lambda: session.said)
        session.engine.request_pause(defer)

    with session.beside(pause), pytest.raises(RunEngineInterrupted):
        session.engine(session.frames(2))
    assert session.engine.state == "paused"
    session.said.clear()
    triggered = session.thing.told.count("trigger")

    def make_room() -> None:
        session.until(lambda: session.said)
        assert session.thing.told.count("trigger") == triggered
        session.full = ""

    with session.beside(make_room):
        session.engine.resume()
    assert session.documents[-1][1]["num_events"]["primary"] == 2


def test_a_kickoff_that_must_not_be_repeated_waits_again_after_a_pause(session: Session) -> None:
    session.engine.subscribe(lambda name, doc: setattr(session, "full", "full"), "start")

    @bpp.run_decorator()
    def plan() -> Any:
        yield from bps.checkpoint()
        yield from bpp.rewindable_wrapper(bps.kickoff(session.thing, wait=True), False)

    def pause() -> None:
        session.until(lambda: session.said)
        session.engine.request_pause()

    with session.beside(pause), pytest.raises(RunEngineInterrupted):
        session.engine(plan())
    session.said.clear()

    def make_room() -> None:
        session.until(lambda: session.said)
        assert "kickoff" not in session.thing.told
        session.full = ""

    with session.beside(make_room):
        session.engine.resume()
    assert session.thing.told.count("kickoff") == 1


def test_an_abort_ends_the_waiting_with_its_reason(session: Session) -> None:
    session.thing.on_trigger = lambda: setattr(session, "full", "full")

    def abort() -> None:
        session.until(lambda: session.said)
        session.engine.abort("the beamtime is over")

    with session.beside(abort), pytest.raises(RunEngineInterrupted):
        session.engine(session.frames(2))
    stop = session.documents[-1][1]
    assert (stop["exit_status"], stop["reason"]) == ("abort", "the beamtime is over")
    assert stop["num_events"]["primary"] == 1


def test_a_halt_ends_the_waiting(session: Session) -> None:
    session.full = "full"

    def halt() -> None:
        session.until(lambda: session.said)
        session.engine.halt()

    with session.beside(halt), pytest.raises(RunEngineInterrupted):
        session.engine(session.frames(1))
    assert session.engine.state == "idle"


def test_a_document_that_is_not_in_the_journal_holds_up_whatever_comes_next(session: Session) -> None:
    executed: list[str] = []
    session.engine.msg_hook = lambda msg: executed.append(msg.command)

    def not_kept(name: str, doc: dict[str, Any]) -> None:
        if name == "event" and "thing" in doc["data"]:
            session.unkept = "1 documents are not in the journal yet"

    def keep() -> None:
        session.until(lambda: session.said)
        assert executed[-2:] == ["save", AWAIT_KEEPING]
        session.unkept = ""

    session.engine.subscribe(not_kept)
    with session.beside(keep):
        session.engine(session.frames(1))
    assert session.documents[-1][0] == "stop"


def test_a_plan_is_not_over_before_its_stop_document_is_in_the_journal(session: Session) -> None:
    session.engine.subscribe(lambda name, doc: setattr(session, "unkept", "1 documents"), "stop")
    over: list[bool] = []

    def keep() -> None:
        session.until(lambda: session.said)
        over.append(str(session.engine.state) == "idle")
        session.unkept = ""

    with session.beside(keep):
        session.engine(session.frames(1))
    assert over == [False]


def test_a_plan_sees_its_own_answers_errors_and_end(session: Session) -> None:
    seen: list[Any] = []

    def plan() -> Any:
        uid = yield from bps.open_run()
        seen.append(uid)
        try:
            yield Msg("no such message")
        except Exception as error:  # noqa: BLE001 (whatever the RunEngine throws into the plan)
            seen.append(type(error).__name__)
        yield from bps.close_run()
        return "result"

    def wrapped() -> Any:
        seen.append((yield from plan()))

    session.engine(wrapped())
    assert seen == [session.documents[0][1]["uid"], "InvalidCommand", "result"]


def test_a_document_no_disk_could_take_ends_the_plan(session: Session) -> None:
    def refuse(name: str, doc: dict[str, Any]) -> None:
        raise JournalError("not JSON")

    session.engine.subscribe(refuse, "event")
    with pytest.raises(JournalError, match="not JSON"):
        session.engine(session.frames(1))

"""A camera that flies and a motor that sweeps, which are nothing but bluesky's protocols."""

import threading
from collections.abc import Iterator
from typing import Any

from cell_of_nothing import Value
from event_model import compose_stream_resource
from ophyd.status import Status
from plain_devices import Thing, done

from operando.errors import MoveFailed, MoveHeld
from operando.vocabulary import Flight

PER_FILE = 10


class Camera(Thing):
    """Takes frames in a thread, ten a file, and announces those of one file at a time."""

    def __init__(self) -> None:
        super().__init__("detector")
        self.account = Thing("detector_account")
        self.asked = Flight(0, 0.0)
        self.exposed = self.announced = self.flights = 0
        self.resource: Any = None
        self.file = -1
        self.held, self.ended, self.dead = threading.Event(), threading.Event(), threading.Event()
        self.complaint: Exception | None = None
        self.thread: threading.Thread | None = None

    # what a plan reads
    @property
    def frames_outstanding(self) -> Value:
        return Value("outstanding", self.target - self.announced)

    @property
    def frames_short(self) -> Value:
        return Value("short", self.short)

    def prepare(self, flight: Flight) -> Status:
        self.asked = flight
        return done()

    def configure(self, settings: dict[str, float]) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {}

    def stage(self) -> list[Any]:
        return [self]

    def unstage(self) -> list[Any]:
        self.dead.set()
        return [self]

    def trigger(self) -> Status:
        raise AssertionError("a flight is not triggered")

    def kickoff(self) -> Status:
        self.flights += 1
        self.short = 0
        self.target = self.exposed + self.asked.frames
        self.began, self.over = Status(), Status()
        self.ended.clear()
        self.thread = threading.Thread(target=self.fly, daemon=True)
        self.thread.start()
        return self.began

    def fly(self) -> None:
        while self.exposed < self.target and not self.ended.is_set() and not self.dead.is_set():
            if not self.held.is_set() and not self.complaint:
                self.exposed += 1
            if not self.began.done:
                self.began.set_finished()
            if self.complaint:
                break
            threading.Event().wait(self.asked.period)
        self.short, self.target = self.target - self.exposed, self.exposed
        if self.complaint:
            self.over.set_exception(self.complaint)
        else:
            self.over.set_finished()

    def complete(self) -> Status:
        ending = Status()

        def end(_: Any) -> None:
            def wait() -> None:
                while self.exposed - self.announced > PER_FILE and not self.dead.is_set():
                    threading.Event().wait(0.01)
                failure = self.over.exception(timeout=0)
                ending.set_exception(failure) if failure else ending.set_finished()

            threading.Thread(target=wait, daemon=True).start()

        self.over.add_callback(end)
        return ending

    def pause(self) -> None:
        self.held.set()

    def resume(self) -> None:
        self.held.clear()

    def stop(self, *, success: bool = False) -> None:
        self.ended.set()

    def get_index(self) -> int:
        return self.exposed

    def describe_collect(self) -> dict[str, Any]:
        image = {"dtype": "array", "dtype_numpy": "<i4", "shape": [1, 4, 4], "source": "x", "external": "STREAM:"}
        return {"detector_image": image}

    def collect_asset_docs(self, index: int | None = None) -> Iterator[tuple[str, dict[str, Any]]]:
        if self.exposed <= self.announced:
            return
        file, start = divmod(self.announced, PER_FILE)
        if file != self.file:
            self.file = file
            made, self.resource = compose_stream_resource(
                mimetype="application/x-hdf5", uri=f"file://localhost/{file}", data_key="detector_image", parameters={}
            )
            yield "stream_resource", dict(made)
        stop = min(PER_FILE, start + self.exposed - self.announced)
        self.announced += stop - start
        yield "stream_datum", self.resource(indices={"start": start, "stop": stop})


class Motor(Thing):
    """Takes a quarter of a second; a stop by the RunEngine holds it, another one ends it."""

    def __init__(self, journal: list[str]) -> None:
        super().__init__("motor")
        self.journal = journal
        self.move: Status | None = None
        self.braking = 0.0

    def set(self, target: float) -> Status:
        self.journal.append(f"to {target}")
        move = self.move = Status()
        timer = threading.Timer(0.25, lambda: move.done or move.set_finished())
        timer.daemon = True
        timer.start()
        return move

    def stop(self, *, success: bool = False) -> None:
        if self.move is not None and not self.move.done:
            self.journal.append("stopped")
            failure = MoveHeld("held") if success else MoveFailed("stopped by hand")
            move = self.move
            timer = threading.Timer(self.braking, lambda: move.done or move.set_exception(failure))
            timer.start()

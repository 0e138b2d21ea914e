"""A cell under its programme that is nothing but bluesky's protocols, and what became of it as a list of words."""

from collections.abc import Callable
from typing import Any

from ophyd.status import Status
from plain_devices import Thing, done

from operando.vocabulary import Awaited


class Value(Thing):
    """Reads a value that tests change."""

    def __init__(self, name: str, value: Any) -> None:
        super().__init__(name)
        self.value = value

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": self.value, "timestamp": 0.0}}

    def describe(self) -> dict[str, Any]:
        kind = "string" if isinstance(self.value, str) else "number"
        return {self.name: {"dtype": kind, "shape": [], "source": "test"}}


class Settable(Value):
    """Becomes what it is set to, and writes that down."""

    def __init__(self, name: str, value: Any, journal: list[str], then: Callable[[Any], None] | None = None) -> None:
        super().__init__(name, value)
        self.journal = journal
        self.then = then

    def set(self, value: Any) -> Status:
        self.journal.append(f"{self.name} {value}")
        self.value = value
        if self.then:
            self.then(value)
        return done()


class Watch:
    """Remembers what is waited for; tests say when it has come."""

    parent = None
    name = "watch"

    def __init__(self) -> None:
        self.waits: dict[Awaited, Status] = {}
        self.asked = 0
        self.at_once = False

    def set(self, awaited: Awaited, timeout: float | None = None) -> Status:
        self.asked += 1
        status = self.waits.setdefault(awaited, Status(timeout=timeout))
        if self.at_once and not status.done:
            status.set_finished()
        return status


class Cell(Thing):
    """Its programme runs."""

    def __init__(self, journal: list[str], state: str = "running") -> None:
        super().__init__("potentiostat")
        self.journal = journal
        self.state = Settable("state", state, journal)
        self.programme = Settable("programme", "", journal)
        self.measurement = Settable("measurement", "", journal)
        self.rest_age = Value("rest_age", 7.0)
        self.watch = Watch()
        self.end = Status()

    def kickoff(self) -> Status:
        self.journal.append("programme started")
        return done()

    def complete(self) -> Status:
        return self.end

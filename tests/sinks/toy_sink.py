"""A target that does what a test wants, and journals to feed it from."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import event_model

from operando.errors import TargetAway
from operando.journal import Journal
from operando.sinks.delivery import Delivery
from operando.sinks.position import Positions

Document = tuple[str, dict[str, Any]]
KEYS = {"stack_pressure": {"dtype": "number", "shape": [], "source": "PV:SIM:PRESSURE:READBACK"}}


@dataclass
class Target:
    """What outlives the sinks that are connected to it."""

    resumes: bool = True
    away: bool = False
    """It takes nothing now."""
    refuses: set[str] = field(default_factory=set)
    """Runs that it will never take."""
    fails_after: int | None = None
    """Documents until it goes away in the middle of a run."""
    has: dict[str, list[Document]] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    calls: list[tuple[str, str]] = field(default_factory=list)
    connected: int = 0
    hang: threading.Event | None = None
    """Calls return once it is set."""

    def connect(self) -> "ToySink":
        self.connected += 1
        if self.away:
            raise TargetAway("toy: nobody is there")
        return ToySink(self)


class ToySink:
    def __init__(self, target: Target) -> None:
        self._target = target
        self.resumes = target.resumes

    def begin(self, run: str, whole: bool) -> bool:
        self._target.calls.append(("begin", f"{run} {'whole' if whole else 'open'}"))
        if run in self._target.ended:
            return False
        if not self.resumes:
            self._target.has[run] = []
        return True

    def send(self, run: str, name: str, document: Mapping[str, Any]) -> None:
        target = self._target
        if target.hang is not None:
            target.hang.wait()
        if run in target.refuses:
            raise ValueError("toy: this run has a face that nobody likes")
        if target.fails_after is not None:
            target.fails_after -= 1
            if target.fails_after < 0:
                target.away, target.fails_after = True, None
        if target.away:
            raise TargetAway("toy: it went away")
        target.has.setdefault(run, []).append((name, dict(document)))

    def end(self, run: str) -> None:
        self._target.ended.append(run)

    def close(self) -> None:
        self._target.calls.append(("close", ""))


class Feeder:
    """A delivery to a toy, driven step by step, its clock by hand."""

    def __init__(self, root: Path, target: Target, live_only: bool = False) -> None:
        self.now = 0.0
        self.target = target
        self.positions = Positions(root / "run" / "sinks", "toy")
        self.delivery = Delivery(
            "toy", target.connect, root / "journal", self.positions, live_only, clock=lambda: self.now
        )

    def work(self, seconds: float = 3.0) -> None:
        """Let time pass, and do whatever can be done meanwhile."""
        end = self.now + seconds
        while self.now < end:
            while self.delivery.step():
                pass
            self.now += 0.5

    def die(self) -> None:
        """End without a word: what was not saved is forgotten."""


def run_documents(events: int, time: float = 1.0) -> list[Document]:
    """Documents of a run as the journal gives them back."""
    run = event_model.compose_run(time=time, metadata={"plan_name": "operando_cycle"})
    stream = run.compose_descriptor(name="xrd", data_keys=KEYS)
    documents = [("start", run.start_doc), ("descriptor", stream.descriptor_doc)]
    for number in range(events):
        event = stream.compose_event(data={"stack_pressure": 85.0 + number}, timestamps={"stack_pressure": number})
        documents.append(("event", event))
    documents.append(("stop", run.compose_stop()))
    return [(name, json.loads(json.dumps(doc))) for name, doc in documents]


def uid_of(documents: list[Document]) -> str:
    return str(documents[0][1]["uid"])


def journalled(root: Path, documents: list[Document], count: int | None = None) -> Path:
    """Write the first documents of a run, let its journal go, and return it."""
    journal = Journal(root / "journal")
    for name, doc in documents[:count]:
        journal(name, doc)
    journal.close()
    return root / "journal" / f"{uid_of(documents)}.jsonl"

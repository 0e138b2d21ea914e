"""One potentiostat that never answers holds up its own cell alone: the threads of two cells share no lock."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from channels.two_cells import configured
from environment.small_rig import START_NS
from environment.talking_potentiostat import TalkingPotentiostat
from waiting import wait_until

from operando.config import load
from operando.environment.axis import Change
from operando.environment.cells import Cells
from operando.environment.equipment import Equipment
from operando.environment.publication import Publication
from operando.environment.takeover import Before
from operando.environment.worker import Worker
from operando.history import EnvironmentHistory, EnvironmentLog
from operando.instruments.roles import Said, Sample
from operando.vocabulary import Reading


class Blocked(TalkingPotentiostat):
    """In the middle of a wire transaction for as long as the test likes."""

    def __init__(self) -> None:
        super().__init__()
        self.inside, self.free = threading.Event(), threading.Event()

    def poll(self) -> list[Said]:
        self.inside.set()
        self.free.wait()
        return []


class Seen:
    """Takes the place of the interlocks."""

    def __init__(self) -> None:
        self.samples: list[Mapping[str, Reading]] = []

    def take(self, name: str, reading: Reading) -> None:
        """Not of interest."""

    def take_sample(self, readings: Mapping[str, Reading]) -> None:
        self.samples.append(readings)

    def shown(self, record: str, value: Any, time_ns: int) -> None:
        """Not of interest."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EnvironmentLog]:
    with closing(EnvironmentLog(tmp_path / "environment")) as log:
        yield log


def test_a_cell_goes_on_while_the_other_waits_for_ever(tmp_path: Path, log: EnvironmentLog) -> None:
    config = load(configured(tmp_path))
    main, blocked, seen, stop = TalkingPotentiostat(), Blocked(), Seen(), threading.Event()
    nothing: Any = None
    equipment = Equipment(nothing, nothing, nothing, main, {"B": blocked})
    publication = Publication(log)
    publication.watch(seen)
    with closing(EnvironmentHistory(tmp_path / "environment")) as history:
        before = Before(tmp_path / "memory.json", 600.0, START_NS)
        cells = Cells(config, equipment, publication, log, before, history, lambda: None)
    workers = [Worker(name, work, stop) for name, work in cells.workers(stop).items()]
    try:
        assert blocked.inside.wait(10.0)
        done: Future[str] = Future()
        cells.runners[""].tell(Change("start", done=done))
        cells.runners["B"].tell(Change("safe"))
        assert done.result(10.0) == ""
        for number in range(1, 6):
            stamp = START_NS + number * 500_000_000
            main.said.append(Sample(3.5, 2e-4, number * 0.5, 1, 1, 0, stamp, stamp, run=1))
            wait_until(lambda: len([each for each in seen.samples if "voltage" in each]) >= number)  # noqa: B023
        cells.runners[""].tell(Change("stop"))
        wait_until(lambda: "cell_off" in main.story)
        assert not blocked.free.is_set()
        assert "cell_off" not in blocked.story
        blocked.free.set()
        wait_until(lambda: "cell_off" in blocked.story)
    finally:
        blocked.free.set()
        stop.set()
        for worker in workers:
            worker.join(10.0)
    assert [worker.failure for worker in workers] == [None, None]

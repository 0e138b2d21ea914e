"""A disk that does not answer, as a network file system may: interlocks go on seeing what they watch."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from waiting import wait_until

from operando.disk import DiskWatch, Limits, Watched
from operando.environment.heartbeats import Heartbeats
from operando.environment.slow_facts import SlowFacts

LIMITS = Limits(warn_below=2e-9, pause_below=1e-9, resume_above=2e-9)


class HangingDisk:
    """Answers once, at the start; whoever asks again waits until the test is over."""

    def __init__(self, folder: Path) -> None:
        self.asking: list[str] = []
        self.mended = threading.Event()
        self._folder = folder
        self._answers = 1

    def folders(self) -> Sequence[Watched]:
        if self._answers:
            self._answers -= 1
        else:
            self.asking.append(threading.current_thread().name)
            self.mended.wait(60)
        return [Watched("environment log", self._folder)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[HangingDisk]:
    made = HangingDisk(tmp_path)
    yield made
    made.mended.set()


def test_heartbeats_and_the_age_of_the_log_are_told_while_its_disk_hangs(disk: HangingDisk) -> None:
    now = 0.0
    told: dict[str, float] = {}
    heartbeats = Heartbeats(lambda name, text: None, lambda: now)
    heartbeats.listener("RECORDER")('{"who": "recorder", "count": 1}')
    watch = DiskWatch(disk.folders, LIMITS, "endstation.toml")
    facts = SlowFacts(watch, lambda: now, heartbeats, lambda name, reading: told.__setitem__(name, reading.value))
    watch.start()
    try:
        wait_until(lambda: disk.asking, what="a look that hangs")
        for now in (11.0, 12.0):
            facts.look()
            assert told["heartbeat_recorder"] == now
            assert told["log_unwritten"] == now
        assert disk.asking == ["disk watch"]
    finally:
        disk.mended.set()
        watch.close()

"""What the log says of a moment does not depend on how it is read."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from recorder.made_run import NS, START_NS

from operando.history import EnvironmentHistory, EnvironmentLog, Samples
from operando.recorder.patience import CommittedTime
from operando.recorder.window import Window
from operando.vocabulary import Quality, Reading

END_NS = START_NS + 400 * NS
"""The log goes on over midnight."""


class Counted(EnvironmentHistory):
    """Counts how often the disk is asked."""

    asked = 0

    def samples(self, quantity: str, start_ns: int, end_ns: int) -> Samples:
        self.asked += 1
        return super().samples(quantity, start_ns, end_ns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("environment")
    log = EnvironmentLog(path)
    random = np.random.default_rng(1)
    moments = START_NS + np.sort(random.integers(0, 400 * NS, 2000))
    for time_ns in moments.tolist():
        quality = Quality.INVALID if random.random() < 0.1 else Quality.GOOD
        log.append("voltage", Reading(float(random.normal()), time_ns, quality))
    log.close(END_NS)
    return path


@pytest.fixture
def history(folder: Path) -> Iterator[Counted]:
    history = Counted(folder)
    yield history
    history.close()


def same(one: Samples, other: Samples) -> bool:
    return all(
        getattr(one, name).tobytes() == getattr(other, name).tobytes() for name in ("time_ns", "value", "quality")
    )


def test_any_stretch_is_what_the_disk_says(history: Counted, folder: Path) -> None:
    committed = CommittedTime(history, 1.0)
    committed.poll()
    window, plain = Window(history, committed), EnvironmentHistory(folder)
    random = np.random.default_rng(2)
    for _ in range(300):
        start_ns = START_NS + int(random.integers(-50 * NS, 450 * NS))
        end_ns = start_ns + int(random.integers(0, 100 * NS))
        assert same(window.samples("voltage", start_ns, end_ns), plain.samples("voltage", start_ns, end_ns))
    assert len(window.samples("potential", START_NS, END_NS)) == 0
    plain.close()


def test_both_ends_are_inside(history: Counted) -> None:
    committed = CommittedTime(history, 1.0)
    committed.poll()
    time_ns = history.samples("voltage", START_NS, END_NS).time_ns
    found = Window(history, committed).samples("voltage", int(time_ns[100]), int(time_ns[110]))
    assert found.time_ns.tolist() == time_ns[100:111].tolist()


def test_a_thousand_frames_cost_a_few_looks(history: Counted) -> None:
    committed = CommittedTime(history, 1.0)
    committed.poll()
    window = Window(history, committed)
    for frame in range(1000):
        end_ns = START_NS + 10 * NS + frame * NS // 5
        window.samples("voltage", end_ns - 2 * NS, end_ns + 2 * NS)
        window.samples("voltage", end_ns - 3 * NS, end_ns)
    assert history.asked < 10


def test_what_is_not_complete_is_looked_up_each_time(history: Counted) -> None:
    """Samples that are still to be written are not taken for samples that never were."""
    committed = CommittedTime(history, 1.0)
    window = Window(history, committed)
    assert committed.ns == 0
    for number in (1, 2, 3):
        assert len(window.samples("voltage", START_NS, END_NS)) == 2000
        assert history.asked == number

"""Seven days, a hundred thousand frames: the recorder needs no more memory, files or time at the end than at first.

Short: 3,000 frames. ``OPERANDO_FULL=1``: 100,000, and a whole day of environment log at the full rate.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import numpy as np
import pytest
from campaigns.long_run import PER_FILE, LongRun
from silx.io.nxdata import get_default

from operando.history import EnvironmentHistory, EnvironmentLog
from operando.recorder.columns import JOINED
from operando.recorder.join import Exposure, over_exposure
from operando.recorder.validation import validate
from operando.vocabulary import Reading

FULL = bool(os.environ.get("OPERANDO_FULL"))
SEVEN_DAYS = 100_000
FRAMES = SEVEN_DAYS if FULL else 3_000
SETTLED = 10_000 if FULL else 1_000
"""Frames after which every cache is filled, nearly so in a short run."""
LIMIT = 1.05 if FULL else 1.2
"""Memory after seven days over that at their first tenth; a short run shows 0.1 MiB, and is prolonged thirtyfold."""
DAY_S = 86_400 if FULL else 900
"""s of environment log at the full rate."""
NS = 1_000_000_000
START_NS = 1_772_344_800 * NS
FULL_RATE = {
    20.0: (
        "stack_pressure",
        "stack_pressure_setpoint",
        "stack_pressure_target",
        "stack_pressure_settled",
        "piezo_drive",
    ),
    2.0: (
        *("temperature", "temperature_setpoint", "temperature_target", "temperature_settled", "heater_drive"),
        *("voltage", "current", "charge", "cycle", "step", "stack_pressure_uncertainty"),
    ),
}
"""Samples/s → quantities."""


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What was seen of the recorder after each raw file."""
    root = tmp_path_factory.mktemp("long")
    run = LongRun(root, FRAMES, 7 * 86_400 / SEVEN_DAYS)
    script = Path(__file__).with_name("watched_recorder.py")
    command = [sys.executable, str(script), str(root)]
    found = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1) as recorder:
        assert recorder.stdin is not None
        assert recorder.stdout is not None
        for number in range(FRAMES // PER_FILE):
            run.write_file(number)
            if (number + 1) * PER_FILE == FRAMES:
                run.end()
            recorder.stdin.write("go on\n")
            found.append({"frames": (number + 1) * PER_FILE, **json.loads(recorder.stdout.readline())})
    assert recorder.returncode == 0
    return found


def figures(subject: str, **found: float) -> None:
    """Say what was measured; shown with ``pytest -rP``."""
    os.write(1, f"{subject}: {', '.join(f'{name} {value:.4g}' for name, value in found.items())}\n".encode())


@pytest.mark.timeout(3600)
def test_memory_stays_flat(looks: list[dict[str, Any]]) -> None:
    """Within 5 % from the first tenth of seven days to their end."""
    frames, memory = (np.array([look[name] for look in looks[:-1]]) for name in ("frames", "MiB"))
    settled = frames >= max(SETTLED, 0.1 * FRAMES)
    growth = np.polyfit(frames[settled], memory[settled], 1)[0]
    last = memory[settled][0] + growth * (SEVEN_DAYS - SETTLED)
    figures("memory, MiB", at_a_tenth=memory[settled][0], most=memory.max(), after_seven_days=last)
    assert memory[settled].max() <= 1.05 * memory[settled][0]
    assert last <= LIMIT * memory[settled][0]


def test_no_file_is_left_open(looks: list[dict[str, Any]]) -> None:
    counts = [look["descriptors"] for look in looks[:-1]]
    figures("open descriptors", first=counts[0], most=max(counts))
    # 3 more raw files, 2 that are synced; 2 more days of environment log: database, its log, index
    assert max(counts) <= counts[0] + 11
    # two that are open for a moment may be seen, or not
    assert max(counts[len(counts) // 2 :]) <= max(counts[: len(counts) // 2]) + 2


def test_a_frame_costs_the_same_at_the_end(looks: list[dict[str, Any]]) -> None:
    frames, seconds = (np.array([look[name] for look in looks[:-1]]) for name in ("frames", "processor_s"))
    tenth = len(frames) // 10
    early, late = (
        (seconds[b] - seconds[a]) / (frames[b] - frames[a]) for a, b in ((tenth, 4 * tenth), (-3 * tenth, -1))
    )
    figures("processor time, ms a frame", early=1e3 * early, late=1e3 * late)
    assert late < 1.5 * early


def test_the_finished_file_opens_at_once(looks: list[dict[str, Any]]) -> None:
    file = Path(looks[-1]["finished"][0])

    def show() -> float:
        before = time.perf_counter()
        with h5py.File(file, "r") as opened:
            picture = get_default(opened)
            assert picture is not None
            assert picture.is_valid
            assert picture.signal.shape[0] == FRAMES
        return time.perf_counter() - before

    took = median(show() for _ in range(3))
    figures("opening, s", h5py_and_silx=took, MiB=file.stat().st_size / 2**20)
    assert took < 2.0
    assert validate(file) == []


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> EnvironmentHistory:
    """Environment log at the full rate."""
    folder = tmp_path_factory.mktemp("day")
    log = EnvironmentLog(folder)
    rows, before = 0, time.process_time()
    for start in range(0, DAY_S, 60):
        for rate, quantities in FULL_RATE.items():
            for k in range(round(60 * rate)):
                time_ns = START_NS + start * NS + round(k / rate * NS)
                for quantity in quantities:
                    log.append(quantity, Reading(k * 0.01, time_ns))
                    rows += 1
        log.commit(START_NS + (start + 60) * NS)
    took = time.process_time() - before
    log.close(START_NS + (DAY_S + 5) * NS)
    size = sum(path.stat().st_size for path in folder.iterdir())
    figures("environment log of a day", rows=rows * 86_400 / DAY_S, MiB=size * 86_400 / DAY_S / 2**20, processor_s=took)
    return EnvironmentHistory(folder)


def test_an_exposure_is_joined_with_a_full_day_in_milliseconds(day: EnvironmentHistory) -> None:
    committed_ns = day.committed_ns()
    took, processor = [], []
    for end_s in np.linspace(10, DAY_S - 5, 100):
        end_ns = START_NS + round(end_s * NS)
        before, before_processor = time.perf_counter(), time.process_time()
        for quantity in JOINED:
            found = over_exposure(day, quantity, Exposure(end_ns - NS, end_ns), 2 * NS, committed_ns)
            assert found is not None
        took.append(time.perf_counter() - before)
        processor.append(time.process_time() - before_processor)
    day.close()
    figures(
        "joining an exposure, ms", median=1e3 * median(took), most=1e3 * max(took), processor=1e3 * median(processor)
    )
    assert median(processor) < 5e-3

"""A fly scan whose recorder is killed at random: every frame has one row, and the file is that of a quiet day.

Short: 400 frames, two kills. ``OPERANDO_FULL=1``: 2,000 frames (``OPERANDO_FLY_FRAMES``), five kills, for each of three
seeds (``OPERANDO_FLY_SEED=7`` takes that one alone), and once on the whole simulated endstation.
"""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from campaigns.flown_endstation import FlownEndstation
from campaigns.fly_run import PERIOD_S, FlyRun
from campaigns.judgement import Count, announced, assert_run, rows
from recorder.made_run import CONFIGS
from recorder.same_file import assert_same_file
from waiting import wait_until

from operando.config import load
from operando.endstation.ports import free_port
from operando.recorder.finished import is_finished
from operando.recorder.missing import read_missing
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.service import run as record
from operando.recorder.validation import validate

FULL = bool(os.environ.get("OPERANDO_FULL"))
FRAMES, KILLS = (int(os.environ.get("OPERANDO_FLY_FRAMES", 2_000)), 5) if FULL else (400, 2)
SEEDS: Sequence[int] = (
    [int(os.environ["OPERANDO_FLY_SEED"])] if "OPERANDO_FLY_SEED" in os.environ else range(3 if FULL else 1)
)
SHARE = 0.9
"""Of the frames between two kills within which the kill comes."""
PATIENCE_S = 120.0
SCRIPT = Path(__file__).parents[1] / "recorder" / "recorder_process.py"
pytestmark = pytest.mark.timeout(1800 if FULL else 180)


class MortalRecorder:
    """A recorder process that is killed at random moments, and started again at once.

    Parameters
    ----------
    every_s : float
        A kill comes at most so long after it was asked for.
    """

    def __init__(self, root: Path, seed: int, every_s: float) -> None:
        self._root, self._every_s = root, every_s
        self._chance = random.Random(seed)
        self._threads: list[threading.Timer] = []
        self.kills = 0
        self._process = self._started()

    def kill_soon(self) -> None:
        """Once it follows the journals, let a random while pass, and kill it; does not wait for that."""
        self.wait()
        assert self._process.stdout is not None
        assert "ready\n" in iter(self._process.stdout.readline, ""), "it ended before it was ready"
        timer = threading.Timer(self._chance.uniform(0.0, self._every_s), self._kill)
        timer.start()
        self._threads.append(timer)

    def wait(self) -> None:
        """Wait until it is dead and has been started again, if that was asked for."""
        for thread in self._threads:
            thread.join()

    def close(self) -> None:
        self.wait()
        self._end()

    def _kill(self) -> None:
        assert self._process.poll() is None, "it died by itself"
        self._end()
        self.kills += 1
        self._process = self._started()

    def _end(self) -> None:
        with self._process:
            self._process.kill()

    def _started(self) -> "subprocess.Popen[str]":
        command = [sys.executable, str(SCRIPT), str(CONFIGS), str(self._root), str(free_port()), "live"]
        with (self._root / "recorder.log").open("a") as log:
            return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_frame_of_a_fly_scan_has_its_row_whenever_the_recorder_is_killed(seed: int, tmp_path: Path) -> None:
    fly = FlyRun(tmp_path, FRAMES)
    between = FRAMES // (KILLS + 1)
    asked: list[int] = []
    with closing(MortalRecorder(tmp_path, seed, SHARE * between * PERIOD_S)) as recorder:

        def hold(frame: int) -> None:
            if len(asked) < KILLS and frame >= len(asked) * between:
                recorder.kill_soon()
                asked.append(frame)

        fly.fly(hold)
        recorder.wait()
        wait_until(lambda: is_finished(fly.file), PATIENCE_S, f"seed {seed}: the file of record")
        assert recorder.kills == KILLS

    _, promised = announced(fly.journal)
    assert len(promised) == FRAMES
    assert rows(fly.file) == list(zip(promised, fly.numbers, strict=True)), "announced, in their order, each once"
    assert_patterns(fly)
    assert validate(fly.file) == []
    killed = fly.file.rename(tmp_path / "killed.nxs")
    record(load(CONFIGS / "simulated.toml"), tmp_path, 0, True, lambda: None)
    assert_same_file(killed, fly.file)


def assert_patterns(fly: FlyRun) -> None:
    """Each pattern is that of its own frame, which is filled with its number; numbers without a frame are told."""
    with h5py.File(fly.file, "r") as file:
        (patterns,) = pattern_entries(file)
        there = set(fly.numbers)
        dropped = [(number - 1, 1) for number in range(1, max(there)) if number not in there]
        assert [(each.after, each.count) for each in read_missing(patterns.entry)] == dropped
        intensity = patterns.entry["data/I"][()]
    filled = np.any(intensity > 0, axis=0)
    assert filled.sum() > 10
    assert np.array_equal(intensity[:, filled], np.repeat(np.array(fly.numbers)[:, None], filled.sum(), axis=1))


@pytest.mark.endstation
@pytest.mark.skipif(not FULL, reason="OPERANDO_FULL=1 asks for it")
def test_a_fly_scan_of_the_simulated_endstation_survives_its_killed_recorder(tmp_path: Path) -> None:
    """Detector, plan, documents and supervision are those of an experiment."""
    campaign = FlownEndstation(tmp_path, FRAMES)
    chance = random.Random(7)
    try:
        for number in range(KILLS):
            until = round((number + chance.uniform(0.0, 1.0)) * FRAMES / KILLS)
            wait_until(
                lambda: campaign.announced() >= until or not campaign.flying,  # noqa: B023
                10 * PATIENCE_S,
                f"{until} frames",
            )
            campaign.kill_recorder()
        journal, record_ = campaign.landed()
        count = Count()
        assert_run(campaign.live, journal, record_, tmp_path / "fresh", count)
        assert count.frames + campaign.missing() == FRAMES
    finally:
        campaign.close()

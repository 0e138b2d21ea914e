"""Killed, out of disk, or wrong in its own doing: the file is as it was, or the whole new one."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import pytest
from disk.small_disk import in_namespace, needs_namespace
from recorder.made_run import MadeRun
from reprocess.finished_run import columns, differing, record_again
from waiting import wait_until

from operando.errors import RecordError
from operando.recorder.raw_links import check_raw_links
from operando.recorder.reprocessing import Manner, Wishes, again, reprocess
from operando.recorder.reprocessing.workshop import Workshop

COMMAND = [sys.executable, "-m", "operando", "reprocess"]
FULL = bool(os.environ.get("OPERANDO_FULL"))
KILLS = 20
SHARES = ("0.3", "1.2", "1.9") if FULL else ("1.2",)
"""Free room in sizes of the file: the stages, the copy, or the new entry is what does not fit."""


def workshop(path: Path) -> Path:
    return path.with_name(f".{path.name}.reprocessing")


def check_and_go_on(path: Path, before: bytes) -> bool:
    """Check a file after a kill, reprocess it once more, and return whether it was the new one already."""
    whole = path.read_bytes() != before
    with h5py.File(path) as file:
        assert sorted(file) == ["environment", *(["reprocessed_1"] if whole else []), "xrd"]
    found = reprocess(path, Wishes())
    assert found.entry == ("reprocessed_2" if whole else "reprocessed_1")
    assert differing(columns(path, "xrd"), columns(path, "reprocessed_1")) == set()
    assert not workshop(path).exists(), "what the killed one left is cleared away"
    return whole


@pytest.mark.parametrize("moment", ["the stages write", "the copy is there"] if FULL else ["the copy is there"])
def test_killed_in_the_middle_the_file_is_as_it_was(home: Path, moment: str) -> None:
    before = home.read_bytes()
    process = subprocess.Popen([*COMMAND, str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    place = workshop(home) / ("stage" if moment == "the stages write" else home.name)
    wait_until(lambda: place.exists() or process.poll() is not None)
    process.send_signal(signal.SIGKILL)
    process.wait()
    check_and_go_on(home, before)


@pytest.mark.skipif(not FULL, reason="20 kills with OPERANDO_FULL=1")
@pytest.mark.parametrize("seed", range(KILLS if FULL else 1))
def test_killed_at_random_it_is_the_old_file_or_the_new_one(home: Path, seed: int) -> None:
    before = home.read_bytes()
    process = subprocess.Popen([*COMMAND, str(home)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until(lambda: workshop(home).exists() or process.poll() is not None)
    try:
        process.wait(random.Random(seed).uniform(0.0, 3.0))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    check_and_go_on(home, before)


@needs_namespace
def test_a_disk_that_fills_up_in_the_middle_leaves_the_file_as_it_was(original: MadeRun, tmp_path: Path) -> None:
    script = Path(__file__).with_name("filled_disk.py")
    command = [sys.executable, str(script), str(original.data), str(tmp_path / "disk"), *SHARES]
    done = in_namespace(tmp_path / "disk", "64m", command)
    assert done.returncode == 0, done.stderr
    rounds = list(map(json.loads, done.stdout.splitlines()))
    assert len(rounds) == len(SHARES)
    for told in rounds:
        assert told["same"], told
        assert told["refused"], told


def test_too_little_room_is_said_before_anything_is_done(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = home.read_bytes()
    usage = shutil.disk_usage(home)._replace(free=1_000_000)
    monkeypatch.setattr(again.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(RecordError, match=r"1 MB free, \d+ MB are wanted"):
        reprocess(home, Wishes())
    assert home.read_bytes() == before
    assert not workshop(home).exists()


def test_two_at_a_time_are_refused(home: Path) -> None:
    with Workshop(home), pytest.raises(RecordError, match="another program reprocesses it just now"):
        reprocess(home, Wishes())
    assert reprocess(home, Wishes()).entry == "reprocessed_1"


def test_a_copy_that_came_out_otherwise_never_takes_the_place_of_the_file(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, graft = home.read_bytes(), again.graft

    def careless(made: h5py.File, file: h5py.File, *rest: object) -> object:
        file["xrd/data/I"][2, 7] += 1e-3
        return graft(made, file, *rest)  # type: ignore[arg-type]  # whatever it takes

    monkeypatch.setattr(again, "graft", careless)
    with pytest.raises(RecordError, match="/xrd/data/I came out otherwise in the copy"):
        reprocess(home, Wishes())
    assert home.read_bytes() == before


def test_a_disk_that_refuses_the_last_step_leaves_the_file_as_it_was(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = home.read_bytes()

    def refused(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("operando.recorder.reprocessing.workshop.os.fsync", refused)
        with pytest.raises(RecordError, match="is as it was"):
            reprocess(home, Wishes())
    assert home.read_bytes() == before
    assert not workshop(home).exists()


def test_a_recorder_that_starts_again_leaves_a_reprocessed_file_alone(beside: Path) -> None:
    reprocess(beside, Wishes())
    before = beside.read_bytes()
    record_again(beside.parents[3])
    assert beside.read_bytes() == before


def test_a_file_behind_a_link_is_replaced_where_it_lies(home: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.nxs"
    link.symlink_to(home)
    assert reprocess(link, Wishes()).file == home
    assert link.is_symlink()


def test_elsewhere_nothing_is_overwritten(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    before = home.read_bytes()
    first = reprocess(home, Wishes(), Manner(folder=other))
    with pytest.raises(RecordError, match="exists already, and is left as it is"):
        reprocess(home, Wishes(), Manner(folder=other))
    assert home.read_bytes() == before
    assert sorted(other.iterdir()) == [first.file]
    with h5py.File(first.file) as file:
        assert list(check_raw_links(first.file, file)) == [], "its links lead to the raw frames from there"

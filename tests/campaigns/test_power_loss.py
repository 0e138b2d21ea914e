"""The power is cut while a run is recorded: what is lost came in the last half second, and it is told with its times.

Journal, file of record, raw frames and environment log are cut to what had been synced, in two ways: what was written
since into the synced part of a file has reached the disk, or nothing has. The normal run cuts once, ``OPERANDO_FULL=1``
20 times.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import pytest
from campaigns.judgement import announced
from campaigns.synced import committed, cut, longest_delay_ns
from recorder.made_run import CONFIGS
from recorder.same_file import assert_same_file
from waiting import wait_until

from operando.history import GUARD_NS, EnvironmentHistory
from operando.history.schema import open_for_writing
from operando.journal import read_journal
from operando.recorder import recovery
from operando.recorder.losses import Kind
from operando.recorder.patience import Patience
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.recovery import Recovery, State, recover

HERE = Path(__file__).parent
SEEDS = range(20 if os.environ.get("OPERANDO_FULL") else 1)
SYNC_NS = 500_000_000
"""Between two syncs of a file that is written, at most."""
SLACK_NS = 500_000_000
"""For a thread to get the processor and the disk to answer, on a host with other work."""
COMMIT_NS = 400_000_000
"""Between two commits of the environment log."""
LEAST_FRAMES = 15
LATER_NS = 60_000_000_000
"""After which somebody recovers: the log has not gone on meanwhile."""
pytestmark = pytest.mark.timeout(180)


@dataclass(frozen=True)
class Cut:
    """What was there when the power was cut, ns since the epoch."""

    folder: Path
    time_ns: int

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def bound_ns(self) -> int:
        """How old a loss may be."""
        return SYNC_NS + SLACK_NS + 2 * longest_delay_ns(self.folder / "synced", self.time_ns)

    @property
    def acknowledged(self) -> dict[str, int]:
        """Uid of each document → when the journal had returned from it."""
        lines = (self.folder / "acknowledged").read_text().splitlines()
        return {line.split()[2]: int(line.split()[0]) for line in lines}

    def restore(self, in_place: bool) -> None:
        """Put what the cut has left where it was."""
        shutil.rmtree(self.root, ignore_errors=True)
        for path in (self.folder / "left").rglob("*"):
            kept = cut(path, self.folder / "synced", in_place) if path.is_file() else None
            if kept is not None:
                target = self.root / path.relative_to(self.folder / "left")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(kept)


def played(folder: Path, seed: int) -> Cut:
    """Play and record a run, and cut the power at a moment that the seed chooses."""
    root, acknowledged = folder / "root", folder / "acknowledged"
    (root / "run").mkdir(parents=True)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}

    def start(script: str, *words: str) -> "subprocess.Popen[bytes]":
        command = [sys.executable, str(HERE / script), str(folder / "synced"), *words]
        with (folder / f"{script}.log").open("w") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log)

    children = [
        start("powered_process.py", "record", str(CONFIGS / "simulated.toml"), "--root", str(root)),
        start("power_player.py", str(root), str(acknowledged)),
    ]
    try:
        wait_until(lambda: list((root / "data" / "processed").rglob("*.nxs")), 60, "the recorder to begin")
        wait_until(lambda: acknowledged.read_text().count("\n") > 2 * LEAST_FRAMES, 60, "some frames")
        threading.Event().wait(random.Random(seed).uniform(1.0, 4.0))
        assert [child.poll() for child in children] == [None, None]
    finally:
        for child in children:
            child.send_signal(signal.SIGSTOP)
        time_ns = time.time_ns()
        for child in children:
            child.kill()
            child.wait()
    root.rename(folder / "left")
    return Cut(folder, time_ns)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_power_cut_costs_half_a_second_and_that_is_told(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recovery, "REPLAY", Patience(frame=0.1, log=0.2))  # nobody comes back, as this test knows
    monkeypatch.setattr(time, "clock_gettime_ns", lambda _: 0)  # the host has just booted
    found = played(tmp_path, seed)
    for in_place in (True, False):
        found.restore(in_place)
        (journal,) = (found.root / "journal").glob("*.jsonl")
        with closing(EnvironmentHistory(found.root / "environment")) as history:
            log_ns = found.time_ns - history.committed_ns()
            later = found.time_ns + LATER_NS
            mended = recover(journal, found.root / "data", history, lambda: later)  # noqa: B023
            fresh = recover(journal, found.folder / f"fresh {in_place}", history, lambda: later)  # noqa: B023
        assert mended.state is fresh.state is State.REBUILT
        assert mended.file is not None
        assert fresh.file is not None
        assert_same_file(mended.file, fresh.file, resolve_links=True)
        assert log_ns < COMMIT_NS + GUARD_NS + found.bound_ns - SYNC_NS
        documents, oldest_ns = assert_documents(found, journal, mended)
        frames = assert_frames(found, journal, mended)
        sys.stderr.write(
            f"seed {seed}, {'in place' if in_place else 'nothing since'}: {documents} documents of the last "
            f"{oldest_ns * 1e-9:.2f} s, {frames} of {mended.frames} frames, {log_ns * 1e-9:.2f} s of log; "
            f"at most {found.bound_ns * 1e-9:.2f} s\n"
        )


def assert_documents(found: Cut, journal: Path, told: Recovery) -> tuple[int, int]:
    """Only the last of the acknowledged documents are lost, and it is told when; return how many, the oldest's age."""
    there = {str(doc["uid"]) for _, doc in read_journal(journal, lambda _: None)}
    lost = [time_ns for uid, time_ns in found.acknowledged.items() if uid not in there]
    kept = [time_ns for uid, time_ns in found.acknowledged.items() if uid in there]
    oldest_ns = found.time_ns - min(lost, default=found.time_ns)
    assert oldest_ns < found.bound_ns
    assert max(kept) < min(lost, default=found.time_ns), "none is lost before one that is there"
    assert told.end_reason == "abandoned"
    assert told.last_ns is not None
    assert 0 <= found.time_ns - told.last_ns < found.bound_ns
    ends = [loss for loss in told.losses if loss.kind is Kind.JOURNAL]
    assert told.last_ns in [loss.after_ns for loss in ends], told.losses
    assert all(loss.before_ns and loss.before_ns - told.last_ns == SYNC_NS for loss in ends if "power" in loss.what)
    return len(lost), oldest_ns


def assert_frames(found: Cut, journal: Path, told: Recovery) -> int:
    """Only the last frames are lost, and each is told with its time; return how many."""
    _, promised = announced(journal)
    assert told.frames == len(promised) > 10
    lost = [loss for loss in told.losses if loss.kind is Kind.FRAMES]
    assert told.file is not None
    with h5py.File(told.file) as file:
        (patterns,) = pattern_entries(file)
        whole = np.isfinite(patterns.patterns[()]).any(axis=1)
    assert [int(loss.what.split(":")[0].split()[1]) for loss in lost] == (np.flatnonzero(~whole) + 1).tolist()
    assert all(loss.after_ns and found.time_ns - loss.after_ns < found.bound_ns for loss in lost), lost
    return len(lost)


def test_the_model_keeps_what_was_synced_and_nothing_more(tmp_path: Path) -> None:
    script = """
import os, sys
from pathlib import Path
from campaigns.synced import watch
watch(Path(sys.argv[1]))
with open(sys.argv[2], "wb", buffering=0) as file:
    file.write(b"synced")
    os.fdatasync(file.fileno())
    file.seek(0)
    file.write(b"SYNCED and more")
Path(sys.argv[2] + " never").write_bytes(b"written")
"""
    file = tmp_path / "file"
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    subprocess.run([sys.executable, "-c", script, str(tmp_path / "kept"), str(file)], check=True, env=environment)
    assert cut(file, tmp_path / "kept", in_place=True) == b"SYNCED"
    assert cut(file, tmp_path / "kept", in_place=False) == b"synced"
    assert cut(tmp_path / "file never", tmp_path / "kept", in_place=True) is None


def test_what_every_start_reads_is_never_half_there(tmp_path: Path) -> None:
    script = """
import sys
from pathlib import Path
from campaigns.synced import watch
watch(Path(sys.argv[1]))
from operando.endstation import Register, Root
from operando.engine.scan_id import ScanCounter
root = Root(Path(sys.argv[2]))
Register(root).enter("environment", ca_port=20000)
for _ in range(3):
    ScanCounter(root.run / "scan_id")({})
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", script, str(tmp_path / "kept"), str(tmp_path / "root")]
    subprocess.run(command, check=True, env=environment)
    run = tmp_path / "root" / "run"
    assert cut(run / "scan_id", tmp_path / "kept", in_place=False) == b"3\n"
    register = cut(run / "endstation.json", tmp_path / "kept", in_place=False)
    assert register == (run / "endstation.json").read_bytes()


def test_a_write_ahead_log_is_kept_up_to_its_last_commit(tmp_path: Path) -> None:
    file, wal = tmp_path / "a.sqlite", tmp_path / "a.sqlite-wal"
    with closing(open_for_writing(file)) as connection:
        connection.execute("INSERT INTO clock VALUES (1, 10, 100)")
        whole = wal.read_bytes()
        connection.execute("PRAGMA cache_size = 1")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO clock VALUES (?, 20, 200)", [(number,) for number in range(2, 5000)])
        assert len(wal.read_bytes()) > len(whole), "nothing of an open transaction was written; the test is void"
        assert committed(wal.read_bytes()) == whole
        connection.execute("ROLLBACK")

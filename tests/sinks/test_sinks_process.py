"""The process of the sinks: one target's trouble is its own, and none of them is the recorder's."""

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest
from recorder.made_run import CONFIGS, MadeRun
from recorder.same_file import assert_same_file
from sinks.toy_sink import journalled, run_documents
from waiting import wait_until

from operando.config import load
from operando.endstation.ports import free_port
from operando.recorder.service import run as record
from operando.sinks.health import FOLDER, Health, read_status, status_file, write_status
from operando.sinks.service import run as feed

PATIENCE_S = 40.0
HERE = Path(__file__).parent


@contextmanager
def started(*command: str) -> Iterator["subprocess.Popen[str]"]:
    """Start a process of the tests and end it, if it has not ended by itself."""
    with subprocess.Popen([sys.executable, *command], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert "ready\n" in iter(process.stdout.readline, ""), "it ended before it was ready"
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(PATIENCE_S)
                except subprocess.TimeoutExpired:
                    process.kill()


def sinks(root: Path, *kinds: str, stuck_s: float = 120.0) -> "Iterator[subprocess.Popen[str]]":
    return started(str(HERE / "sinks_process.py"), str(root), str(stuck_s), *kinds)


def collected(root: Path, kind: str) -> list[str]:
    """Uids of the documents that a toy was given, in order."""
    try:
        lines = (root / "collected").read_text().splitlines()
    except FileNotFoundError:
        return []
    return [line.split()[3] for line in lines if line.startswith(kind)]


def test_a_target_in_trouble_stops_neither_the_others_nor_the_end(tmp_path: Path) -> None:
    documents = run_documents(events=20)
    journalled(tmp_path, documents)
    with sinks(tmp_path, "hangs", "refuses", "collects") as process:
        wait_until(lambda: collected(tmp_path, "collects") == [doc["uid"] for _, doc in documents])
        wait_until(lambda: read_status(tmp_path)["hangs"]["silent_s"] > 0.5)
        status = read_status(tmp_path)
        assert status["refuses"]["state"] == "retrying"
        assert status["refuses"]["error"] == "toy: nobody is there"
        assert status["collects"]["runs"] == 1
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0  # a thread that hangs for good did not keep it


def test_a_target_that_hangs_for_long_costs_the_process_its_life(tmp_path: Path) -> None:
    with sinks(tmp_path, "hangs", stuck_s=0.5) as process:
        journalled(tmp_path, run_documents(events=2))
        assert process.wait(PATIENCE_S) == 1


def test_killed_and_started_again_nothing_is_left_out(tmp_path: Path) -> None:
    documents = run_documents(events=30)
    with sinks(tmp_path, "collects", "dies") as process:
        journalled(tmp_path, documents)
        assert process.wait(PATIENCE_S) == -signal.SIGKILL
    with sinks(tmp_path, "collects"):
        wait_until(lambda: documents[-1][1]["uid"] in collected(tmp_path, "collects"))
    first_seen = list(dict.fromkeys(collected(tmp_path, "collects")))
    assert first_seen == [doc["uid"] for _, doc in documents]


def test_what_a_dead_process_said_is_not_said_for_its_successor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("operando.sinks.service.WATCH_S", 0.01)
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    write_status(tmp_path, {"tiled": Health(state="delivering").summary(0.0)})
    (folder / "status.new").mkdir()  # the new status cannot be written
    stop, ready = threading.Event(), threading.Event()
    feeding = threading.Thread(target=feed, args=({}, tmp_path, stop, ready.set))
    feeding.start()
    try:
        assert ready.wait(PATIENCE_S)
        assert read_status(tmp_path) == {}
        threading.Event().wait(0.1)
        (folder / "status.new").rmdir()
        wait_until(status_file(tmp_path).exists)
    finally:
        stop.set()
        feeding.join()
    assert [message.rpartition(": ")[2] for message in caplog.messages] == [
        "Is a directory; tried again, and meanwhile the status of the sinks is not known",
        "written again",
    ]


def finished(file: Path) -> bool:
    try:
        with h5py.File(file, "r", locking=False) as opened:
            return "end_time" in opened["xrd"]
    except (OSError, KeyError):
        return False


def test_the_file_of_record_does_not_know_of_the_sinks(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=4)
    run.write_frames()
    run.write_log()
    recorder = str(HERE.parent / "recorder" / "recorder_process.py")
    with (
        started(recorder, str(CONFIGS), str(tmp_path), str(free_port()), "live"),
        sinks(tmp_path, "hangs", "refuses", "dies") as beside,
    ):
        run.write_journal()
        wait_until(lambda: finished(run.file))
        assert beside.wait(PATIENCE_S) == -signal.SIGKILL
    live = run.file.rename(tmp_path / "beside_sinks_in_trouble.nxs")
    record(load(CONFIGS / "simulated.toml"), tmp_path, 0, True, lambda: None)
    assert_same_file(live, run.file)
    with h5py.File(run.file) as file:
        assert len(file["xrd/data/I"]) == run.frames

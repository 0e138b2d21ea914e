"""A detector's file plugin was killed in the middle of a file: what it flushed is read, and the file stays as it is."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import CONFIGS, MadeRun, image

from operando.config import load
from operando.errors import RecordError
from operando.recorder.frames import FrameFiles
from operando.recorder.run import FrameStore
from operando.recorder.service import run as record
from operando.recorder.superblock import CHECKSUM, Corrected, corrected, lookup3
from operando.recorder.validation import validate

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from recorder.made_run import MadeRun
run = MadeRun(Path({root!r}), frames=4, per_file=4)
with run.open_raw(0) as append:
    for frame in range(3):
        append(frame)
    print("flushed", flush=True)
    sys.stdin.read()
"""
FLUSHED = 3


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MadeRun]:
    """Three of four frames were flushed; then the process was killed."""
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=4, per_file=4)
    script = WRITER.format(tests=str(Path(__file__).parents[1]), root=str(run.root))
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "flushed\n"
        writer.send_signal(signal.SIGKILL)
        assert writer.wait(30) == -signal.SIGKILL
    before = fingerprint(run.raw_file(0))
    yield run
    assert fingerprint(run.raw_file(0)) == before


def test_plain_hdf5_refuses_the_file(run: MadeRun) -> None:
    with pytest.raises(OSError, match="h5clear"):
        h5py.File(run.raw_file(0), "r")


@pytest.mark.parametrize("swmr", [True, False])
def test_every_flushed_frame_is_read(run: MadeRun, swmr: bool) -> None:
    store = FrameStore("uid", run.raw_file(0), "/entry/data/data", swmr)
    files = FrameFiles()
    for index in range(FLUSHED):
        frame = files.read(store, index, abandoned=True)
        assert frame.number == index + 1
        np.testing.assert_array_equal(frame.image, image(index))
    assert "holds 3 frames" in files.read(store, FLUSHED, abandoned=True).reason
    files.close()


def test_a_file_that_may_still_be_written_is_waited_for(run: MadeRun) -> None:
    store = FrameStore("uid", run.raw_file(0), "/entry/data/data", False)
    files = FrameFiles()
    assert "Unable to synchronously open file" in files.read(store, 0).reason
    files.close()


@pytest.mark.parametrize("swmr", [True, False])
def test_the_record_has_what_was_flushed_and_names_what_was_not(run: MadeRun, swmr: bool) -> None:
    for document in (document for name, document in run.documents if name == "stream_resource"):
        document["parameters"]["swmr"] = swmr
    for old in (run.journal, run.file):
        old.unlink(missing_ok=True)
    run.write_journal()
    if not (run.root / "environment").exists():
        run.write_log()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    assert validate(run.file) == []
    with h5py.File(run.file) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, True, True, False]
        assert file["xrd/gaps/row"][()].tolist() == [3]
        assert "holds 3 frames" in file["xrd/gaps/reason"].asstr()[0]


def test_only_the_superblock_is_shown_differently(run: MadeRun) -> None:
    path = run.raw_file(0)
    with Corrected(path) as file:
        file.seek(0)
        shown = file.read()
        file.seek(10)
        assert file.read(8) == shown[10:18]
    content = path.read_bytes()
    assert len(shown) == len(content)
    assert shown[CHECKSUM + 4 :] == content[CHECKSUM + 4 :]
    assert shown != content


def test_a_file_that_was_closed_has_the_superblock_we_would_give_it(tmp_path: Path) -> None:
    """HDF5's own library agrees on flags, end and checksum."""
    path = tmp_path / "closed.h5"
    with h5py.File(path, "w", libver="latest") as file:
        file["numbers"] = np.arange(1000)
    content = path.read_bytes()
    assert corrected(content[: CHECKSUM + 4], len(content)) == content[: CHECKSUM + 4]


@pytest.mark.parametrize("length", [0, 1, 11, 12, 13, 24, 44])
def test_the_checksum_depends_on_every_byte(length: int) -> None:
    key = bytes(range(length))
    changed = {lookup3(key[:i] + bytes([key[i] ^ 1]) + key[i + 1 :]) for i in range(length)}
    assert len(changed | {lookup3(key)}) == length + 1


def test_another_file_is_not_corrected(tmp_path: Path) -> None:
    old = tmp_path / "old.h5"
    with h5py.File(old, "w", libver="earliest"):
        pass
    with pytest.raises(RecordError, match="version 0"):
        Corrected(old)
    (tmp_path / "text").write_text("no frames")
    with pytest.raises(RecordError, match="no HDF5 file"):
        Corrected(tmp_path / "text")

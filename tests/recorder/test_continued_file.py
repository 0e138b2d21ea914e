"""A recorder that died left a file: the next one goes on behind its last whole row, and nothing shows it."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import CONFIGS, NMC811, MadeRun
from recorder.same_file import assert_same_file

from operando.analysis import Integrator
from operando.config import load
from operando.history import EnvironmentHistory
from operando.journal import Journal
from operando.recorder import surroundings
from operando.recorder.frame_file import ATTRIBUTES
from operando.recorder.frames import NAMES
from operando.recorder.instants import NS
from operando.recorder.runs import Runs
from operando.recorder.service import run as record
from operando.recorder.unfinished import open_unfinished
from operando.recorder.validation import validate

FRAMES, LEFT = 8, 5
"""Frames of the run, and those that have a row when the recorder dies."""


def record_once(root: Path) -> None:
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)


class Integrations:
    """Counts frames that are integrated."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        integrate = Integrator.integrate

        def counted(integrator: Integrator, frame: np.ndarray, monitor: float = 1.0) -> object:
            self.count += bool(np.any(frame))  # an integrator tries itself on zeros
            return integrate(integrator, frame, monitor)

        monkeypatch.setattr(Integrator, "integrate", counted)


def _spoil_frames(path: Path) -> None:
    """Replace the frames of a raw file by some of another shape."""
    with h5py.File(path, "r") as file:
        attributes = {name: file[ATTRIBUTES + name][()] for name in NAMES}
    with h5py.File(path, "w", libver="latest") as file:
        file["/entry/data/data"] = np.zeros((3, 10, 10), np.int32)
        file.update({ATTRIBUTES + name: values for name, values in attributes.items()})


@pytest.fixture(scope="module", autouse=True)
def _short_windows() -> Iterator[None]:
    """Log is written window by window; in a minute's window a short run would have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(surroundings, "WINDOW_NS", 2 * NS)
        yield


@pytest.fixture(scope="module")
def left(_short_windows: None, tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    """A run whose recorder died after five frames; beside it, the file of a recorder that nothing happened to."""
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=FRAMES, per_file=3, lattice=NMC811)
    run.write_frames()
    _spoil_frames(run.raw_file(0))  # gaps before the crash
    run.write_log(invalid={"voltage": (3.4, 4.6)})
    stream_data = [i for i, (name, _) in enumerate(run.documents) if name == "stream_datum"]
    journal = Journal(run.root / "journal")
    for document in run.documents[: stream_data[LEFT - 1] + 2]:
        journal(*document)
    now = 0.0
    history = EnvironmentHistory(run.root / "environment")
    runs = Runs(run.root / "journal", run.data, history, clock=lambda: now)
    runs.discover()
    for _ in range(2):
        while runs.step():
            pass
        now += 1.0
    shutil.copy(run.file, run.root / "left.nxs")  # what SIGKILL leaves: all that was handed to the operating system
    for document in run.documents[stream_data[LEFT - 1] + 2 :]:
        journal(*document)
    journal.close()
    runs.close()
    history.close()
    run.file.unlink()
    record_once(run.root)
    assert validate(run.file) == []
    run.file.rename(run.root / "undisturbed.nxs")
    return run


@pytest.fixture
def killed(left: MadeRun) -> MadeRun:
    """The run with its unfinished file in place."""
    for path in left.file.parent.glob("*"):
        path.unlink()
    shutil.copy(left.root / "left.nxs", left.file)
    return left


def damaged(run: MadeRun) -> list[str]:
    return sorted(path.name.removeprefix(run.file.name) for path in run.file.parent.glob("*.damaged*"))


def assert_undisturbed(run: MadeRun) -> None:
    assert_same_file(run.root / "undisturbed.nxs", run.file)


def test_frames_that_have_a_row_are_not_integrated_again(killed: MadeRun, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(killed.file) as file:
        assert len(file["xrd/data/I"]) == LEFT
        assert len(_log(file, "pressure/load_cell/value_log/time")) > 100
    integrations = Integrations(monkeypatch)
    record_once(killed.root)
    assert integrations.count == FRAMES - LEFT
    assert damaged(killed) == []
    assert_undisturbed(killed)


def test_recorders_that_come_and_go_make_the_same_file(killed: MadeRun) -> None:
    history = EnvironmentHistory(killed.root / "environment")
    for _ in range(3):
        runs = Runs(killed.root / "journal", killed.data, history)
        runs.discover()
        for _ in range(6):
            runs.step()
        runs.close()
    history.close()
    record_once(killed.root)
    assert damaged(killed) == []
    assert_undisturbed(killed)


@pytest.mark.parametrize("missing", [700, 20_000])
def test_a_file_whose_last_flush_was_cut_off_is_made_anew(killed: MadeRun, missing: int) -> None:
    """HDF5 writes what it added to a file first, and last where the file now ends: a kill may come between."""
    with killed.file.open("r+b") as file:
        head = file.read(48)
        assert head[8] == 0, "the version of the superblock: where the file ends stands at byte 40"
        file.seek(40)
        file.write((int.from_bytes(head[40:48], "little") - missing).to_bytes(8, "little"))
    record_once(killed.root)
    assert damaged(killed) == [".damaged"]
    assert_undisturbed(killed)


def _room_without_rows(file: h5py.File) -> None:
    """HDF5 enlarged datasets before it wrote into them; the column that seals a row was not reached."""
    frames = file["xrd/frames"]
    for dataset in (file["xrd/data/I"], frames["stack_pressure"], frames["lattice_a"]):
        dataset.resize(LEFT + 3, axis=0)


def _rows_without_end(file: h5py.File) -> None:
    """Columns of different lengths: two rows of one are lost."""
    file["xrd/data/I_errors"].resize(LEFT - 2, axis=0)


def _sealed_room(file: h5py.File) -> None:
    """Even the sealing column was enlarged, but nothing stands there."""
    for dataset in (file["xrd/data/I"], file["xrd/data/I_errors"], *file["xrd/frames"].values()):
        dataset.resize(LEFT + 1, axis=0)


def _a_gap_too_many(file: h5py.File) -> None:
    """The reason of a frame whose row did not come to the file."""
    for name, value in (("row", LEFT), ("reason", "half a reason")):
        dataset = file["xrd/gaps"][name]
        dataset.resize(len(dataset) + 1, axis=0)
        dataset[-1] = value


def _an_end_without_its_end(file: h5py.File) -> None:
    """It was killed while it wrote the end of the run."""
    for entry in file.values():
        entry["end_reason"] = "success"
        entry["collection_time"] = 1.0
    file["xrd/end_time"] = "2026-03-02T00:00:00.000000+00:00"
    file["environment"].attrs["later"] = 1


def _log(file: h5py.File, place: str) -> h5py.Group:
    return file[f"environment/instrument/{place}"]


def _half_a_log(file: h5py.File) -> None:
    """Of one sensor only values came to the file, of another less than of the others."""
    _log(file, "pressure/load_cell/value_log/value").resize(500, axis=0)
    log = _log(file, "temperature/thermometer/value_log")
    for name in ("time", "value", "quality"):
        log[name].resize(9, axis=0)


def _no_log_of_one_sensor(file: h5py.File) -> None:
    for dataset in _log(file, "electrochemistry/current/value_log").values():
        if dataset.shape:
            dataset.resize(0, axis=0)


def _room_in_a_log(file: h5py.File) -> None:
    for name in ("time", "value", "quality"):
        _log(file, f"pressure/load_cell/value_log/{name}").resize(600, axis=0)


@pytest.mark.parametrize(
    "tear",
    [
        _room_without_rows,
        _rows_without_end,
        _sealed_room,
        _a_gap_too_many,
        _an_end_without_its_end,
        _half_a_log,
        _no_log_of_one_sensor,
        _room_in_a_log,
    ],
    ids=lambda tear: tear.__name__.strip("_"),
)
def test_a_torn_end_is_cut_back_to_common_whole_rows(killed: MadeRun, tear: Callable[[h5py.File], None]) -> None:
    with h5py.File(killed.file, "r+") as file:
        tear(file)
    record_once(killed.root)
    assert damaged(killed) == []
    assert_undisturbed(killed)


def _cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def _of_another_version(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["creator_version"] = "0.0.1"


def _with_another_start(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["environment/entry_identifier"]


def _with_other_frames(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["xrd/frames/raw_index"][1] = 0


def _with_other_raw_files(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        del file["xrd/instrument/detector/frames_000001"]
        file["xrd/instrument/detector/frames_000001"] = h5py.ExternalLink("elsewhere.h5", "/entry/data/data")


def _stored_otherwise(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        old = file["xrd/frames/time"][()]
        del file["xrd/frames/time"]
        file["xrd/frames"].create_dataset("time", data=old, maxshape=(None,), chunks=(3,))


def _with_more_frames(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        for dataset in (file["xrd/data/I"], file["xrd/data/I_errors"], *file["xrd/frames"].values()):
            dataset.resize(FRAMES + 1, axis=0)
        file["xrd/frames/raw_index"][:] = np.arange(FRAMES + 1) % 3
        file["xrd/frames/raw_file"][:] = np.arange(FRAMES + 1) // 3


@pytest.mark.parametrize(
    "spoil",
    [
        _cut_off,
        _of_another_version,
        _with_another_start,
        _with_other_frames,
        _with_other_raw_files,
        _stored_otherwise,
        _with_more_frames,
    ],
    ids=lambda spoil: spoil.__name__.strip("_"),
)
def test_what_cannot_be_continued_is_kept_aside_and_written_anew(
    killed: MadeRun, spoil: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    spoil(killed.file)
    before = killed.file.read_bytes()
    with caplog.at_level(logging.WARNING):
        record_once(killed.root)
    assert damaged(killed) == [".damaged"]
    assert "written anew from the journal" in caplog.text
    if spoil is _cut_off:
        assert killed.file.with_name(killed.file.name + ".damaged").read_bytes() == before
    assert_undisturbed(killed)


def test_a_second_damaged_file_does_not_replace_the_first(killed: MadeRun) -> None:
    first = killed.file.with_name(killed.file.name + ".damaged")
    first.write_bytes(b"an earlier one")
    _cut_off(killed.file)
    record_once(killed.root)
    assert damaged(killed) == [".damaged", ".damaged-2"]
    assert first.read_bytes() == b"an earlier one"


def test_after_a_power_cut_the_file_is_made_anew(killed: MadeRun) -> None:
    """Nobody can tell which of the last blocks of a file came to the disk."""
    booted_ns = killed.file.stat().st_mtime_ns + 1
    assert open_unfinished(killed.file, booted_ns) is None
    assert damaged(killed) == [".damaged"]
    record_once(killed.root)
    assert_undisturbed(killed)


def test_an_old_journal_is_not_read_again(killed: MadeRun) -> None:
    record_once(killed.root)
    complete = killed.file.stat()
    content = killed.journal.read_bytes()
    start, _, rest = content.partition(b"\n")
    try:
        killed.journal.write_bytes(start + b"\nnot a document\n" + rest)
        record_once(killed.root)
    finally:
        killed.journal.write_bytes(content)
    assert (killed.file.stat().st_ino, killed.file.stat().st_mtime_ns) == (complete.st_ino, complete.st_mtime_ns)


def test_an_abandoned_run_lasted_until_its_last_exposure_also_for_the_next_recorder(tmp_path: Path) -> None:
    """No document is as late as the last frame: that it was taken stands in its row alone."""
    run = MadeRun(tmp_path, frames=3)
    run.write_frames()
    run.write_log()
    run.write_journal(len(run.documents) - 2)  # without its event, and without a stop
    record_once(run.root)
    with h5py.File(run.file, "r+") as file:
        assert file["xrd/collection_time"][()] == run.end_of(2)
        del file["environment/end_time"]
    record_once(run.root)
    with h5py.File(run.file) as file:
        assert file["xrd/collection_time"][()] == run.end_of(2)

"""A frame that was announced has a row, whatever became of it."""

from pathlib import Path

import h5py
import numpy as np
from recorder.made_run import CONFIGS, START_NS, MadeRun

from operando.config import load
from operando.recorder.executors import _is_whole
from operando.recorder.frames import UNKNOWN, FrameFiles
from operando.recorder.instants import NS
from operando.recorder.reprocessing.again import _check_rows
from operando.recorder.run import FrameStore
from operando.recorder.service import run as record
from operando.recorder.stage import Product
from operando.recorder.validation import validate


def recorded(run: MadeRun) -> Path:
    run.write_log()
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run.file


def test_a_lost_file_leaves_empty_rows_with_reasons(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=6, per_file=2)
    run.write_frames(missing=[1])
    with h5py.File(recorded(run)) as file:
        frames = file["xrd/frames"]
        empty = np.all(np.isnan(file["xrd/data/I"][()]), axis=1)
        assert empty.tolist() == [False, False, True, True, False, False]
        assert frames["frame_number"][()].tolist() == [1, 2, UNKNOWN, UNKNOWN, 5, 6]
        assert file["xrd/gaps/row"][()].tolist() == [2, 3]
        reasons = file["xrd/gaps/reason"].asstr()[()]
        assert reasons.tolist() == [f"frame {i} of frames_000001.h5: no such file" for i in (0, 1)]
        # When it was taken is known roughly, from its event; what the cell did meanwhile is not claimed.
        assert np.all(np.diff(frames["time"][()]) > 0)
        assert np.isnan(frames["exposure_end"][2])
        assert np.isnan(frames["stack_pressure"][2])
    assert validate(run.file) == []


def test_a_frame_cut_off_in_the_middle_of_a_file_keeps_its_place(tmp_path: Path) -> None:
    """The announced third frame never came to the disk."""
    run = MadeRun(tmp_path, frames=3, per_file=3)
    with run.open_raw(0) as append:
        append(0)
        append(1)
    with h5py.File(recorded(run)) as file:
        assert np.isnan(file["xrd/data/I"][2]).all()
        (reason,) = file["xrd/gaps/reason"].asstr()[()]
        assert reason == "frame 2 of frames_000000.h5: /entry/instrument/NDAttributes/NDArrayUniqueId holds 2 frames"
    assert validate(run.file) == []


def test_pixels_that_cannot_be_decoded_keep_number_time_and_environment(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2, per_file=2)
    run.write_frames()
    with h5py.File(run.raw_file(0), "r") as file:
        chunk = file["/entry/data/data"].id.get_chunk_info(1)
    content = bytearray(run.raw_file(0).read_bytes())
    content[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    run.raw_file(0).write_bytes(content)
    with h5py.File(recorded(run)) as file:
        assert np.isnan(file["xrd/data/I"][1]).all()
        assert file["xrd/frames/frame_number"][1] == 2
        assert file["xrd/frames/stack_pressure_count"][1] == 21
        assert file["xrd/gaps/row"][()].tolist() == [1]
    assert validate(run.file) == []


def test_a_frame_without_a_time_says_why_its_conditions_are_unknown(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2, per_file=2)
    run.write_frames()
    with h5py.File(run.raw_file(0), "r+") as file:
        for name in ("NDArrayUniqueId", "NDArrayEpicsTSSec", "NDArrayEpicsTSnSec"):
            file[f"/entry/instrument/NDAttributes/{name}"][...] = 0
    with h5py.File(recorded(run)) as file:
        assert np.isfinite(file["xrd/data/I"][()]).any(axis=1).all()
        assert file["xrd/frames/frame_number"][()].tolist() == [UNKNOWN] * 2
        assert np.isnan(file["xrd/frames/stack_pressure"]).all()
        assert file["xrd/gaps/row"][()].tolist() == [0, 1]
        reasons = file["xrd/gaps/reason"].asstr()[()].tolist()
        assert reasons == [f"frame {i} of frames_000000.h5 has no time: its conditions are unknown" for i in (0, 1)]
        assert _check_rows(file["xrd"], file["xrd"]) == 2, "each has a pattern, also when it is reprocessed"
    assert validate(run.file) == []


def test_another_host_that_does_not_see_a_time_is_asked_here(tmp_path: Path) -> None:
    """An old page of the file, on a shared disk: image and number may be there before the time is."""
    assert not _is_whole(Product(3, None, read=True))
    assert _is_whole(Product(3, START_NS, read=True))


def test_a_frame_of_another_shape_is_a_gap(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=2, per_file=1)
    run.write_frames(missing=[1])
    with h5py.File(run.raw_file(0)) as source, h5py.File(run.raw_file(1), "w", libver="latest") as other:
        source.copy("/entry/instrument", other.create_group("entry"))
        other["/entry/data/data"] = np.zeros((1, 10, 10), np.int32)
    with h5py.File(recorded(run)) as file:
        (reason,) = file["xrd/gaps/reason"].asstr()[()]
        assert "10 × 10 pixels" in reason


def test_frames_are_read_as_they_are_written(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=3, per_file=3)
    store = FrameStore("uid", run.raw_file(0), "/entry/data/data", True)
    files = FrameFiles()
    assert files.read(store, 0).reason == "frame 0 of frames_000000.h5: no such file"
    with run.open_raw(0) as append:
        for index in range(3):
            assert files.read(store, index).image is None
            append(index)
            frame = files.read(store, index)
            assert frame.number == index + 1
            assert frame.end_ns == START_NS + round(run.end_of(index) * NS)
            assert frame.image is not None
    files.close()

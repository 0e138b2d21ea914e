"""Whatever is wrong with a frame, or with what it should be integrated by, is told beside it; the run goes on."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from recorder.made_run import ACQUIRE_S, CONFIGS, RECIPE, SHAPE, MadeRun
from recorder.same_file import assert_same_file
from recorder.stepped_recorder import SteppedRecorder

from operando.config import load
from operando.journal import Journal
from operando.recorder.correction_file import write_corrections
from operando.recorder.losses import lost_frames
from operando.recorder.service import run as record
from operando.recorder.validation import validate
from operando.vocabulary import Recipe

OTHER_DETECTOR = """poni_version: 2.1
Detector: Pilatus1M
Detector_config: {"orientation": 3}
Distance: 0.25
Poni1: 0.0
Poni2: 0.0
Wavelength: 2.0664e-11
"""


def made(root: Path, frames: int = 4, poni: str = "", recipe: Recipe = RECIPE) -> MadeRun:
    run = MadeRun(root, frames=frames, per_file=2)
    ours = run.documents[0][1]["operando"]
    ours["recipe"] = recipe.document()
    ours["poni"] = poni or ours["poni"]
    run.write_frames()
    run.write_log()
    return run


def recorded(run: MadeRun) -> Path:
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run.file


def reasons(file: h5py.File) -> list[str]:
    return list(file["xrd/gaps/reason"].asstr()[()])


def with_data(path: Path, data: Any) -> None:
    """Put other frames into a raw file."""
    with h5py.File(path, "r+", libver="latest") as file:
        del file["/entry/data/data"]
        file.create_dataset("/entry/data/data", data=data, chunks=(1, *data.shape[1:]))


def recipe_with(recipe: dict[str, Any]) -> Recipe:
    return replace(RECIPE, **recipe)


@pytest.mark.parametrize(
    ("poni", "recipe", "words"),
    [
        (OTHER_DETECTOR, {}, "PONI: detector of 1043 × 981 pixels, frames of 240 × 200 pixels"),
        ("Distance: 0.25", {}, "PONI: "),
        ("", {"mask": Path("no_such_mask.edf")}, "no_such_mask.edf"),
        ("", {"dark": Path("no_such_dark.edf")}, "no_such_dark.edf"),
        ("", {"mask": Path("no_such_mask.edf"), "sectors": 4}, "no_such_mask.edf"),
    ],
    ids=["PONI of another detector", "PONI cut off", "mask is missing", "dark is missing", "no cake either"],
)
def test_without_a_geometry_frames_keep_all_but_their_pattern(
    tmp_path: Path, poni: str, recipe: dict[str, Any], words: str
) -> None:
    run = made(tmp_path, poni=poni, recipe=recipe_with(recipe))
    with h5py.File(recorded(run)) as file:
        frames = file["xrd/frames"]
        assert np.isnan(file["xrd/data/I"]).all()
        assert frames["frame_number"][()].tolist() == [1, 2, 3, 4]
        assert np.isfinite(frames["stack_pressure"]).all()
        assert len(file["environment/instrument/pressure/load_cell/value_log/value"]) > 100
        assert [words in reason for reason in reasons(file)] == [True] * 4
        assert file["xrd/frames_failed"][()] == 4
        assert np.isnan(file["xrd/data/radial_axis"]).all()  # there are bins, and nobody knows where
    assert validate(run.file) == []


@pytest.mark.parametrize(("seconds", "patterns"), [(ACQUIRE_S, 4), (10 * ACQUIRE_S, 0)])
def test_a_dark_of_another_exposure_time_is_not_subtracted(tmp_path: Path, seconds: float, patterns: int) -> None:
    dark = tmp_path / "dark.h5"
    write_corrections(dark, {"dark": np.full(SHAPE, 0.5, np.float32)}, {"exposure_s": seconds})
    run = made(tmp_path, recipe=recipe_with({"dark": dark}))
    with h5py.File(recorded(run)) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).sum() == patterns
        assert ["exposed for 10 s, frames for 1 s" in reason for reason in reasons(file)] == [True] * (4 - patterns)
    assert validate(run.file) == []


def test_the_operator_sees_that_frames_fail_while_the_run_goes_on(tmp_path: Path) -> None:
    run = made(tmp_path, recipe=recipe_with({"mask": tmp_path / "no_such_mask.edf"}))
    with closing(Journal(run.root / "journal")) as journal:
        for name, document in run.documents[:-1]:
            journal(name, document)
        recorder = SteppedRecorder(run)
        recorder.work()
        (recording,) = recorder.runs.active
        account = recording.account
        assert (account.announced, account.integrated, account.failed) == (4, 0, 4)
        assert "no_such_mask.edf" in recording.latest_reason
        recorder.close()


@pytest.mark.parametrize("value", [np.nan, -1.0])
def test_a_frame_without_a_valid_pixel_has_no_pattern_of_zeros(tmp_path: Path, value: float) -> None:
    run = made(tmp_path)
    frames = np.full((2, 240, 200), 7.0, np.float32)
    frames[1] = value
    with_data(run.raw_file(1), frames)
    with h5py.File(recorded(run)) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, True, True, False]
        assert reasons(file) == ["no pixel holds a valid count in frame 1 of frames_000001.h5; it is not integrated"]
        assert np.isfinite(file["xrd/frames/stack_pressure"]).all()
    assert validate(run.file) == []


def test_a_file_that_was_cut_off_costs_its_own_frames(tmp_path: Path) -> None:
    run = made(tmp_path, frames=6)
    content = run.raw_file(1).read_bytes()
    run.raw_file(1).write_bytes(content[: len(content) // 3])
    with h5py.File(recorded(run)) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, True, False, False, True, True]
        assert file["xrd/gaps/row"][()].tolist() == [2, 3]
        assert all(reason.startswith(f"frame {i} of frames_000001.h5: ") for i, reason in enumerate(reasons(file)))
    assert validate(run.file) == []


def test_a_pattern_that_cannot_be_scaled_is_not_made_up(tmp_path: Path) -> None:
    """The monitor counted nothing, or nobody asked it."""
    run = made(tmp_path, recipe=recipe_with({"monitor_reference": 1e5}))
    with h5py.File(run.raw_file(0), "r+") as file:
        file["/entry/instrument/NDAttributes/IncidentMonitor"] = np.array([2e5, 0.0])
    with h5py.File(recorded(run)) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, False, False, False]
        assert [reason.split(",")[0] for reason in reasons(file)] == [
            "incident monitor -40 counts above its dark",
            *["incident monitor nan counts"] * 2,
        ]
    assert validate(run.file) == []


def test_frames_that_the_detector_dropped_are_missing_with_their_reason(tmp_path: Path) -> None:
    run = made(tmp_path)
    for number, (first, second) in enumerate([(1, 2), (6, 9)]):
        with h5py.File(run.raw_file(number), "r+") as file:
            file["/entry/instrument/NDAttributes/NDArrayUniqueId"][...] = [first, second]
    told = json.dumps([{"after": 2, "through": 5, "count": 3, "reason": "the plugin's queue was full"}])
    event = next(document for name, document in run.documents if name == "event")
    event["data"]["detector_account_missing"] = told
    with h5py.File(recorded(run)) as file:
        missing = file["xrd/missing"]
        assert missing["after"][()].tolist() == [2, 6]
        assert missing["count"][()].tolist() == [3, 2]
        assert missing["row"][()].tolist() == [1, 2]
        assert missing["reason"].asstr()[0] == "the plugin's queue was full"
        assert file["xrd/frames_missing"][()] == 5
        assert np.isfinite(file["xrd/data/I"]).all()
        assert len(file["xrd/gaps/row"]) == 0
    assert validate(run.file) == []
    lost = [loss.what for loss in lost_frames(run.file, 0)]
    assert lost == [
        "3 frames behind the detector's number 2: the plugin's queue was full",
        "2 frames behind the detector's number 6: not announced: dropped by the camera or by its file plugin, "
        "or taken beside the run",
    ]


def test_an_interrupted_account_is_the_same(tmp_path: Path) -> None:
    run = made(tmp_path, frames=6)
    with h5py.File(run.raw_file(1), "r+") as file:
        file["/entry/instrument/NDAttributes/NDArrayUniqueId"][...] = [5, 6]
    run.raw_file(2).unlink()
    whole = recorded(run).rename(tmp_path / "whole.nxs")
    run.journal.unlink()
    (run.root / "run" / "recorded.jsonl").unlink()
    with closing(Journal(run.root / "journal")) as journal:
        for name, document in run.documents[:-5]:
            journal(name, document)
        recorder = SteppedRecorder(run)
        recorder.work()
        assert recorder.rows() == 4
        recorder.close()
        for name, document in run.documents[-5:-1]:
            journal(name, document)
        recorder = SteppedRecorder(run)
        recorder.work()
        (recording,) = recorder.runs.active
        account = recording.account
        assert (account.announced, account.integrated, account.late, account.failed) == (6, 4, 2, 0)
        assert account.missing == 2
        journal(*run.documents[-1])
    recorder.work(20.0)
    recorder.close()
    assert_same_file(whole, run.file)

"""A detector that is read out otherwise in mid-run, or two of them: a file has the axes of the first frames alone."""

import copy
from pathlib import Path

import h5py
import numpy as np
from recorder.made_run import CONFIGS, MadeRun, plain

from operando.config import load
from operando.recorder.service import run as record
from operando.recorder.validation import validate

HALF = (120, 200)


def test_frames_of_a_second_shape_are_recorded_without_patterns(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=4, per_file=2)
    poni = run.documents[0][1]["operando"]["poni"].replace('"max_shape": [240, 200], ', "")
    run.documents[0][1]["operando"]["poni"] = poni  # of pixels alone: it would do for any shape
    first = next(document for name, document in run.documents if name == "descriptor")
    second = plain(copy.deepcopy(first))
    second["uid"] = "of-the-second-shape"
    second["data_keys"]["detector_image"]["shape"] = [1, *HALF]
    resources = [document for name, document in run.documents if name == "stream_resource"]
    for _, document in run.documents:
        later = document.get("stream_resource") == resources[1]["uid"] or document.get("seq_num", 0) > 2
        if later and document.get("descriptor") == first["uid"]:
            document["descriptor"] = second["uid"]
    run.documents.insert(2, ("descriptor", second))
    run.write_frames()
    with h5py.File(run.raw_file(1), "r+", libver="latest") as file:
        halves = file["/entry/data/data"][:, : HALF[0]]
        del file["/entry/data/data"]
        file.create_dataset("/entry/data/data", data=halves, chunks=(1, *HALF))
    run.write_log()
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    with h5py.File(run.file) as file:
        frames = file["xrd/frames"]
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, True, False, False]
        assert frames["frame_number"][()].tolist() == [1, 2, 3, 4]
        assert np.isfinite(frames["stack_pressure"]).all()
        reasons = [each.decode() for each in file["xrd/gaps/reason"][()]]
    words = "frames of 120 × 200 pixels, but the patterns of the run have the axes of 240 × 200 pixels"
    assert [reason.split(";")[0] for reason in reasons] == [words, words]
    assert validate(run.file) == []

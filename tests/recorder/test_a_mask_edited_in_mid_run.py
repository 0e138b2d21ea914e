"""A run is integrated with the mask that it began with, or not at all."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
from recorder.made_run import RECIPE, SHAPE, MadeRun
from recorder.stepped_recorder import SteppedRecorder
from reprocess.finished_run import columns

from operando.analysis import recipe_digest
from operando.journal import Journal
from operando.recorder.correction_file import write_corrections
from operando.recorder.reprocessing import Wishes, reprocess
from operando.recorder.validation import validate


def write_mask(path: Path, rows: int) -> Path:
    mask = np.zeros(SHAPE, np.uint8)
    mask[:rows] = 1
    path.unlink(missing_ok=True)
    write_corrections(path, {"mask": mask}, {})
    return path


def begun(root: Path) -> MadeRun:
    recipe = replace(RECIPE, mask=write_mask(root / "mask.h5", 10))
    run = MadeRun(root, frames=4, per_file=2)
    run.documents[0][1]["operando"] |= {"recipe": recipe.document(), "recipe_digest": recipe_digest(recipe)}
    run.write_frames()
    run.write_log()
    return run


def test_a_restarted_recorder_keeps_the_patterns_and_makes_no_others(tmp_path: Path) -> None:
    run = begun(tmp_path)
    with closing(Journal(run.root / "journal")) as journal:
        for name, document in run.documents[:-5]:
            journal(name, document)
        recorder = SteppedRecorder(run)
        recorder.work()
        assert recorder.rows() == 2
        recorder.close()
        write_mask(tmp_path / "mask.h5", 60)
        for name, document in run.documents[-5:]:
            journal(name, document)
    recorder = SteppedRecorder(run)
    recorder.work(20.0)
    recorder.close()
    with h5py.File(run.file) as file:
        assert np.isfinite(file["xrd/data/I"][:, 100]).tolist() == [True, True, False, False]
        reasons = [each.decode() for each in file["xrd/gaps/reason"][()]]
        assert file["xrd/reduction/input/digest"].asstr()[()] == run.documents[0][1]["operando"]["recipe_digest"]
    words = "mask, dark or flat has changed since the run began (digest "
    assert [reason.startswith(words) for reason in reasons] == [True, True]
    assert len(list(run.file.parent.iterdir())) == 1, "nothing was set aside"
    assert validate(run.file) == []
    reprocess(run.file, Wishes())
    assert np.isfinite(columns(run.file, "reprocessed_1")["I"][:, 100]).all()

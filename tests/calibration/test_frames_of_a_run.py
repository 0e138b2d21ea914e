"""The frames of a run are found again through its journal and through its file of record."""

import json
import logging
from contextlib import closing
from pathlib import Path

import h5py
import numpy as np
import pytest
from click.testing import Result
from recorder.made_run import ACQUIRE_S, RECIPE, MadeRun, image
from typer import Typer
from typer.testing import CliRunner

from operando.cli.average import average
from operando.errors import RecordError
from operando.history import EnvironmentHistory
from operando.recorder.calibrating import recipe_of
from operando.recorder.exposed import exposed
from operando.recorder.recovery import recover


def invoke(*arguments: object) -> Result:
    app = Typer()
    app.command()(average)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    made = MadeRun(tmp_path, frames=5, per_file=3)
    made.documents[0][1]["plan_name"] = "take_darks"
    made.write_frames()
    made.write_log()
    made.write_journal()
    return made


def record_of(run: MadeRun) -> Path:
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        recovered = recover(run.journal, run.root / "recovered", history)
    assert recovered.file is not None
    return recovered.file


def test_journal_and_file_of_record_lead_to_the_same_frames(run: MadeRun) -> None:
    for path in (run.journal, record_of(run)):
        found = exposed(path)
        frames = list(found.frames())
        assert len(frames) == 5
        assert all(np.array_equal(frame, image(number)) for number, frame in enumerate(frames))
        assert (found.plan, found.exposure) == ("take_darks", pytest.approx(ACQUIRE_S))
        assert found.told("uid") == run.uid
        assert recipe_of(found) == RECIPE


def test_a_frame_that_is_lost_is_left_out_and_said(run: MadeRun, caplog: pytest.LogCaptureFixture) -> None:
    run.raw_file(1).unlink()
    with caplog.at_level(logging.WARNING):
        assert len(list(exposed(run.journal).frames())) == 3
    assert "no such file" in caplog.text


def test_a_run_of_darks_says_itself_what_it_is_and_how_long(run: MadeRun, tmp_path: Path) -> None:
    told = invoke(run.journal, "-o", tmp_path / "dark.h5", "--json")
    assert told.exit_code == 0, told.exception
    found = json.loads(told.stdout.splitlines()[-1])
    assert (found["kind"], found["frames"], found["run"]) == ("dark", 5, run.uid)
    with h5py.File(tmp_path / "dark.h5") as file:
        assert file["/entry/process/input/exposure_s"][()] == ACQUIRE_S
        assert file["/entry/data/dark"][()] == pytest.approx(
            np.where(image(0) < 0, np.nan, np.mean([image(number) for number in range(5)], axis=0)), nan_ok=True
        )


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="no such file"):
        exposed(tmp_path / "nothing.nxs")


def test_a_run_without_frames_is_said(run: MadeRun) -> None:
    run.journal.unlink()
    run.write_journal(count=2)
    with pytest.raises(RecordError, match="no frames in this run"):
        exposed(run.journal)

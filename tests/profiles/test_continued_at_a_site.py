"""A file in a site's layout is continued after its recorder died, and ends up the same."""

import shutil
from contextlib import closing
from pathlib import Path

import h5py
import pytest
from profiles.recorded_at_site import ESRF, PETRA, RunAtSite, claim, open_beamtime
from recorder.same_file import assert_same_file

from operando.history import EnvironmentHistory
from operando.recorder.profiles import record_path
from operando.recorder.run import Run
from operando.recorder.runs import Runs


@pytest.fixture(params=[ESRF, PETRA], ids=["esrf", "petra"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> RunAtSite:
    open_beamtime(tmp_path)
    return RunAtSite(tmp_path, claim(tmp_path, request.param))


@pytest.fixture
def undisturbed(run: RunAtSite) -> Path:
    """The file as it is when nothing happens, beside the place where it is made again."""
    run.record()
    path = record_path(run.root, Run.from_start(run.documents[0][1]))
    return path.rename(path.with_name("undisturbed"))


def made_again(run: RunAtSite) -> Path:
    run.record_again()
    return record_path(run.root, Run.from_start(run.documents[0][1]))


def test_a_recorder_that_died_in_the_middle(run: RunAtSite, undisturbed: Path) -> None:
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        runs = Runs(run.journal.parent, run.data, history, once=True)
        runs.discover()
        while not any(recording.length > 1 for recording in runs.active):
            runs.step()
        runs.close()
    assert_same_file(made_again(run), undisturbed)


def test_a_recorder_that_died_just_before_the_end_time(run: RunAtSite, undisturbed: Path) -> None:
    path = undisturbed.with_name(record_path(run.root, Run.from_start(run.documents[0][1])).name)
    shutil.copy(undisturbed, path)
    with h5py.File(path, "r+") as file:
        for entry in file.values():
            del entry["end_time"]
    assert_same_file(made_again(run), undisturbed)

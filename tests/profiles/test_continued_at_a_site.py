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
def path(run: RunAtSite) -> Path:
    return record_path(run.root, Run.from_start(run.documents[0][1]))


def die_in_the_middle(run: RunAtSite) -> None:
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        runs = Runs(run.journal.parent, run.data, history, once=True)
        runs.discover()
        while not any(recording.length > 1 for recording in runs.active):
            runs.step()
        runs.close()


def die_just_before_the_end_time(undisturbed: Path, path: Path) -> None:
    shutil.copy(undisturbed, path)
    with h5py.File(path, "r+") as file:
        for entry in file.values():
            del entry["end_time"]


def test_a_recorder_that_died_is_followed_by_one_that_writes_the_same_file(run: RunAtSite, path: Path) -> None:
    run.record()
    undisturbed = path.rename(path.with_name("undisturbed"))
    die_in_the_middle(run)
    run.record_again()
    assert_same_file(path, undisturbed)
    die_just_before_the_end_time(undisturbed, path)
    run.record_again()
    assert_same_file(path, undisturbed)

"""One thing damaged in what a file says of its cell programme breaks the rule that it should."""

from pathlib import Path

import h5py
import pytest
from recorder.damaged import Defect, damaged, in_place, remove, replaced
from recorder.made_programme import keep_programme
from recorder.made_run import CONFIGS, MadeRun

from operando.config import load
from operando.recorder.finding import Rule
from operando.recorder.programme_rules import check_cell_programmes
from operando.recorder.service import run as record

PLACE = "environment/cell_programme"
DEFECTS: dict[str, tuple[Defect, str]] = {
    "another text": (replaced(f"{PLACE}/programme_1/source/data", "name = 1\n"), "its checksum says"),
    "no checksum": (remove(f"{PLACE}/programme_1/source/checksum"), "without data, checksum"),
    "a column too short": (replaced(f"{PLACE}/steps/run", [1, 2]), "unequal columns"),
    "no times": (remove(f"{PLACE}/steps/ended"), "without times"),
    "a step before the one before it": (in_place(f"{PLACE}/steps/begun", 2, 1.0), "the one before at"),
    "a step that ends before it begins": (in_place(f"{PLACE}/steps/ended", 0, -4.0), "and ends at"),
    "steps at one time": (in_place(f"{PLACE}/steps/ended", 0, 3.0), "the next one has begun"),
    "a frame of no step": (in_place("xrd/frames/run", 1, 17), "run 17 is none of the steps"),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=4)
    run.write_frames()
    run.write_log(further=keep_programme)
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run


def test_the_good_file_has_no_finding(run: MadeRun) -> None:
    with h5py.File(run.file) as file:
        assert list(check_cell_programmes(file)) == []


@pytest.mark.parametrize("name", DEFECTS)
def test_a_damage_is_found(run: MadeRun, tmp_path: Path, name: str) -> None:
    defect, words = DEFECTS[name]
    with h5py.File(damaged(run, tmp_path, defect)) as file:
        found = list(check_cell_programmes(file))
    assert {finding.rule for finding in found} == {Rule.PROGRAMME}
    assert any(words in finding.message for finding in found)

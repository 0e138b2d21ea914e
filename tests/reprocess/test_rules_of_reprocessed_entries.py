"""Negative controls: a reprocessed entry that does not say where it comes from, or says it wrongly."""

import shutil
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest
from recorder.made_run import MadeRun
from reprocess.finished_run import taken_home

from operando.recorder.finding import Rule
from operando.recorder.reprocessed_rules import check_reprocessed
from operando.recorder.reprocessing import Wishes, reprocess

NEW = "reprocessed_1"
INPUT = f"{NEW}/reprocessing/input"
Defect = Callable[[h5py.File], None]


def removed(name: str) -> Defect:
    def defect(file: h5py.File) -> None:
        del file[name]

    return defect


def changed(name: str, value: object) -> Defect:
    def defect(file: h5py.File) -> None:
        file[name][...] = value

    return defect


def said_of_another_start(file: h5py.File) -> None:
    text = file["xrd/start_document/data"].asstr()[()]
    file["xrd/start_document/data"][()] = text.replace('"scan_id": 7', '"scan_id": 8')


DEFECTS: dict[str, tuple[Defect, str]] = {
    "nobody made it": (removed(f"{NEW}/reprocessing/changes/author"), "lacks changes/author"),
    "made of nothing": (changed(f"{INPUT}/recorded_entry", "/elsewhere"), "no such recorded entry"),
    "made of itself": (changed(f"{INPUT}/recorded_entry", f"/{NEW}"), "no such recorded entry"),
    "another geometry": (changed(f"{NEW}/reduction/input/poni", "Distance: 1"), "poni has SHA-256"),
    "another start document": (said_of_another_start, "start_document has SHA-256"),
    "changes nobody made": (changed(f"{NEW}/reprocessing/changes/data", "{}."), "its checksum says"),
    "frames of another order": (changed(f"{NEW}/frames/raw_index", [0, 2, 1, 0]), "raw_index is not that of /xrd"),
}


@pytest.fixture(scope="module")
def good(original: MadeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = taken_home(original, tmp_path_factory.mktemp("good"))
    reprocess(path, Wishes())
    with h5py.File(path) as file:
        assert list(check_reprocessed(file)) == []
    return path


@pytest.mark.parametrize("name", DEFECTS)
def test_what_it_says_of_itself_is_checked(good: Path, name: str) -> None:
    defect, words = DEFECTS[name]
    path = good.with_name(f"{name.replace(' ', '_')}.nxs")
    shutil.copy(good, path)
    with h5py.File(path, "r+") as file:
        defect(file)
        found = list(check_reprocessed(file))
    assert {finding.rule for finding in found} == {Rule.REPROCESSED}
    assert any(words in finding.message for finding in found), found

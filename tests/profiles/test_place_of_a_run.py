"""Frames and start document of a run name the same place, whichever comes first."""

from pathlib import Path
from typing import Any

import pytest
from profiles.recorded_at_site import ESRF, PETRA, open_beamtime
from recorder.made_run import CONFIGS

from operando.config import load
from operando.config.site import Site
from operando.disk import DiskWatch, Limits, Watched
from operando.engine.site import RunSite
from operando.errors import RunRefused


class Counter:
    """Stands for the RunEngine: sample in, scan number up."""

    def __init__(self, root: Path, site: dict[str, Any]) -> None:
        self.sample, self.number = "cell3", 0
        config = load(CONFIGS / "simulated.toml").model_copy(update={"site": Site.model_validate(site)})
        self.site = RunSite(config, root, self.known, lambda: self.number + 1)

    def known(self) -> dict[str, Any]:
        return {"sample": {"name": self.sample}, "proposal": {"identifier": "MA-6543"}}

    def open_run(self, **metadata: Any) -> dict[str, Any]:
        self.number += 1
        found = self.site.describe({**self.known(), "scan_id": self.number, "operando": {"version": "0"}, **metadata})
        assert found["operando"]["version"] == "0"
        self.site.follow("start", found)
        return dict(found["operando"]["site"])

    def close_run(self) -> None:
        self.site.follow("stop", {})


@pytest.fixture
def esrf(tmp_path: Path) -> Counter:
    return Counter(tmp_path, ESRF)


def dataset(folder: Path) -> str:
    return folder.parent.name


def test_frames_staged_before_the_run_lie_in_its_dataset(esrf: Counter) -> None:
    for number in ("cell3_0001", "cell3_0002"):
        folder = esrf.site.frames_folder()
        assert folder.is_dir()
        assert dataset(folder) == number
        assert esrf.open_run()["dataset"] == number[-4:]
        esrf.close_run()


def test_frames_staged_after_the_run_was_opened_too(esrf: Counter) -> None:
    assert esrf.open_run()["dataset"] == "0001"
    first, again = esrf.site.frames_folder(), esrf.site.frames_folder()
    assert (dataset(first), dataset(again)) == ("cell3_0001", "cell3_0001")
    assert first != again


def test_a_run_without_frames_leaves_its_place_to_nobody(esrf: Counter) -> None:
    assert esrf.open_run()["dataset"] == "0001"
    esrf.close_run()
    assert dataset(esrf.site.frames_folder()) == "cell3_0002"


def test_frames_of_a_plan_that_never_opened_a_run_leave_theirs_to_nobody(esrf: Counter) -> None:
    assert dataset(esrf.site.frames_folder()) == "cell3_0001"
    assert dataset(esrf.site.frames_folder()) == "cell3_0002"
    assert esrf.open_run()["dataset"] == "0002"


def test_another_sample_is_another_collection(esrf: Counter) -> None:
    esrf.open_run()
    esrf.close_run()
    esrf.sample = "cell4"
    assert dataset(esrf.site.frames_folder()) == "cell4_0001"
    with pytest.raises(RunRefused, match=r"'cell5'.* come too late: .*'cell4'"):
        esrf.open_run(sample={"name": "cell5"})


def test_the_sample_of_a_run_without_frames_may_be_given_to_it(esrf: Counter) -> None:
    assert esrf.open_run(sample={"name": "cell 9"})["collection"] == "cell_9"


def test_in_a_laboratory_frames_go_to_a_folder_of_the_day(tmp_path: Path) -> None:
    lab = Counter(tmp_path, {"profile": "lab"})
    folders = {lab.site.frames_folder() for _ in range(3)}
    assert {folder.parents[1] for folder in folders} == {tmp_path / "data/raw"}
    assert len(folders) == 3
    assert lab.open_run(sample={"name": "any | thing"}) == {"profile": "lab"}


def test_what_is_watched_is_where_the_open_run_goes_or_the_next_one_would(tmp_path: Path) -> None:
    current = open_beamtime(tmp_path)
    open_beamtime(tmp_path, "gpfs/commissioning", None)
    petra = Counter(tmp_path, PETRA)
    assert petra.site.folder() == current / "raw"
    petra.open_run()
    current.rename(tmp_path / "gpfs/stopped")
    assert petra.site.folder() == current / "raw", "exposures wait: their files cannot be written elsewhere"
    petra.close_run()
    assert petra.site.folder() == tmp_path / "gpfs/commissioning/raw"
    assert petra.open_run()["data_root"] == str(tmp_path / "gpfs/commissioning")


def test_a_site_watches_a_folder_that_is_the_users_to_write(esrf: Counter, tmp_path: Path) -> None:
    assert esrf.site.folder() == tmp_path / "data/sim0001/bm31/20260301/RAW_DATA"


def test_the_watch_follows_a_beamtime_that_ends(tmp_path: Path) -> None:
    current = open_beamtime(tmp_path)
    open_beamtime(tmp_path, "gpfs/commissioning", None)
    petra = Counter(tmp_path, PETRA)
    watch = DiskWatch(lambda: [Watched("data root", petra.site.folder())], Limits(1e-9, 1e-9, 1e-9), "endstation.toml")
    assert watch.look().writable
    petra.open_run()
    current.rename(tmp_path / "gpfs/stopped")
    assert f"data root {current}/raw: it is not there" in watch.look().words
    petra.close_run()
    assert watch.look().writable


def test_a_run_that_was_not_opened_holds_no_place(tmp_path: Path) -> None:
    current = open_beamtime(tmp_path)
    open_beamtime(tmp_path, "gpfs/commissioning", None)
    petra = Counter(tmp_path, PETRA)
    petra.site.frames_folder()
    petra.site.describe({**petra.known(), "scan_id": 1})  # and then the journal takes no start document
    current.rename(tmp_path / "gpfs/stopped")
    assert petra.site.folder() == tmp_path / "gpfs/commissioning/raw"
    assert petra.site.frames_folder().is_relative_to(tmp_path / "gpfs/commissioning")

"""A run at ESRF, read by ESRF's own programs."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from esrf_pathlib import ESRFPath
from ewoksdata.data.bliss import iter_bliss_scan_data_from_hdf5
from profiles.recorded_at_site import ESRF, RunAtSite, claim
from recorder.made_run import RECIPE, image, ramp
from silx.io.h5py_utils import top_level_names
from silx.io.nxdata import get_default

from operando.errors import EndstationError, RunRefused
from operando.recorder.finding import Severity
from operando.recorder.profiles import PROFILES
from operando.recorder.validation import validate


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunAtSite:
    root = tmp_path_factory.mktemp("root")
    made = RunAtSite(root, claim(root, ESRF))
    made.record()
    return made


@pytest.fixture(scope="module")
def path(run: RunAtSite) -> Path:
    return run.root / "data/ma6543/bm31/20260301/RAW_DATA/NMC811_cell3/NMC811_cell3_0001/NMC811_cell3_0001.h5"


def test_the_path_is_one_of_the_data_policy(run: RunAtSite, path: Path) -> None:
    found = ESRFPath(path)
    assert found.is_file()
    assert found.schema_name == "esrf_v3"
    assert (found.proposal, found.beamline, found.collection, found.dataset) == (
        "ma6543",
        "bm31",
        "NMC811_cell3",
        "0001",
    )
    assert found.raw_dataset_file == path
    assert found.raw_collection_file.is_file()
    assert found.raw_proposal_file.is_file()
    assert run.raw.parent == found.raw_dataset_path


def test_silx_sees_two_finished_scans_and_a_plot(path: Path) -> None:
    assert top_level_names(str(path), retry_timeout=5) == ["1.1", "1.2"]
    with h5py.File(path) as file:
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid
        assert picture.axes_dataset_names == ["time", "radial_axis"]
        scan = get_default(file["1.2"])
        assert scan is not None
        assert scan.is_valid


def test_it_is_valid(path: Path) -> None:
    assert validate(path) == []


def test_ewoks_iterates_over_frames_and_counters(path: Path) -> None:
    """With the retry options of a live analysis: the scan is complete, so that none is needed."""
    with iter_bliss_scan_data_from_hdf5(
        str(path),
        1,
        lima_names=["detector"],
        counter_names=["stack_pressure", "elapsed_time", "lattice_a"],
        retry_timeout=5,
    ) as points:
        found = list(points)
    assert len(found) == 5
    for number, point in enumerate(found):
        np.testing.assert_array_equal(point["detector"], image(number))
        assert point["stack_pressure"] == pytest.approx(ramp("stack_pressure", point["elapsed_time"]), abs=1e-6)


def test_a_scan_says_how_it_ended_in_blisswriters_words(path: Path) -> None:
    with h5py.File(path) as file:
        for entry in file.values():
            assert entry["end_reason"].asstr()[()] == "SUCCESS"
            assert entry["end_time"].asstr()[()] > entry["start_time"].asstr()[()]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("success", "SUCCESS"), ("abort", "USER_ABORT"), ("fail", "FAILURE"), ("abandoned", "FAILURE")],
)
def test_every_end_has_a_word_there(ours: str, theirs: str) -> None:
    assert PROFILES["esrf"].end_reason(ours) == theirs


def test_the_folder_can_be_moved_with_its_frames(run: RunAtSite, path: Path, tmp_path: Path) -> None:
    data = run.root / "data"
    moved = tmp_path / "moved"
    (tmp_path / "moved").symlink_to(data)  # HDF5 looks beside the path that it was given
    with h5py.File(moved / path.relative_to(data)) as file:
        sources = file["1.1/instrument/detector/data"].virtual_sources()
        assert all(not Path(source.file_name).is_absolute() for source in sources)
        np.testing.assert_array_equal(file["1.1/measurement/detector"][4], image(4))


@pytest.mark.parametrize("master", ["NMC811_cell3/ma6543_NMC811_cell3.h5", "ma6543_bm31.h5"])
def test_collection_and_proposal_open_as_one_file(path: Path, master: str) -> None:
    names = ["NMC811_cell3_0001_1.1", "NMC811_cell3_0001_1.2"]
    assert top_level_names(str(path.parents[2] / master), retry_timeout=5) == names
    with h5py.File(path.parents[2] / master) as file:
        assert sorted(file) == names
        assert not Path(file.get(names[0], getlink=True).filename).is_absolute()
        assert file[f"{names[0]}/measurement/stack_pressure"].shape == (5,)
        picture = get_default(file[names[0]])
        assert picture is not None
        assert picture.is_valid


def test_the_patterns_are_found_where_ewoks_puts_processed_data(path: Path) -> None:
    processed = Path(ESRFPath(path).processed_dataset_file)
    assert top_level_names(str(processed), retry_timeout=5) == ["1.1"]
    with h5py.File(processed) as file:
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid
        assert picture.signal.shape[0] == 5
        assert file["1.1/detector_integrate/configuration/npt"][()] == RECIPE.npt
    assert [finding for finding in validate(processed) if finding.severity is Severity.ERROR] == []


def test_recording_again_links_nothing_twice(run: RunAtSite, path: Path) -> None:
    proposal = path.parents[2] / "ma6543_bm31.h5"
    processed = Path(ESRFPath(path).processed_dataset_file)
    before = proposal.read_bytes(), processed.stat().st_mtime_ns
    run.record_again()
    assert (proposal.read_bytes(), processed.stat().st_mtime_ns) == before


def test_datasets_are_numbered_whoever_made_them(tmp_path: Path) -> None:
    collection = tmp_path / "data/ma6543/bm31/20260301/RAW_DATA/NMC811_cell3"
    (collection / "NMC811_cell3_0041").mkdir(parents=True)
    (collection / "NMC811_cell3_charge").mkdir()
    assert [claim(tmp_path, ESRF)["dataset"] for _ in range(2)] == ["0042", "0043"]
    assert (collection / "NMC811_cell3_0043").is_dir()


def test_a_run_without_frames_is_the_sub_scan_alone(tmp_path: Path) -> None:
    made = RunAtSite(tmp_path, claim(tmp_path, ESRF), frames=0)
    made.record()
    (path,) = tmp_path.glob("data/**/RAW_DATA/**/*_0001.h5")
    assert top_level_names(str(path), retry_timeout=5) == ["1.2"]
    assert validate(path) == []


def test_lost_frames_are_rows_of_minus_one(tmp_path: Path) -> None:
    made = RunAtSite(tmp_path, claim(tmp_path, ESRF))
    made.write_frames(missing=[1])
    made.write_log()
    made.write_journal()
    made.record_again()
    (path,) = tmp_path.glob("data/**/RAW_DATA/**/*_0001.h5")
    with h5py.File(path) as file:
        stack = file["1.1/instrument/detector/data"]
        np.testing.assert_array_equal(stack[2], image(2))
        assert np.all(stack[3] == -1)


def test_a_name_that_esrf_forbids_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(RunRefused, match=r"sample 'NMC811 \| LPSC': '\|' is not allowed.*no run"):
        claim(tmp_path, ESRF, "NMC811 | LPSC")
    assert not (tmp_path / "data").exists()


def test_a_session_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the data root should be")
    with pytest.raises(EndstationError, match=r"a folder cannot be made: .*no run"):
        claim(tmp_path, ESRF)

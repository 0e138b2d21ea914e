"""Another geometry, mask, recipe or lattice: what the recorder would have written then, beside what it wrote."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import fabio.tifimage
import h5py
import numpy as np
import pytest
from recorder.made_run import NMC811, PONI, RECIPE, SHAPE, MadeRun, image
from recorder.same_file import assert_same_group
from reprocess.finished_run import columns, differing, record_again, taken_home
from silx.io.nxdata import get_default

from operando.analysis import Integrator
from operando.errors import AnalysisError, RecordError
from operando.recorder.pattern_entry import pattern_entries
from operando.recorder.reprocessing import Manner, Reprocessed, Wishes, reprocess
from operando.recorder.validation import validate
from operando.vocabulary import who

FARTHER = PONI.replace("Distance: 0.25", "Distance: 0.2525")


def test_with_nothing_changed_every_number_is_the_same_and_nothing_old_is_touched(
    home: Path, original: MadeRun
) -> None:
    found = reprocess(home, Wishes())
    assert (found.entry, found.frames, found.patterns, found.changed) == ("reprocessed_1", 4, 4, ())
    assert differing(columns(home, "xrd"), columns(home, "reprocessed_1")) == set()
    with h5py.File(home) as file, h5py.File(original.file) as before:
        assert sorted(set(file) - set(before)) == ["reprocessed_1"]
        assert file.attrs["default"] == before.attrs["default"] == "xrd"
        for entry in before:
            assert_same_group(before[entry], file[entry])


@pytest.fixture(scope="module")
def farther(original: MadeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reprocessed with another geometry on a day in 2027."""
    path = taken_home(original, tmp_path_factory.mktemp("farther"))
    reprocess(path, Wishes(poni=FARTHER), Manner(now_ns=lambda: 1_800_000_000_000_000_000))
    return path


def test_another_geometry_gives_what_a_recorder_would_have_written_with_it(farther: Path, tmp_path: Path) -> None:
    """Against a run whose start document had this geometry from the beginning."""
    other = MadeRun(tmp_path / "other", frames=4, per_file=3, lattice=NMC811)
    other.documents[0][1]["operando"]["poni"] = FARTHER
    other.write_frames()
    other.write_log()
    other.write_journal()
    record_again(other.root)
    new, recorded = columns(farther, "reprocessed_1"), columns(farther, "xrd")
    assert differing(new, columns(other.file, "xrd")) == set()
    moved = new["lattice_a"] / recorded["lattice_a"]
    assert np.all(np.abs(moved - 1.01) < 2e-3), "a detector that is 1 % farther away makes a lattice 1 % larger"


def test_another_mask_takes_its_pixels_out(home: Path, tmp_path: Path) -> None:
    masked = np.zeros(SHAPE, np.int8)
    masked[:40] = 1
    path = tmp_path / "mask.tif"
    fabio.tifimage.TifImage(data=masked).write(str(path))
    reprocess(home, Wishes(mask=path))
    expected = Integrator(PONI, replace(RECIPE, mask=path), SHAPE).integrate(image(2)).intensity.astype("f4")
    np.testing.assert_array_equal(columns(home, "reprocessed_1")["I"][2], expected)
    with h5py.File(home) as file:
        said = file["reprocessed_1/reprocessing/input/mask_sha256"].asstr()[()]
        assert said == sha256(path.read_bytes()).hexdigest()
        assert "mask" not in file["xrd/reduction/input"]


def test_another_recipe_has_bins_and_unit_of_its_own(home: Path) -> None:
    recipe = replace(RECIPE, npt=123, unit="2th_deg", radial_range=(2.0, 10.0), polarization_factor=None)
    found = reprocess(home, Wishes(recipe=recipe))
    keys = ("npt", "polarization_factor", "radial_range", "saturation", "unit")
    assert found.changed == tuple(f"recipe.{key}" for key in keys)
    with h5py.File(home) as file:
        new = file["reprocessed_1"]
        assert new["data/I"].shape == (4, 123)
        assert (new["data/radial_axis"].attrs["units"], file["xrd/data/I"].shape) == ("degrees", (4, 400))
        assert not new["polarization_applied"][()]
        assert file["xrd/polarization_applied"][()]


def test_cakes_that_were_not_recorded_come_with_another_recipe(home: Path) -> None:
    reprocess(home, Wishes(recipe=replace(RECIPE, sectors=12, npt=200)))
    assert validate(home) == []
    with h5py.File(home) as file:
        assert sorted(file) == ["environment", "reprocessed_1", "reprocessed_1_cake", "xrd"]
        cakes = file["reprocessed_1_cake"]
        assert cakes["data/I"].shape == (4, 12, 200)
        assert cakes["frames"] == file["reprocessed_1/frames"]
        assert cakes["reprocessing"] == file["reprocessed_1/reprocessing"]


def test_another_lattice_is_fitted(home: Path) -> None:
    phase = NMC811.phase
    two = replace(NMC811, phase=replace(phase, name="two lines", reflections=phase.reflections[:2]))
    assert reprocess(home, Wishes(lattice=two)).changed == ("lattice.phase",)
    new, recorded = columns(home, "reprocessed_1"), columns(home, "xrd")
    assert np.array_equal(new["I"], recorded["I"])
    assert not np.array_equal(new["lattice_a"], recorded["lattice_a"])


def test_what_is_shown_first_changes_only_when_it_is_asked_for(home: Path) -> None:
    reprocess(home, Wishes(), Manner(default=True))
    with h5py.File(home) as file:
        assert file.attrs["default"] == "reprocessed_1"
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid
        assert np.array_equal(picture.signal, file["reprocessed_1/data/I"], equal_nan=True)


def test_it_says_what_differs_and_who_made_it_and_when(farther: Path) -> None:
    with h5py.File(farther) as file:
        process = file["reprocessed_1/reprocessing"]
        changes = json.loads(process["changes/data"].asstr()[()])
        assert changes == {"poni": {"before": PONI, "after": FARTHER}}
        assert process["changes/author"].asstr()[()] == who()
        dates = {process["date"].asstr()[()], file["reprocessed_1/reduction/date"].asstr()[()]}
        assert dates == {"2027-01-15T08:00:00.000000+00:00"}
        assert file["xrd/reduction/date"].asstr()[()].startswith("2026-03-01")
        assert process["input/recorded_entry"].asstr()[()] == "/xrd"
        start = file["xrd/start_document/data"][()]
        assert process["input/start_document_sha256"].asstr()[()] == sha256(start).hexdigest()
        assert file["reprocessed_1/sample"] == file["xrd/sample"], "what holds of the run is there once"


def test_programs_that_want_the_recorded_patterns_are_not_given_others(farther: Path) -> None:
    with h5py.File(farther) as file:
        assert [patterns.entry.name for patterns in pattern_entries(file)] == ["/xrd"]
        assert [patterns.entry.name for patterns in pattern_entries(file, reprocessed=True)] == [
            "/xrd",
            "/reprocessed_1",
        ]


def test_frames_that_are_gone_have_a_row_and_a_reason(home: Path) -> None:
    (next((home.parents[2] / "raw").rglob("frames_000001.h5"))).unlink()
    found = reprocess(home, Wishes())
    assert (found.frames, found.patterns) == (4, 3)
    with h5py.File(home) as file:
        gaps = file["reprocessed_1/gaps"]
        assert gaps["row"][()].tolist() == [3]
        assert "no such file" in gaps["reason"].asstr()[0]
        assert np.isfinite(file["xrd/data/I"][3]).any()


@pytest.mark.parametrize(
    ("wishes", "words"),
    [
        (Wishes(poni="Distance: far"), "PONI"),
        (Wishes(mask=Path("nowhere.tif")), "nowhere.tif"),
        (Wishes(poni=PONI.replace('"max_shape": [240, 200]', '"max_shape": [1679, 1475]')), "1679"),
    ],
    ids=["no geometry", "no mask", "the geometry of another detector"],
)
def test_what_cannot_be_done_is_refused_before_anything_is(home: Path, wishes: Wishes, words: str) -> None:
    before = home.read_bytes()
    with pytest.raises((AnalysisError, RecordError), match=words):
        reprocess(home, wishes)
    assert home.read_bytes() == before
    assert sorted(path.name for path in home.parent.iterdir()) == [home.name]


def test_a_file_that_is_not_finished_or_has_no_frames_left_is_refused(home: Path) -> None:
    raw = home.parents[2] / "raw"
    raw.rename(raw.with_name("elsewhere"))
    with pytest.raises(RecordError, match="none of its 2 raw files can be read"):
        reprocess(home, Wishes())
    with h5py.File(home, "r+") as file:
        del file["xrd/end_time"], file["environment/end_time"]
    with pytest.raises(RecordError, match="no finished file of record"):
        reprocess(home, Wishes())


def test_only_the_file_and_its_raw_frames_are_needed(home: Path) -> None:
    """The folders moved together, to where neither journal nor log nor the old paths are."""
    found: Reprocessed = reprocess(home, Wishes())
    assert found.conditions.startswith("joined anew from the log that the file itself holds")
    with h5py.File(home) as file:
        link = file["reprocessed_1/instrument/detector"].get("frames_000000", getlink=True)
        assert (home.parent / link.filename).resolve().is_relative_to(home.parents[2])

"""Cakes and regions in the file of record: an entry of their own, valid, of the same frames."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pyFAI
import pytest
from nexusformat.nexus import nxload
from recorder import made_run
from recorder.made_run import PONI, RECIPE, SHAPE, MadeRun, image
from recorder.same_file import assert_same_file
from recorder.stepped_recorder import SteppedRecorder

from operando.analysis import Integrator
from operando.journal import Journal
from operando.recorder.validation import validate
from operando.vocabulary import Recipe, Region

SECTORS = 12
CAKES = replace(
    RECIPE,
    npt=200,
    sectors=SECTORS,
    azimuth_range=(0.0, 90.0),
    regions=(Region("first_ring", (12.0, 14.5)), Region("left", None, (45.0, 90.0))),
)


def taken(root: Path, recipe: Recipe) -> MadeRun:
    """Return a run of a recipe, its frames and log written."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(made_run, "RECIPE", recipe)
        run = MadeRun(root)
    run.write_frames()
    run.write_log()
    return run


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[h5py.File]:
    run = taken(tmp_path_factory.mktemp("caked"), CAKES)
    run.write_journal()
    finish(run)
    assert validate(run.file) == []
    with h5py.File(run.file) as file:
        yield file


def finish(run: MadeRun) -> None:
    recorder = SteppedRecorder(run)
    recorder.work()
    recorder.work(10.0)
    assert recorder.runs.finished == [run.file]
    recorder.close()


def test_every_frame_has_its_cake(recorded: h5py.File) -> None:
    integrator = Integrator(PONI, CAKES, SHAPE)
    entry = recorded["xrd_cake"]
    assert entry["definition"].asstr()[()] == "NXazint2d"
    assert entry["data/I"].shape == (5, SECTORS, 200)
    np.testing.assert_array_equal(entry["data/azimuthal_axis"][()], integrator.azimuth)
    for frame in range(5):
        cake = integrator.integrate(image(frame)).cake
        assert cake is not None
        assert cake.sigma is not None
        np.testing.assert_array_equal(entry["data/I"][frame], np.float32(cake.intensity))
        np.testing.assert_array_equal(entry["data/I_errors"][frame], np.float32(cake.sigma))


def test_a_cake_is_the_pattern_around_the_ring(recorded: h5py.File) -> None:
    pattern = recorded["xrd/data/I"][2]
    cake = recorded["xrd_cake/data/I"][2]
    covered = np.all(cake > 0, axis=0)
    assert covered.sum() > 50
    np.testing.assert_allclose(cake.mean(axis=0)[covered], pattern[covered], rtol=0.15)


def test_the_conditions_of_the_frames_stand_beside_the_cakes(recorded: h5py.File) -> None:
    data = recorded["xrd_cake/data"]
    assert data.attrs["signal"] == "I"
    assert list(data.attrs["axes"]) == [".", "azimuthal_axis", "radial_axis"]
    for name in ("time", "stack_pressure", "temperature", "frame_number"):
        assert data.attrs[f"{name}_indices"] == 0
        assert data[name] == recorded["xrd/frames"][name]
    assert recorded["xrd_cake/reduction/input/sectors"][()] == SECTORS
    assert recorded["xrd_cake/end_time"][()] == recorded["xrd/end_time"][()]


def test_the_first_picture_is_still_that_of_the_patterns(recorded: h5py.File) -> None:
    assert recorded.attrs["default"] == "xrd"
    tree = nxload(recorded.filename)
    assert tree["xrd_cake"].get_default().nxpath == "/xrd_cake/data"


def test_regions_are_columns_of_the_frames(recorded: h5py.File) -> None:
    integrator = Integrator(PONI, CAKES, SHAPE)
    for number, name in enumerate(("first_ring", "left")):
        column = recorded[f"xrd/frames/region_{name}"]
        means = []
        for frame in range(5):
            found = integrator.integrate(image(frame)).regions
            assert found is not None
            means.append(found[number])
        np.testing.assert_array_equal(column[()], means)
        assert column.attrs["units"] == "arbitrary units"


def test_a_recorder_that_was_killed_leaves_the_same_cakes(tmp_path: Path) -> None:
    run = taken(tmp_path, CAKES)
    journal = Journal(tmp_path / "journal")
    for document in run.documents[:10]:
        journal(*document)
    killed = SteppedRecorder(run)
    for _ in range(2):
        killed.work(1.0)
    assert 1 < killed.rows() < 5
    left = shutil.copy(run.file, tmp_path / "left.nxs")  # what SIGKILL leaves: all that the operating system has
    for document in run.documents[10:]:
        journal(*document)
    journal.close()
    killed.close()
    run.file.unlink()
    finish(run)
    undisturbed = run.file.rename(tmp_path / "undisturbed.nxs")
    shutil.rmtree(tmp_path / "run")
    shutil.copy(left, run.file)
    finish(run)
    assert validate(run.file) == []
    assert_same_file(run.file, undisturbed)


def test_on_an_axis_of_lattice_spacings_the_definition_has_its_q(tmp_path: Path) -> None:
    run = taken(tmp_path, replace(CAKES, unit="d_A", radial_range=(1.1, 7.0), regions=()))
    run.write_journal()
    finish(run)
    assert validate(run.file) == []
    with h5py.File(run.file) as file:
        q, spacing = file["xrd/data/radial_axis"], file["xrd/data/d_spacing"]
        assert (q.attrs["units"], spacing.attrs["units"]) == ("1/nm", "angstrom")
        np.testing.assert_allclose(spacing[()], 20 * np.pi / q[()])
        assert list(file["xrd/reduction/picture"].attrs["axes"]) == ["time", "d_spacing"]
        assert file["xrd_cake/data"].attrs["d_spacing_indices"] == 2


def test_what_the_recipe_was_is_said_beside_its_patterns(recorded: h5py.File) -> None:
    said = recorded["xrd/reduction/input"]
    assert said["digest"].asstr()[()] == Integrator(PONI, CAKES, SHAPE).digest
    assert said["pyFAI_version"].asstr()[()] == pyFAI.version
    assert said["orientation"][()] == CAKES.orientation
    assert said["poni"].asstr()[()] == PONI
    assert not recorded["xrd/monitor_applied"][()]


def test_without_cakes_there_is_no_such_entry(tmp_path: Path) -> None:
    run = taken(tmp_path, RECIPE)
    run.write_journal()
    finish(run)
    with h5py.File(run.file) as file:
        assert sorted(file) == ["environment", "xrd"]

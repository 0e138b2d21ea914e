"""What a scientist finds in the file of record."""

import json
import shutil
from pathlib import Path

import h5py
import hdf5plugin  # noqa: F401  the raw frames are bitshuffled
import numpy as np
import pytest
from recorder.made_run import (
    ACQUIRE_S,
    CONFIGS,
    NMC811,
    PERIOD_S,
    RECIPE,
    A,
    C,
    MadeRun,
    image,
    ramp,
)
from silx.io.nxdata import get_default

from operando.config import load
from operando.recorder.service import run as record
from operando.recorder.validation import validate


def record_once(root: Path) -> None:
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=5, per_file=3, lattice=NMC811)
    run.write_frames()
    run.write_log(invalid={"voltage": (3.4, 4.6)})
    run.write_journal()
    record_once(run.root)
    return run


@pytest.fixture
def file(made: MadeRun) -> h5py.File:
    with h5py.File(made.file) as opened:
        yield opened


def test_it_is_valid(made: MadeRun) -> None:
    assert validate(made.file) == []


def test_a_viewer_opens_on_the_patterns_over_time_in_log_colours(file: h5py.File) -> None:
    picture = get_default(file)
    assert picture is not None
    assert picture.is_valid
    assert picture.interpretation == "image"
    assert picture.axes_dataset_names == ["time", "radial_axis"]
    assert json.loads(picture.group.attrs["SILX_style"])["signal_scale_type"] == "log"
    assert picture.signal.shape == (5, RECIPE.npt)


def test_the_patterns_stand_as_their_definition_wants(file: h5py.File) -> None:
    data = file["xrd/data"]
    assert file["xrd/definition"].asstr()[()] == "NXazint1d"
    assert list(data.attrs["axes"]) == [".", "radial_axis"]
    assert data.attrs["interpretation"] == "spectrum"
    assert (data["radial_axis"].attrs["long_name"], data["radial_axis"].attrs["units"]) == ("q", "1/nm")
    assert np.all(data["I_errors"][()] >= 0)
    assert file["xrd/instrument/monochromator/energy"][()] == pytest.approx(60.0, abs=0.01)


def test_each_frame_keeps_the_detectors_own_number_and_time(file: h5py.File) -> None:
    frames = file["xrd/frames"]
    assert frames["frame_number"][()].tolist() == [1, 2, 3, 4, 5]
    ends = 2.0 + ACQUIRE_S + PERIOD_S * np.arange(5)
    np.testing.assert_allclose(frames["exposure_end"], ends, atol=1e-9)
    np.testing.assert_allclose(frames["exposure_start"], ends - ACQUIRE_S, atol=1e-9)
    np.testing.assert_allclose(frames["time"], ends - ACQUIRE_S / 2, atol=1e-9)
    assert np.all(frames["exposure_uncertainty"][()] == 0.01)
    assert frames["time"].attrs["start"] == "2026-03-01T23:59:50.000000+00:00"


def test_pressure_is_averaged_over_the_exposure_and_no_longer(file: h5py.File) -> None:
    frames = file["xrd/frames"]
    for row, time in enumerate(frames["time"][()]):
        assert frames["stack_pressure"][row] == pytest.approx(ramp("stack_pressure", time), abs=1e-9)
        assert frames["stack_pressure_minimum"][row] == pytest.approx(ramp("stack_pressure", time - 0.5))
        assert frames["stack_pressure_maximum"][row] == pytest.approx(ramp("stack_pressure", time + 0.5))
    assert set(frames["stack_pressure_count"][()]) == {21}  # 20 Hz over 1 s, both ends included
    assert frames["stack_pressure"].attrs["units"] == "MPa"


def test_a_reading_that_cannot_be_trusted_never_enters(file: h5py.File) -> None:
    """The voltage read 1e9 from 3.4 to 4.6 s, all through the second exposure."""
    frames = file["xrd/frames"]
    assert frames["voltage_count"][()].tolist() == [3, 0, 3, 3, 3]
    assert np.isnan(frames["voltage"][1])
    assert np.isnan(frames["voltage_maximum"][1])
    np.testing.assert_allclose(frames["voltage"][2:], ramp("voltage", 1.0) + 0.002 * (frames["time"][2:] - 1.0))


def test_lattice_parameters_stand_beside_the_patterns(file: h5py.File) -> None:
    np.testing.assert_allclose(file["xrd/lattice/lattice_a/lattice_a"], A, atol=3e-3)
    np.testing.assert_allclose(file["xrd/lattice/lattice_c/lattice_c"], C, atol=2e-2)
    assert np.all(file["xrd/frames/lattice_a_errors"][()] > 0)
    assert set(file["xrd/frames/lattice_trusted"][()]) == {1}


def test_the_whole_log_of_the_run_is_there(made: MadeRun, file: h5py.File) -> None:
    log = file["environment/instrument/pressure/load_cell/value_log"]
    assert log["time"].attrs["start"] == "2026-03-01T23:59:50.000000+00:00"
    np.testing.assert_allclose(log["time"], np.arange(0, made.duration + 1e-6, 0.05), atol=1e-9)
    np.testing.assert_allclose(log["value"], ramp("stack_pressure", 0.0) + 0.05 * log["time"][()])
    voltage = file["environment/instrument/electrochemistry/voltage/value_log"]
    untrusted = voltage["quality"][()] == 3
    assert np.all((voltage["time"][untrusted] >= 3.4) & (voltage["time"][untrusted] <= 4.6))


def test_a_pressure_stands_with_its_uncertainty_and_with_what_it_was_calibrated_with(
    made: MadeRun, file: h5py.File
) -> None:
    assert file["xrd/data/stack_pressure_uncertainty"][0] == pytest.approx(0.4, abs=0.01)
    load_cell = file["environment/instrument/pressure/load_cell"]
    found = {name: (load_cell[name][()], load_cell[name].attrs["units"]) for name in ("tare", "guide_friction")}
    assert found == {"tare": (0.0, "N"), "guide_friction": (30.0, "N")}
    assert load_cell["electrode_diameter"][()] == 10.0
    assert load_cell["tare_time"].asstr()[()] == made.configuration["load_cell"]["tare_time"]
    assert load_cell["calibration_date"].asstr()[()] == "2026-09-14"
    assert "calibration_certificate" not in load_cell  # nobody has written it down


def test_the_regulator_is_described(made: MadeRun, file: h5py.File) -> None:
    regulator = file["environment/instrument/pressure/piezo/regulator"]
    assert regulator["K_p"][()] == made.configuration["pressure"]["proportional_gain_V_per_MPa"]
    assert regulator["K_i"].attrs["units"] == "V/(MPa s)"
    assert regulator["pv_sensor/value_log/value"].shape == (201,)


def test_what_a_later_capability_fills_is_absent(file: h5py.File) -> None:
    assert "dose" not in file["xrd/frames"]
    assert "dose" not in file["xrd/data"]


def test_nothing_in_it_comes_from_the_recorders_clock(file: h5py.File) -> None:
    times = [file.attrs["file_time"]]
    for entry in file.values():
        times += [entry[name].asstr()[()] for name in ("start_time", "end_time")]
    times += [file[f"xrd/{process}/date"].asstr()[()] for process in ("reduction", "lattice")]
    assert set(times) == {"2026-03-01T23:59:50.000000+00:00", "2026-03-02T00:00:00.000000+00:00"}


def test_how_it_was_made_can_be_repeated(file: h5py.File) -> None:
    parameters = file["xrd/reduction/input"]
    assert "Distance: 0.25" in parameters["poni"].asstr()[()]
    assert parameters["npt"][()] == RECIPE.npt
    start = json.loads(file["xrd/start_document/data"].asstr()[()])
    assert start["operando"]["configuration"]["prefix"] == "SIM:"


def test_raw_frames_are_linked_and_the_folder_can_be_moved(made: MadeRun, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere"
    shutil.copytree(made.data, moved)
    with h5py.File(moved / made.file.relative_to(made.data)) as file:
        link = file["xrd/instrument/detector"].get("frames_000001", getlink=True)
        assert not Path(link.filename).is_absolute()
        np.testing.assert_array_equal(file["xrd/instrument/detector/frames_000001"][0], image(3))
        assert file["xrd/frames/raw_file"][3] == 1
        assert file["xrd/frames/raw_index"][3] == 0


def test_a_run_without_frames_still_has_its_environment(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=0)
    run.write_log(end=10.0)
    run.documents = [run.documents[0], run.documents[-1]]
    run.write_journal()
    record_once(tmp_path)
    assert validate(run.file) == []
    with h5py.File(run.file) as file:
        assert list(file) == ["environment"]
        picture = get_default(file)
        assert picture is not None
        assert picture.is_valid


def test_the_end_says_how_it_came(made: MadeRun, file: h5py.File) -> None:
    assert file["xrd/end_reason"].asstr()[()] == "success"
    assert file["xrd/end_time"].asstr()[()] == "2026-03-02T00:00:00.000000+00:00"

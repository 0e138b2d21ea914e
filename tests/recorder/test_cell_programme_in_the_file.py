"""What the file of record says of the cell programme: its text, each step with its limits and end, spectra, frames."""

import hashlib
import json
import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from recorder.made_programme import BEGUN, FREQUENCIES, HASH, PROGRAMME, SOURCE, keep_programme, points_of, run_at
from recorder.made_run import CONFIGS, MadeRun, at, ramp
from recorder.same_file import assert_same_file
from silx.io.nxdata import NXdata

from operando.config import load
from operando.history import EnvironmentHistory, EnvironmentLog, Spectrum
from operando.recorder.nexus import RecordFile
from operando.recorder.service import run as record
from operando.recorder.validation import validate
from operando.vocabulary import plain

PLACE = "environment/cell_programme"


def record_once(root: Path) -> None:
    record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)


def made_run(root: Path) -> MadeRun:
    run = MadeRun(root, frames=4)
    run.documents[0][1]["operando"]["programme"] = plain(PROGRAMME)
    run.write_frames()
    run.write_log(further=keep_programme)
    return run


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    run = made_run(tmp_path_factory.mktemp("root"))
    run.write_journal()
    record_once(run.root)
    return run


@pytest.fixture
def file(made: MadeRun) -> h5py.File:
    with h5py.File(made.file) as opened:
        yield opened


def texts(dataset: h5py.Dataset) -> list[str]:
    return list(dataset.asstr()[()])


def test_it_is_valid(made: MadeRun) -> None:
    assert validate(made.file) == []


@pytest.mark.parametrize("place", [f"{PLACE}/programme_1", "environment/programme", "xrd/programme"])
def test_the_programme_stands_with_its_hash(file: h5py.File, place: str) -> None:
    source = file[place]["source"]
    assert source["data"].asstr()[()] == SOURCE
    assert source["checksum"].asstr()[()] == hashlib.sha256(SOURCE.encode()).hexdigest() == HASH
    assert file[place]["name"].asstr()[()] == PROGRAMME.name


def test_every_potential_stands_on_both_scales(file: h5py.File) -> None:
    stated = file[f"{PLACE}/programme_1/potentials"]
    assert stated["at_terminals"].attrs["scale"] == "cell"
    assert stated["against_lithium"].attrs["scale"] == "Li/Li+"
    at = dict(zip(zip(stated["step"][()], texts(stated["what"]), strict=True), stated["at_terminals"], strict=True))
    assert at[1, "until_voltage_above"] == 3.68
    assert at[3, "until_voltage_below"] == 2.18
    assert at[0, "upper_voltage"] == 3.73
    np.testing.assert_allclose(stated["against_lithium"][()], stated["at_terminals"][()] + 0.62)
    table = file[f"{PLACE}/programme_1/table"].asstr()[()]
    assert "3.68" in table
    assert "4.3" in table


def test_each_step_says_how_it_ended_and_within_which_limits(file: h5py.File) -> None:
    steps = file[f"{PLACE}/steps"]
    assert steps["run"][()].tolist() == [1, 2, 3]
    assert steps["half_cycle"][()].tolist() == [1, 1, 2]
    assert texts(steps["name"]) == ["charge", "look", "discharge"]
    np.testing.assert_allclose(steps["begun"], BEGUN, atol=1e-9)
    assert texts(steps["how"])[:2] == ["voltage >= 3.68 V", "all frequencies"]
    assert steps["potential"][0] == pytest.approx(3.6801 + 0.62)
    assert set(texts(steps["programme"])) == {HASH}
    ends = json.loads(texts(steps["limits"])[0])["ends"]
    assert {"limit": "voltage", "value": 3.68, "below": False} in ends
    assert "4.3" in texts(steps["until"])[0]
    assert steps["time_uncertainty"][:2].tolist() == [0.002] * 2
    limits = steps["potentials"]
    assert limits["row"][()].tolist() == [0, 2]
    np.testing.assert_allclose(limits["against_lithium"], [4.3, 2.8])


def test_what_the_log_learned_of_a_step_after_the_run_is_not_in_it(file: h5py.File) -> None:
    """Else a file that is rebuilt later would be another one."""
    steps = file[f"{PLACE}/steps"]
    assert texts(steps["how"])[2] == "still running when the run ended"
    learned = ("ended", "time_uncertainty", "duration", "charge", "voltage", "potential")
    assert np.isnan([steps[name][2] for name in learned]).all()


def test_a_spectrum_is_a_picture_over_its_frequencies(file: h5py.File) -> None:
    spectrum = file[f"{PLACE}/spectra/impedance_0001"]
    picture = NXdata(spectrum["data"], validate=True)
    assert picture.is_valid
    assert picture.axes_dataset_names == ["frequency"]
    assert (picture.signal_dataset_name, picture.auxiliary_signals_dataset_names) == ("real", ["imaginary"])
    np.testing.assert_allclose(picture.axes[0][()], FREQUENCIES)
    assert picture.plot_style.axes_scale_types == ("log",)
    np.testing.assert_allclose(picture.signal[()], [5, 6, 7, 8, 9])
    assert np.all(picture.auxiliary_signals[0][()] <= 0)  # a capacitor
    assert spectrum["run"][()] == 2
    middle = (BEGUN[1] + spectrum["data/time"][-1]) / 2
    assert spectrum["stack_pressure"][()] == pytest.approx(ramp("stack_pressure", middle), abs=0.01)
    assert spectrum["stack_pressure"].attrs["units"] == "MPa"


def test_a_frame_knows_the_step_that_it_was_taken_in(file: h5py.File) -> None:
    frames = file["xrd/frames"]
    assert frames["run"][()].tolist() == [run_at(time) for time in frames["time"]] == [1, 2, 3, 3]
    assert frames["half_cycle"][()].tolist() == [1, 1, 2, 2]
    assert frames["steps_during"][()].tolist() == [2, 1, 1, 1]  # the charge ended in the first exposure
    np.testing.assert_allclose(frames["potential"], 3.72 + 0.002 * frames["time"][()], atol=1e-9)
    assert set(frames["time_uncertainty"][()]) == {0.002}
    assert frames["run"].attrs["description"].startswith("as it stood")
    assert "run" in file["xrd/data"]


def test_a_frame_at_rest_knows_for_how_long(file: h5py.File) -> None:
    """To the middle of the exposure, not to the last sample before it."""
    ages = file["xrd/frames/rest_age"][()]
    np.testing.assert_allclose(ages[1], file["xrd/frames/time"][1] - BEGUN[1], atol=1e-9)
    assert ages[0] == ages[2] == 0.0


@pytest.mark.parametrize(
    "place", ["xrd/frames/state_of_charge", "environment/instrument/electrochemistry/state_of_charge_log/value"]
)
def test_a_state_of_charge_says_what_it_rests_on(file: h5py.File, place: str) -> None:
    assert file[place].attrs["assumption"].endswith("over its theoretical capacity; as assembled = 0")
    assert file[place].attrs["long_name"].endswith("as assembled = 0")  # and so does the record


def test_the_entry_of_the_patterns_shows_the_programme_too(file: h5py.File) -> None:
    assert file["xrd/cell_programme/steps"] == file[f"{PLACE}/steps"]


def test_a_recorder_killed_while_it_wrote_that_ends_up_with_the_same_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, end = made_run(tmp_path), RecordFile.end

    def end_after_a_copy(self: RecordFile, *arguments: Any) -> None:
        self.flush_if_due()
        self._file.flush()
        shutil.copy(self.path, tmp_path / "left.nxs")  # what SIGKILL leaves
        end(self, *arguments)

    monkeypatch.setattr(RecordFile, "end", end_after_a_copy)
    run.write_journal()
    record_once(run.root)
    with h5py.File(tmp_path / "left.nxs") as left:
        assert "end_time" not in left["environment"]
        assert "cell_programme" in left["environment"]
    run.file.rename(tmp_path / "undisturbed.nxs")
    shutil.copy(tmp_path / "left.nxs", run.file)
    shutil.rmtree(tmp_path / "run")
    monkeypatch.setattr(RecordFile, "end", end)
    record_once(run.root)
    assert [path.name for path in run.file.parent.iterdir()] == [run.file.name]  # none was set aside
    assert_same_file(tmp_path / "undisturbed.nxs", run.file)


def test_a_cell_that_ran_no_programme_has_none_in_its_file(tmp_path: Path) -> None:
    run = MadeRun(tmp_path, frames=0)
    run.write_log(end=10.0)
    run.documents = [run.documents[0], run.documents[-1]]
    run.write_journal()
    record_once(tmp_path)
    with h5py.File(run.file) as file:
        assert "cell_programme" not in file["environment"]


def test_a_point_of_a_spectrum_that_is_told_behind_the_run_is_in_no_file_of_it(tmp_path: Path) -> None:
    whole = Spectrum(
        begun_ns=at(BEGUN[2]), programme=HASH, run=3, cycle=1, step=3, name="look", points=tuple(points_of(at(5.0)))
    )
    run = MadeRun(tmp_path, frames=4)
    run.write_frames()
    run.write_log(further=lambda log: [keep_programme(log), log.keep(replace(whole, points=whole.points[:3]))])
    run.write_journal()
    record_once(run.root)
    with closing(EnvironmentLog(run.root / "environment")) as log:
        log.keep(whole)
        log.commit(at(3600.0))
    run.file.rename(tmp_path / "before.nxs")
    shutil.rmtree(tmp_path / "run")
    record_once(run.root)
    assert_same_file(tmp_path / "before.nxs", run.file)
    with h5py.File(run.file) as file:
        assert len(file[f"{PLACE}/spectra/impedance_0002/data/time"]) == 3


def test_a_step_that_is_told_behind_the_run_is_in_no_file_of_it(tmp_path: Path) -> None:
    """By a restarted service, say: a file that is made then is the one that was made before."""
    run = made_run(tmp_path)
    run.write_journal()
    record_once(run.root)
    with closing(EnvironmentHistory(run.root / "environment")) as history:
        *_, last = history.steps(at(0.0), at(9.0))
    with closing(EnvironmentLog(run.root / "environment")) as log:
        log.keep(replace(last, begun_ns=at(5.5), run=4))
        log.commit(at(3600.0))
    run.file.rename(tmp_path / "before.nxs")
    shutil.rmtree(tmp_path / "run")
    record_once(run.root)
    assert_same_file(tmp_path / "before.nxs", run.file)

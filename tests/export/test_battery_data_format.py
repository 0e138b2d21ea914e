"""Electrochemistry as Battery Data Format: readable by the reference implementation, and the numbers of the log."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import made_file
from recorder.made_run import START_NS, MadeRun, ramp

from operando.errors import RecordError
from operando.export.bdf import battery_table, export_bdf, file_name
from operando.recorder.instants import NS

LOGS = "environment/instrument/electrochemistry"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    return made_file(tmp_path_factory.mktemp("root"), frames=4)


def table(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {label: np.array([float(row[label] or "nan") for row in rows]) for label in rows[0]}


def test_the_alliances_own_validator_takes_it(run: MadeRun, tmp_path: Path) -> None:
    import bdf

    written, _ = export_bdf(run.file, tmp_path)
    told = bdf.validate(written, raise_on_error=True)
    assert told["ok"]
    assert (told["missing"], told["extras"], told["legacy_labels"]) == ([], [], [])
    assert told["time_stats"]["monotonic"]


def test_a_row_is_a_sample_of_the_potentiostat_not_a_frame(run: MadeRun, tmp_path: Path) -> None:
    found = table(export_bdf(run.file, tmp_path)[0])
    time = found["Test Time / s"]
    np.testing.assert_allclose(time, np.arange(0, run.duration + 1e-6, 0.5), atol=1e-6)
    np.testing.assert_allclose(found["Unix Time / s"], START_NS / NS + time, atol=2e-6)
    np.testing.assert_allclose(found["Voltage / V"], ramp("voltage", 0.0) + 0.002 * time, rtol=1e-8)
    np.testing.assert_allclose(found["Current / A"], 196e-6, rtol=1e-8)
    np.testing.assert_allclose(found["Net Capacity / Ah"], 196e-6 / 3600 * time, rtol=1e-7, atol=1e-15)


def test_pressure_is_in_pascal_and_belongs_to_the_moment(run: MadeRun, tmp_path: Path) -> None:
    found = table(export_bdf(run.file, tmp_path)[0])
    np.testing.assert_allclose(found["Applied Pressure / Pa"], 1e6 * (84.0 + 0.05 * found["Test Time / s"]), rtol=1e-8)
    np.testing.assert_allclose(found["Surface Temperature T1 / degC"], 25.0 + 0.01 * found["Test Time / s"], rtol=1e-8)


def test_a_sample_that_cannot_be_trusted_is_left_out_and_counted(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "doubtful.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        file[f"{LOGS}/current/value_log/quality"][2] = 3
        file[f"{LOGS}/charge_log/value"][4] = np.nan
    with h5py.File(path) as file:
        made = battery_table(file)
    assert made.left_out == 1
    found = table(export_bdf(path, tmp_path / "out")[0])
    assert 1.0 not in found["Test Time / s"]
    assert np.isnan(found["Net Capacity / Ah"][found["Test Time / s"] == 2.0]).all()


def test_pressure_is_empty_where_nobody_measured_it(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "silent.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        quality = file["environment/instrument/pressure/load_cell/value_log/quality"]
        quality[:] = 3
        quality[:2] = 0
    found = table(export_bdf(path, tmp_path / "out")[0])
    known = np.isfinite(found["Applied Pressure / Pa"])
    assert known[0]
    assert not known[found["Test Time / s"] > 3.0].any()


def test_steps_are_counted_as_they_are_executed(run: MadeRun, tmp_path: Path) -> None:
    """The programme names its steps anew in each cycle; BDF's step count only grows."""
    path = tmp_path / "cycled.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        for name, values in {"cycle": [1, 1, 2, 2], "step": [1, 2, 1, 2]}.items():
            log = file[f"{LOGS}/{name}_log"]
            for field, block in {"time": [0.0, 1.0, 2.0, 3.0], "value": values, "quality": [0] * 4}.items():
                log[field].resize(4, axis=0)
                log[field][:] = block
    found = table(export_bdf(path, tmp_path / "out")[0])
    at = {time: row for row, time in enumerate(found["Test Time / s"])}
    assert [found["Cycle Count / 1"][at[time]] for time in (0.0, 1.5, 2.0, 3.5)] == [1, 1, 2, 2]
    assert [found["Step Count / 1"][at[time]] for time in (0.0, 1.5, 2.0, 3.5)] == [1, 2, 3, 4]


def test_the_name_is_the_one_that_the_alliance_recommends(run: MadeRun, tmp_path: Path) -> None:
    written, _ = export_bdf(run.file, tmp_path, "UCam")
    assert written.name == "UCam__NMC811-Li6PS5Cl-Li-In__20260301_007.bdf.csv"
    assert file_name({}, START_NS) == "operando__cell__20260301_000.bdf.csv"
    assert "/" not in file_name({"cell": {"name": "../../etc"}}, START_NS)


def test_what_the_voltage_is_measured_against_stands_beside_it(run: MadeRun, tmp_path: Path) -> None:
    written, _ = export_bdf(run.file, tmp_path)
    about = json.loads(written.with_name(written.name + ".metadata.json").read_text())
    assert about["voltage"] == "between the terminals of the cell"
    assert about["cell"]["counter_electrode"] == "Li-In"
    assert about["run"] == run.uid


def test_a_run_without_electrochemistry_is_refused_in_words(run: MadeRun, tmp_path: Path) -> None:
    path = tmp_path / "without.nxs"
    path.write_bytes(run.file.read_bytes())
    with h5py.File(path, "r+") as file:
        file[f"{LOGS}/voltage/value_log/quality"][:] = 3
    with pytest.raises(RecordError, match="no voltage in its environment log"):
        export_bdf(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_export_never_replaces_another(run: MadeRun, tmp_path: Path) -> None:
    export_bdf(run.file, tmp_path)
    with pytest.raises(RecordError, match="exists already"):
        export_bdf(run.file, tmp_path)

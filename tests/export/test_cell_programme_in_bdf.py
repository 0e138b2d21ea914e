"""Steps, cycles and spectra of a cell programme as Battery Data Format."""

import csv
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_programme import FREQUENCIES, HASH, POINTS, keep_programme, run_at
from recorder.made_run import CONFIGS, MadeRun, at, ramp

from operando.config import load
from operando.export.bdf import export_bdf
from operando.history import EnvironmentLog
from operando.recorder.instants import NS
from operando.recorder.service import run as record
from operando.recorder.validation import validate
from operando.vocabulary import Reading

SINCE_ONTOLOGY_1_2 = {"Step ID", "Step Time / s", "Step Net Capacity / Ah"}
"""Labels that the alliance has defined since its validator was last released (batterydf 0.1.0)."""
CELL_B = {"name": "LCO | Li6PS5Cl | Li-In", "counter_electrode": "Li-In", "counter_electrode_potential_V": 0.62}


def table(path: Path) -> dict[str, np.ndarray]:
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {label: np.array([float(row[label] or "nan") for row in rows]) for label in rows[0]}


def keep_both(log: EnvironmentLog) -> None:
    keep_programme(log)
    for half in range(24):
        values = {"voltage_b": 3.0, "current_b": -1e-4, "charge_b": 2e-5, "run_b": 7, "step_b": 2, "cycle_b": 2}
        values |= {"step_time_b": half / 2, "step_charge_b": 1e-6}
        for name, value in values.items():
            log.append(name, Reading(float(value), at(half / 2)))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> MadeRun:
    run = MadeRun(tmp_path_factory.mktemp("root"), frames=4)
    channel = {"name": "B", "cell": CELL_B, "potentiostat": {"driver": "emstat4"}, "programme": {}}
    run.documents[0][1]["operando"]["configuration"]["channels"] = [channel]
    run.write_frames()
    run.write_log(further=keep_both)
    run.write_journal()
    record(load(CONFIGS / "simulated.toml"), run.root, 0, True, lambda: None)
    return run


def test_the_alliances_validator_takes_it(run: MadeRun, tmp_path: Path) -> None:
    import bdf

    for channel in ("", "B"):
        written, _ = export_bdf(run.file, tmp_path, channel=channel)
        told = bdf.validate(written, raise_on_error=True)
        assert told["ok"]
        assert set(told["extras"]) <= SINCE_ONTOLOGY_1_2
        assert (told["missing"], told["legacy_labels"]) == ([], [])


def test_the_alliances_reader_gives_the_same_numbers(run: MadeRun, tmp_path: Path) -> None:
    import bdf

    written, _ = export_bdf(run.file, tmp_path)
    read, found = bdf.read(written), table(written)
    for label in ("Voltage / V", "Current / A", "Step Count / 1", "Cycle Count / 1", "Applied Pressure / Pa"):
        np.testing.assert_allclose(read[label].to_numpy(float), found[label])


def test_each_row_bears_the_run_of_its_step(run: MadeRun, tmp_path: Path) -> None:
    found = table(export_bdf(run.file, tmp_path)[0])
    expected = [run_at(time) for time in found["Test Time / s"]]
    assert found["Step Count / 1"].tolist() == expected
    assert found["Step ID"].tolist() == expected
    assert set(found["Cycle Count / 1"]) == {1}
    np.testing.assert_allclose(found["Applied Pressure / Pa"], 1e6 * (84.0 + 0.05 * found["Test Time / s"]), rtol=1e-8)


def test_spectra_stand_beside_it_with_pressure_and_temperature(run: MadeRun, tmp_path: Path) -> None:
    written, _ = export_bdf(run.file, tmp_path)
    about = json.loads(written.with_name(written.name + ".metadata.json").read_text())
    found = table(written.with_name(about["impedance"]))
    np.testing.assert_allclose(found["Frequency / Hz"], FREQUENCIES)
    np.testing.assert_allclose(found["Real Impedance / ohm"], [point.real for point in POINTS])
    assert np.all(found["Imaginary Impedance / ohm"] <= 0)  # negative for a capacitor, as the ontology has it
    np.testing.assert_allclose(found["Unix Time / s"], [point.time_ns / NS for point in POINTS], atol=2e-6)
    pressure = [1e6 * ramp("stack_pressure", time) for time in found["Test Time / s"]]
    np.testing.assert_allclose(found["Applied Pressure / Pa"], pressure, rtol=1e-8)
    assert set(found["Step Count / 1"]) == {2}


def test_it_says_which_programme_ran(run: MadeRun, tmp_path: Path) -> None:
    written, _ = export_bdf(run.file, tmp_path)
    about = json.loads(written.with_name(written.name + ".metadata.json").read_text())
    assert about["programmes"] == [{"name": "charge, look, discharge", "hash": HASH}]


def test_another_cell_has_a_table_of_its_own(run: MadeRun, tmp_path: Path) -> None:
    written, _ = export_bdf(run.file, tmp_path, "UCam", "B")
    assert written.name.startswith("UCam__LCO-Li6PS5Cl-Li-In__")
    found = table(written)
    assert set(found["Voltage / V"]) == {3.0}
    assert set(found["Step Count / 1"]) == {7}
    assert "Applied Pressure / Pa" not in found  # it is not in the press
    about = json.loads(written.with_name(written.name + ".metadata.json").read_text())
    assert about["cell"] == CELL_B
    assert "applied_pressure" not in about


def test_the_file_with_two_cells_is_valid(run: MadeRun) -> None:
    with h5py.File(run.file) as file:
        log = file["environment/instrument/electrochemistry_b/charge_log"]
        assert log["value"].attrs["units"] == "A h"
    assert validate(run.file) == []

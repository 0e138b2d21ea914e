"""Pressures by another calibration of the load cell, against the force that the cell showed."""

import math
from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.made_run import CONFIGS, NS, START_NS, MadeRun, at, ramp
from reprocess.finished_run import columns, differing, taken_home

from operando.config import load
from operando.config.load_cell_calibration import load_calibration
from operando.environment.uncertainty import PressureUncertainty
from operando.errors import ConfigurationError
from operando.history import EnvironmentHistory, Samples
from operando.recorder.coverage import check_logs
from operando.recorder.reprocessing import Calibration, Reprocessed, Wishes, reprocess
from operando.recorder.reprocessing.calibration import Conversion, Recalibrated
from operando.recorder.run import Run
from operando.vocabulary import Quality, Reading

CONFIG = load(CONFIGS / "simulated.toml")
AREA = math.pi / 4 * CONFIG.cell.electrode_diameter_mm**2
"""mm²."""
OLD_TARE = CONFIG.load_cell.tare_N
SCALE, TARE = 1.02, 35.0
LOG = "instrument/pressure/load_cell/value_log"


def calibration(text: str, folder: Path) -> Calibration:
    path = folder / "load-cell.toml"
    path.write_text(text)
    found, read = load_calibration(path)
    return Calibration(found.fields(), found.scale, read, path.name)


def recalibrated(home: Path, text: str) -> Reprocessed:
    return reprocess(home, Wishes(load_cell=calibration(text, home.parent)))


def truth(seconds: float) -> float:
    """MPa, from the force that the load cell must have shown."""
    force = ramp("stack_pressure", seconds) * AREA + OLD_TARE
    return (SCALE * force - TARE) / AREA


@pytest.fixture(scope="module")
def scaled(original: MadeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with another scale and tare."""
    path = taken_home(original, tmp_path_factory.mktemp("scaled"))
    found = recalibrated(path, f"scale = {SCALE}\ntare_N = {TARE}\n")
    assert found.changed == ("load_cell.scale", "load_cell.tare_N")
    return path


def test_each_exposure_has_the_pressure_of_the_new_calibration(scaled: Path, original: MadeRun) -> None:
    new, recorded = columns(scaled, "reprocessed_1"), columns(scaled, "xrd")
    for frame in range(original.frames):
        end = original.end_of(frame)
        assert new["stack_pressure"][frame] == pytest.approx(truth(end - 0.5), abs=1e-9)
        assert new["stack_pressure_minimum"][frame] == pytest.approx(truth(end - 1.0), abs=1e-9)
        assert new["stack_pressure_maximum"][frame] == pytest.approx(truth(end), abs=1e-9)
    np.testing.assert_allclose(new["stack_pressure_std"], SCALE * recorded["stack_pressure_std"], rtol=1e-9)
    changed = {name for name in differing(new, recorded) if not name.startswith("stack_pressure")}
    assert changed == set(), "nothing but the pressure depends on the load cell"


def test_the_whole_log_is_there_converted_and_the_recorded_one_as_it_was(scaled: Path, original: MadeRun) -> None:
    with h5py.File(original.file) as file:
        recorded = {name: file[f"environment/{LOG}"][name][()] for name in ("time", "value", "quality")}
    with h5py.File(scaled) as file:
        new = file[f"reprocessed_1/{LOG}"]
        assert np.array_equal(new["time"], recorded["time"])
        np.testing.assert_allclose(new["value"], [truth(seconds) for seconds in recorded["time"]], rtol=1e-12)
        for name, values in recorded.items():
            assert np.array_equal(file[f"environment/{LOG}"][name], values)
        assert file["reprocessed_1/instrument/pressure/load_cell/tare"][()] == TARE
        assert file["environment/instrument/pressure/load_cell/tare"][()] == OLD_TARE
        assert "scale = 1.02" in file["reprocessed_1/reprocessing/load_cell_calibration/data"].asstr()[()]
        assert list(check_logs(file)) == [], "validate looks at the log of the entry"


def test_what_is_beyond_the_new_capacity_is_not_believed(home: Path, original: MadeRun) -> None:
    seconds = original.end_of(1)
    capacity = ramp("stack_pressure", seconds) * AREA + OLD_TARE
    recalibrated(home, f"capacity_N = {capacity}\n")
    new, recorded = columns(home, "reprocessed_1"), columns(home, "xrd")
    assert np.isfinite(new["stack_pressure"]).tolist() == [True, True, False, False]
    assert new["stack_pressure_count"].tolist() == [*recorded["stack_pressure_count"][:2], 0, 0]
    with h5py.File(home) as file:
        log = file[f"reprocessed_1/{LOG}"]
        beyond = log["time"][()] > seconds + 1e-6
        assert np.all(log["quality"][beyond] == Quality.INVALID)
        assert np.all(np.isnan(log["value"][beyond]))
        assert list(check_logs(file)) == []


def test_the_uncertainty_is_what_the_service_would_have_said(original: MadeRun) -> None:
    """Against the environment service's own, configured so."""
    taring = "2026-02-27T08:00:00+00:00"
    fields = {"tare_N": TARE, "tare_time": taring, "tare_temperature_C": 21.0, "guide_friction_N": 44.0}
    start = original.documents[0][1]
    run = Run.from_start(start)
    new = Wishes(load_cell=Calibration(fields, SCALE, "", "")).fulfilled(run)
    load_cell = CONFIG.load_cell.model_validate(new.setting("load_cell"), strict=False)
    service = PressureUncertainty(CONFIG.model_copy(update={"load_cell": load_cell}))
    history = EnvironmentHistory(original.root / "environment")
    found: Samples = Recalibrated(history, new, Conversion.between(run, new, SCALE)).samples(
        "stack_pressure_uncertainty", at(1.0), at(5.0)
    )
    history.close()
    assert len(found) == 9  # two a second
    for time_ns, value in zip(found.time_ns.tolist(), found.value.tolist(), strict=True):
        seconds = (time_ns - START_NS) / NS
        expected = service.of(Reading(truth(seconds), time_ns, Quality.GOOD), ramp("temperature", seconds))
        assert value == pytest.approx(expected.value, rel=1e-9)


def test_there_and_back_is_the_log_again() -> None:
    pressures = np.linspace(-1.0, 120.0, 1001)
    there = Conversion(AREA, old_tare=OLD_TARE, tare=TARE, scale=SCALE, capacity=1e9)
    back = Conversion(AREA, old_tare=TARE, tare=OLD_TARE, scale=1 / SCALE, capacity=1e9)
    np.testing.assert_allclose(back(there(pressures)), pressures, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "says nothing"),
        ("tara_N = 1.0", "tara_N"),
        ("scale = 0.0", "scale"),
        ('port = "/dev/ttyUSB0"', "port"),
        ("tare_N = nan", "tare_N"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_by_its_key(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        calibration(text, tmp_path)

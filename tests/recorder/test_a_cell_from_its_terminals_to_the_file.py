"""A programme from the simulated cell over the wire, driver, service and log into the file of record and its export."""

import csv
import re
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from environment.cell_day import INTERVAL, Day, programme
from instruments.virtual_bench import START_NS
from recorder.made_run import CONFIGS, MadeRun

from operando.config import load
from operando.export.bdf import export_bdf
from operando.instruments.clock import QUARTZ
from operando.recorder.service import run as record
from operando.recorder.validation import validate
from operando.vocabulary import plain

NS = 1_000_000_000
PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "analyse-cycling-and-impedance.md"
CLOCK_ERROR = 30e-6  # by which the instrument of a `Day` is fast


class Recorded:
    """One pass of a charge at constant current and voltage, a spectrum, a discharge and another spectrum."""

    def __init__(self, root: Path) -> None:
        self.day = day = Day(root / "environment", programme(passes=1))
        day.tell("start")
        day.run(60.0)
        day.kill(away=15.0)  # in the middle of the charge
        day.finish().close()
        made = MadeRun(root, frames=0)
        start, stop = made.documents[0], made.documents[-1]
        start[1]["time"], stop[1]["time"] = START_NS / NS, day.bench.now_ns() / NS
        start[1]["operando"]["programme"] = plain(day.whole)
        made.documents = [start, stop]
        made.write_journal()
        record(load(CONFIGS / "simulated.toml"), root, 0, True, lambda: None)
        (self.file,) = made.data.rglob("*.nxs")


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    return Recorded(tmp_path_factory.mktemp("root"))


@pytest.fixture
def file(recorded: Recorded) -> h5py.File:
    with h5py.File(recorded.file) as opened:
        yield opened


def test_it_is_valid(recorded: Recorded) -> None:
    assert validate(recorded.file) == []


def test_no_potential_of_the_file_is_beyond_the_limits(file: h5py.File) -> None:
    log = file["environment/instrument/electrochemistry"]
    assert np.nanmax(log["voltage/value_log/value"]) == pytest.approx(3.68, abs=5e-3)
    assert np.nanmax(log["potential_log/value"]) == pytest.approx(4.30, abs=5e-3)
    steps = file["environment/cell_programme/steps"]
    assert steps["voltage"][0] == pytest.approx(3.68, abs=5e-3)
    assert steps["potential"][0] == pytest.approx(4.30, abs=5e-3)
    assert "3.68 V" in steps["how"].asstr()[0]
    assert steps["until"].asstr()[0].startswith("≥ 4.300 V vs Li/Li+ (3.680 V at the terminals)")


def test_the_charge_of_the_file_is_what_passed_though_the_service_was_killed(
    recorded: Recorded, file: h5py.File
) -> None:
    steps = file["environment/cell_programme/steps"]
    throughput = np.abs(steps["charge"][()]).sum()
    assert steps["charge"][()].sum() == pytest.approx(recorded.day.cell.passed, abs=1e-3 * throughput)
    log = file["environment/instrument/electrochemistry/charge_log"]
    assert log["value"][-1] == pytest.approx(recorded.day.cell.passed, abs=1e-3 * throughput)
    assert set(log["quality"][()]) == {0}
    gap = np.diff(log["time"][()])
    assert gap.max() > 14.0  # a gap is a gap


def test_steps_begin_when_the_cell_saw_them_begin(recorded: Recorded, file: h5py.File) -> None:
    truth = [time for time, what, value in recorded.day.cell.done if what == "current" and abs(value) > 1e-4]
    steps = file["environment/cell_programme/steps"]
    begun = steps["begun"][steps["kind"].asstr()[()] == "constant_current"]
    np.testing.assert_allclose(begun, truth, atol=INTERVAL)
    assert np.all(steps["time_uncertainty"][()] > 0)


def test_the_drift_of_the_clock_stands_with_its_uncertainty(file: h5py.File) -> None:
    logs = file["environment/instrument/electrochemistry"]
    drift, uncertainty = (logs[f"clock_drift{what}_log"] for what in ("", "_uncertainty"))
    assert np.array_equal(uncertainty["time"], drift["time"])
    assert np.array_equal(uncertainty["quality"], drift["quality"])
    known = uncertainty["value"][drift["quality"][()] == 0]
    assert np.all((known > 0) & (known <= QUARTZ))  # minutes: packets have told little more than what a quartz is
    assert drift["value"][-1] == pytest.approx(-CLOCK_ERROR, abs=2 * known[-1])


def test_its_spectra_are_those_of_the_cell(recorded: Recorded, file: h5py.File) -> None:
    spectra = file["environment/cell_programme/spectra"]
    assert list(spectra) == ["impedance_0001", "impedance_0002"]
    data = spectra["impedance_0002/data"]
    fast = data["frequency"][()] > 1e4  # slower than that it is the cell's relaxation, which has gone on since
    truth = [recorded.day.cell.impedance(frequency) for frequency in data["frequency"][fast]]
    measured = data["real"][fast] + 1j * data["imaginary"][fast]
    assert len(measured) > 10
    np.testing.assert_allclose(measured, truth, rtol=0.06)
    assert np.all(np.diff(data["frequency"]) < 0)


def test_the_page_on_analysis_makes_curves_of_the_file(recorded: Recorded, file: h5py.File) -> None:
    """As it is written there, only with the name of a file."""
    (code,) = re.findall(r"```python\n(from functools.*?)```", PAGE.read_text(), re.DOTALL)
    found: dict[str, Any] = {}
    exec(code.replace("…/00001_….nxs", str(recorded.file)), found)
    steps = file["environment/cell_programme/steps"]
    kinds = steps["kind"].asstr()[()]
    assert "constant_voltage" in kinds
    assert [half.charging for half in found["halves"]] == [True, False]
    passed = np.abs(steps["charge"][kinds == "constant_current"])
    for curve, capacity in zip(found["curves"], passed, strict=True):
        assert curve.capacity.sum() * 0.005 == pytest.approx(capacity, rel=5e-3)
        assert np.all((curve.voltage > 2.75) & (curve.voltage < 4.35))  # V vs Li/Li+


def test_the_alliances_validator_takes_its_export(recorded: Recorded, tmp_path: Path) -> None:
    import bdf

    written, table = export_bdf(recorded.file, tmp_path)
    assert bdf.validate(written, raise_on_error=True)["ok"]
    with written.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(table)
    assert {row["Step Count / 1"] for row in rows} >= {"1", "2", "3", "5", "6"}

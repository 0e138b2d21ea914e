"""Start documents carry what a file of record is rebuilt from; scan numbers go up over sessions."""

import json
from importlib.resources import files
from pathlib import Path

import pytest

from operando.config import load
from operando.engine.metadata import metadata
from operando.engine.scan_id import ScanCounter
from operando.errors import EndstationError
from operando.vocabulary import programme_from

SIMULATED = Path(str(files("operando.configs"))) / "simulated.toml"


def test_a_start_document_holds_configuration_geometry_recipe_and_material() -> None:
    facts = metadata(load(SIMULATED))
    operando = facts["operando"]
    assert operando["poni"] == (SIMULATED.parent / "poni" / "simulated.poni").read_text()
    assert operando["recipe"]["unit"] == "q_nm^-1"
    assert operando["recipe"]["mask"] is None
    assert operando["lattice"]["phase"]["a"] == pytest.approx(2.87, abs=0.02)
    charge, _ = operando["configuration"]["programme"]["steps"][0]["steps"]
    assert charge["until_voltage_above"] == {"value_V": 4.3, "scale": "Li/Li+"}
    assert programme_from(operando["programme"]) == load(SIMULATED).compiled_programme()
    assert facts["cell"]["nominal_capacity_mAh"] == pytest.approx(0.7854)
    assert json.loads(json.dumps(facts)).keys() == facts.keys()


def test_scan_numbers_go_up_over_sessions(tmp_path: Path) -> None:
    file = tmp_path / "run" / "scan_id"
    assert [ScanCounter(file)({}) for _ in range(3)] == [1, 2, 3]
    assert [path.name for path in file.parent.iterdir()] == ["scan_id"]


def test_a_spoilt_number_is_named(tmp_path: Path) -> None:
    (tmp_path / "scan_id").write_text("twelve")
    with pytest.raises(EndstationError, match=r"scan_id: .*'twelve'.*the number of the last run is wanted"):
        ScanCounter(tmp_path / "scan_id")({})

"""The start document holds what others need to use the run: as configured, or as the run says."""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import event_model
import h5py
import pytest
from metadata.described_run import SHIPPED, bare, configured, engine

from operando.cli.demo_configuration import write_configuration
from operando.config import load
from operando.errors import RunRefused

SIMULATED = SHIPPED / "simulated.toml"


@pytest.fixture(scope="module")
def start() -> dict[str, Any]:
    with engine() as endstation:
        return endstation.run()


def test_a_run_is_described_as_configured(start: dict[str, Any]) -> None:
    config = load(SIMULATED)
    assert start["cell"]["assembly_pressure_MPa"] == config.cell.assembly_pressure_MPa
    assert [layer["thickness_um"] for layer in start["cell"]["layers"]] == [25.0, 610.0, 100.0]
    assert start["beam"]["flux_per_s"] == 1e10
    assert start["people"] == [{"name": "Simulated Operator", "role": "operator"}]
    assert start["operando"]["configuration"]["load_cell"]["calibrated_on"] == "2026-09-14"
    _, discharge = start["operando"]["configuration"]["programme"]["steps"][0]["steps"]
    assert discharge["until_voltage_below"]["scale"] == "Li/Li+"


def test_the_hash_is_that_of_the_configuration_file_and_of_its_text(start: dict[str, Any]) -> None:
    ours = start["operando"]
    assert ours["configuration_text"].encode() == SIMULATED.read_bytes()
    assert ours["configuration_sha256"] == hashlib.sha256(SIMULATED.read_bytes()).hexdigest()
    assert ours["configuration_file"] == "simulated.toml"


def test_the_text_is_what_was_loaded_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    file = configured(tmp_path, lambda document: None)
    windows = file.read_text().replace("\n", "\r\n").encode()
    file.write_bytes(windows)
    config = load(file)
    file.write_text("edited meanwhile")
    assert config.text.encode() == windows
    assert config.sha256 == hashlib.sha256(windows).hexdigest()


def test_versions_of_all_that_matters_are_there(start: dict[str, Any]) -> None:
    software = start["operando"]["software"]
    for package in ("bluesky", "ophyd", "pyFAI", "h5py", "numpy"):
        assert software[package] == version(package)
    assert software["libhdf5"] == h5py.version.hdf5_version
    assert software["epics-base"].startswith("7.0.")
    assert {"operando", "python"} <= set(software)


def test_it_is_a_document_that_the_event_model_and_json_take(start: dict[str, Any]) -> None:
    event_model.schema_validators[event_model.DocumentNames.start].validate(start)
    again = json.loads(json.dumps(start))
    assert [again[table] == start[table] for table in ("cell", "beam", "sample", "people")] == [True] * 4


def test_what_nobody_gave_is_absent(tmp_path: Path) -> None:
    with engine(configured(tmp_path, bare)) as endstation:
        start = endstation.run(no_stack_pressure="a cell of unknown history")
    assert not {"sample", "beam", "people", "proposal"} & set(start)
    assert set(start["cell"]) == {
        "name", "electrode_diameter_mm", "electrode_diameter_uncertainty_mm", "nominal_capacity_mAh",
        "counter_electrode", "counter_electrode_potential_V", "layers", "no_stack_pressure_reason",
    }  # fmt: skip
    assert "null" not in json.dumps(start["operando"]["configuration"])


def test_a_keyword_of_the_run_wins_over_the_plan_and_the_plan_over_the_configuration() -> None:
    with engine() as endstation:
        start = endstation.run(
            {"sample": "of the plan", "beam": {"flux_per_s": 2e11}}, sample="NMC-43", beam={"horizontal_size_um": 30.0}
        )
    assert start["sample"] == {"name": "NMC-43"}  # nothing of the configured specimen
    assert start["beam"]["horizontal_size_um"] == 30.0
    assert start["beam"]["vertical_size_um"] == 10.0  # as configured
    assert start["operando"]["configuration"]["sample"]["name"] == "simulated-NMC811-01"


def test_a_part_of_a_table_is_laid_over_the_configured_one() -> None:
    with engine() as endstation:
        start = endstation.run(
            sample={"identifier": "book 7, page 3", "prepared_on": "2026-10-01"}, cell={"assembly_pressure_MPa": 250.0}
        )
    assert start["sample"]["name"] == "simulated-NMC811-01"
    assert start["sample"]["prepared_on"] == "2026-10-01"
    assert start["cell"]["assembly_pressure_MPa"] == 250.0
    assert start["cell"]["assembly_duration_min"] == 3.0


def test_who_operates_is_said_with_the_run_and_keeps_their_orcid(tmp_path: Path) -> None:
    people = [
        {"name": "A. Meier", "role": "principal investigator", "orcid": "https://orcid.org/0000-0002-1825-0097"},
        {"name": "B. Okafor", "role": "operator"},
    ]
    file = configured(tmp_path, lambda document: document.update(people=people))
    with engine(file) as endstation:
        alone, both = endstation.run(operator="A. Meier"), endstation.run(operator=["A. Meier", {"name": "C. Sato"}])
    assert alone["people"] == [
        {"name": "A. Meier", "role": "principal investigator, operator", "orcid": "0000-0002-1825-0097"}
    ]
    assert both["people"][1] == {"name": "C. Sato", "role": "operator"}


@pytest.mark.parametrize(
    ("keywords", "says"),
    [
        (
            {"cell": {"asembly_pressure_MPa": 1.0}},
            ("cell", "asembly_pressure_MPa", "unknown key", "assembly_pressure_MPa"),
        ),
        ({"cell": {"electrode_diameter_mm": 8.0}}, ("electrode_diameter_mm = 8.0", "10.0", "simulated.toml")),
        ({"cell": {"loading_mg_per_cm2": 20.0}}, ("loading_mg_per_cm2 = 20", "3.927", "5 mg/cm²")),
        ({"beam": {"energy_keV": 61.0}}, ("energy_keV = 61", "60 keV", "1%")),
        ({"sample": {"name": ""}}, ("sample", "name", "at least 1 character")),
        ({"sample": 43}, ("sample = 43", "table")),
        ({"operator": {"name": "A", "orcid": "0000-0002-1825-0098"}}, ("operator", "0000-0002-1825-0098", "mistyped")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_keyword_that_cannot_be_is_refused_before_the_run_is_opened(keywords: Any, says: tuple[str, ...]) -> None:
    with engine() as endstation, pytest.raises(RunRefused) as caught:
        endstation.run(**keywords)
    assert endstation.starts == []
    for part in (*says, "no run is opened"):
        assert part in str(caught.value)


def test_a_demo_of_real_images_claims_no_simulated_beam(tmp_path: Path) -> None:
    poni = tmp_path / "mine.poni"
    poni.write_text((SHIPPED / "poni" / "simulated.poni").read_text().replace("2.0664e-11", "7.093e-11"))
    file = write_configuration(tmp_path / "demo", 1.0, 1, 1, str(tmp_path / "*.cbf"), poni, None)
    config = load(file)
    assert config.beam is None
    assert (config.detector.model, config.integration.calibrant) == (None, None)
    assert config.cell.assembly_pressure_MPa == 375.0

"""No key is read and then forgotten: each has a field in the file and a line in the documentation."""

import re
from pathlib import Path

import pytest

from operando.config._model import Table
from operando.config.beam import Beam, Detector, Integration
from operando.config.cell import Cell, Layer
from operando.config.instruments import LoadCell
from operando.config.people import Person, Proposal
from operando.config.sample import Sample
from operando.recorder.environments import ENVIRONMENTS
from operando.recorder.fields import BEAM, CELL, DETECTOR, LAYER, PERSON, SAMPLE, Field

DOCUMENTED = (Path(__file__).parents[2] / "docs/reference/metadata.md").read_text()
MODELS: list[type[Table]] = [Sample, Cell, Layer, Beam, Person, Proposal]
ELSEWHERE = {
    Cell: {"layers"},  # groups of their own
    Beam: {"horizontal_size_um", "vertical_size_um"},  # one field, extent
    Person: {"orcid"},  # an address
    Detector: {  # how it is read out
        *("prefix", "frames_per_file", "timestamp_uncertainty_s", "family"),
        *("monitor_attribute", "diode_attribute", "ring_current_attribute"),
    },
    LoadCell: {"driver", "port", "station", "capacity_N", "frozen_after"},
}


@pytest.mark.parametrize(
    ("model", "fields"),
    [(Sample, SAMPLE), (Cell, CELL), (Layer, LAYER), (Beam, BEAM), (Person, PERSON), (Detector, DETECTOR)],
    ids=lambda value: value.__name__ if isinstance(value, type) else "",
)
def test_each_key_is_a_field_of_the_file(model: type[Table], fields: tuple[Field, ...]) -> None:
    assert {field.key for field in fields} == set(model.model_fields) - ELSEWHERE.get(model, set())
    assert len({field.name for field in fields}) == len(fields)


@pytest.mark.parametrize("model", [*MODELS, Detector, Integration, LoadCell], ids=lambda model: model.__name__)
def test_each_key_is_documented(model: type[Table]) -> None:
    of_the_machine = ELSEWHERE[model] if model in (Detector, LoadCell) else {"poni", "recipe"}
    keys = [f"{key}]]" if key == "layers" else f"{key}`" for key in set(model.model_fields) - of_the_machine]
    assert [key for key in keys if key not in DOCUMENTED] == []


def test_a_unit_in_a_key_is_the_unit_in_the_file() -> None:
    """``assembly_pressure_MPa`` in bar would be read by nobody as what it is."""
    units = {
        "MPa": "MPa",
        "mm": "mm",
        "um": "um",
        "mg": "mg",
        "min": "min",
        "keV": "keV",
        "eV": "eV",
        "V": "V",
        "mAh": "mA h",
    }
    for field in (*SAMPLE, *CELL, *LAYER, *BEAM, *DETECTOR):
        found = re.search(r"_(MPa|mm|um|mg|min|keV|eV|V|mAh)$", field.key)
        assert field.unit == units[found[1]] if found else "_per_" in field.key or not field.unit


def test_what_the_load_cell_was_calibrated_with_is_beside_it() -> None:
    (sensor,) = next(environment.sensors for environment in ENVIRONMENTS if environment.name == "pressure")
    written = {key for table, key, _ in sensor.calibration.values() if table == "load_cell"}
    drift = {"zero_drift_N_per_K", "zero_drift_N_per_root_day"}  # in the uncertainty, which is logged
    assert written == set(LoadCell.model_fields) - ELSEWHERE[LoadCell] - drift

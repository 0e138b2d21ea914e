"""What the configuration and the run say, found again in the file of record, where NeXus has a place for it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401  the raw frames are bitshuffled
import numpy as np
import pytest
from metadata.described_run import SHIPPED, bare, configured, engine
from recorder.made_run import PONI, MadeRun

from operando.config import load
from operando.recorder.service import run as record
from operando.recorder.validation import validate

PERSON = {"name": "A. Meier", "orcid": "0000-0002-1825-0097", "affiliation": "A university"}


def recorded(root: Path, start: Mapping[str, Any], frames: int = 2) -> Path:
    """Record a made run that starts with the metadata of a real start document."""
    made = MadeRun(root, frames=frames, per_file=3)
    document = made.documents[0][1]
    kept = {key: document[key] for key in ("uid", "time", "scan_id", "plan_name")}
    ours = {**start["operando"], "poni": PONI, "recipe": document["operando"]["recipe"], "lattice": None}
    made.documents[0] = ("start", {**start, **kept, "operando": ours})
    made.write_frames()
    made.write_log()
    made.write_journal()
    record(load(SHIPPED / "simulated.toml"), root, 0, True, lambda: None)
    return made.file


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with engine() as endstation:
        start = endstation.run(operator=PERSON, sample={"identifier": "book 7"}, no_stack_pressure="none is missing")
    return recorded(tmp_path_factory.mktemp("complete"), start)


@pytest.fixture(scope="module")
def unsaid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = configured(tmp_path_factory.mktemp("configuration"), bare)
    with engine(file) as endstation:
        start = endstation.run(no_stack_pressure="a cell of unknown history")
    return recorded(tmp_path_factory.mktemp("unsaid"), start)


def value(file: h5py.File, place: str) -> Any:
    """A field, its unit beside it where it has one."""
    field = file[place]
    found = field.asstr()[()] if h5py.check_string_dtype(field.dtype) else field[()]
    return (found, field.attrs["units"]) if "units" in field.attrs else found


@pytest.mark.parametrize("entry", ["environment", "xrd"])
def test_each_entry_describes_the_experiment(entry: str, complete: Path) -> None:
    with h5py.File(complete) as file:
        here = file[entry]
        expected = {
            "sample/name": "simulated-NMC811-01",
            "sample/identifier": "book 7",
            "sample/situation": "sealed can",
            "sample/type": "simulated data",
            "sample/cell/electrode_diameter": (10.0, "mm"),
            "sample/cell/active_mass": (3.927, "mg"),
            "sample/cell/loading": (5.0, "mg/cm^2"),
            "sample/cell/nominal_capacity": (0.7854, "mA h"),
            "sample/cell/assembly_pressure": (375.0, "MPa"),
            "sample/cell/assembly_duration": (3.0, "min"),
            "sample/cell/counter_electrode_potential": (0.62, "V"),
            "sample/cell/no_stack_pressure_reason": "none is missing",
            "sample/layer_2/name": "Li6PS5Cl",
            "sample/layer_2/role": "separator",
            "sample/layer_2/thickness": (610.0, "um"),
            "instrument/beam/incident_energy": (60.0, "keV"),
            "instrument/beam/photon_flux": (1e10, "1/s"),
            "instrument/source/name": "simulated storage ring",
            "programme/name": "NMC811, C/4",
            "programme/counter_electrode_potential": (0.62, "V"),
            "user_1/name": "A. Meier",
            "user_1/role": "operator",
            "user_1/ORCID": "https://orcid.org/0000-0002-1825-0097",
            "experiment_identifier": "SIM-0001",
            "software/libhdf5": h5py.version.hdf5_version,
        }
        assert {place: value(here, place) for place in expected} == expected
        assert list(here["instrument/beam/extent"][()]) == [500.0, 10.0]
        assert "user_2" not in here


def test_groups_have_their_nexus_classes(complete: Path) -> None:
    classes = {
        "sample": "NXsample",
        "sample/layer_1": "NXsample_component",
        "user_1": "NXuser",
        "instrument/beam": "NXbeam",
        "instrument/source": "NXsource",
        "instrument/detector": "NXdetector",
        "instrument/detector/calibration_method": "NXnote",
        "programme": "NXparameters",
        "configuration": "NXnote",
    }
    with h5py.File(complete) as file:
        assert {place: file["xrd"][place].attrs["NX_class"] for place in classes} == classes


def test_a_potential_stands_with_its_scale(complete: Path) -> None:
    with h5py.File(complete) as file:
        stated = file["xrd/programme/potentials"]
        scales = {name: stated[name].attrs["scale"] for name in ("against_lithium", "at_terminals")}
        assert scales == {"against_lithium": "Li/Li+", "at_terminals": "cell"}
        of_the_charge = np.flatnonzero(
            (stated["step"][()] == 1) & (stated["what"].asstr()[()] == "until_voltage_above")
        )
        assert stated["against_lithium"][of_the_charge] == pytest.approx([4.3])
        assert stated["at_terminals"][of_the_charge] == pytest.approx([3.68])
        assert file["xrd/sample/cell/counter_electrode_potential"].attrs["scale"] == "Li/Li+"


def test_the_detector_stands_where_the_geometry_has_it(complete: Path) -> None:
    with h5py.File(complete) as file:
        detector = file["xrd/instrument/detector"]
        assert value(detector, "description") == "simulated Pilatus3 1M"
        assert value(detector, "distance") == (0.25, "m")
        np.testing.assert_allclose([detector["x_pixel_size"][()], detector["y_pixel_size"][()]], 0.5e-3)
        assert value(detector, "calibration_date") == "2026-10-05"
        assert "CeO2" in value(detector, "calibration_method/description")


def test_the_load_cell_stands_with_its_calibration(complete: Path) -> None:
    with h5py.File(complete) as file:
        load_cell = file["environment/instrument/pressure/load_cell"]
        assert value(load_cell, "tare_time") == "2026-10-05T08:30:00Z"
        assert value(load_cell, "sensitivity") == (2.002, "mV/V")
        assert value(load_cell, "calibration_date") == "2026-09-14"


def test_the_configuration_is_there_letter_by_letter(complete: Path) -> None:
    with h5py.File(complete) as file:
        note = file["xrd/configuration"]
        assert value(note, "data") == (SHIPPED / "simulated.toml").read_text()
        assert (value(note, "checksum"), value(note, "algorithm")) == (
            load(SHIPPED / "simulated.toml").sha256,
            "sha256",
        )


@pytest.mark.parametrize("name", ["complete", "unsaid"])
def test_it_is_valid(name: str, request: pytest.FixtureRequest) -> None:
    assert validate(request.getfixturevalue(name)) == []


def test_what_nobody_gave_is_absent(unsaid: Path) -> None:
    texts: list[Any] = []

    def look(name: str, item: Any) -> None:
        if name.endswith("end_message"):  # a run that ended well has none
            return
        if isinstance(item, h5py.Dataset) and h5py.check_string_dtype(item.dtype) and item.shape == ():
            texts.append(item.asstr()[()])

    with h5py.File(unsaid) as file:
        entry = file["xrd"]
        assert set(entry["sample"]) == {"name", "type", "cell"}
        assert set(entry["sample/cell"]) == {
            "name", "counter_electrode", "counter_electrode_potential", "electrode_diameter",
            "electrode_diameter_uncertainty", "nominal_capacity", "no_stack_pressure_reason",
        }  # fmt: skip
        for place in ("user_1", "instrument/beam", "experiment_identifier", "instrument/detector/calibration_method"):
            assert place not in entry
        load_cell = file["environment/instrument/pressure/load_cell"]
        assert not {"tare_time", "sensitivity", "calibration_date"} & set(load_cell)
        file.visititems(look)
    assert not {"", "null", "None", "unknown"} & set(texts)

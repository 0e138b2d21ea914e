"""The NXxas family, which nexusformat has in its old form only: the bundled definitions decide."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from recorder.damaged import Defect, attribute, remove, replaced

from operando.recorder.application import BUNDLED
from operando.recorder.finding import Rule
from operando.recorder.validation import validate

ENERGY = np.linspace(8200.0, 8600.0, 50)


def group(parent: h5py.Group, name: str, nx_class: str) -> h5py.Group:
    made = parent.create_group(name)
    made.attrs["NX_class"] = nx_class
    return made


def spectra(path: Path, definition: str, detectors: tuple[str, ...], stack: tuple[int, ...]) -> Path:
    """Write a file with spectra of nickel, as few fields as the definition allows."""
    with h5py.File(path, "w") as file:
        file.attrs["default"] = "xas"
        entry = group(file, "xas", "NXentry")
        entry.attrs["default"] = "data"
        entry["definition"] = definition
        entry["start_time"], entry["end_time"] = "2026-03-01T12:00:00Z", "2026-03-01T12:10:00Z"
        group(entry, "element", "NXelement")["name"] = "nickel"
        entry["element/symbol"] = "Ni"
        group(entry, "edge", "NXabsorption_edge")["name"] = "K"
        entry["is_experimental"] = True
        entry["energy"] = ENERGY
        entry["energy"].attrs["units"] = "eV"
        entry["intensity"] = np.ones((*stack, len(ENERGY)))
        entry["intensity"].attrs["units"] = "dimensionless"
        group(entry, "sample", "NXsample")["name"] = "NMC811"
        if detectors:
            instrument = group(entry, "instrument", "NXinstrument")
            instrument["name"] = "simulated"
            source = group(instrument, "source", "NXsource")
            source["name"], source["type"], source["probe"] = "ring", "Synchrotron X-ray Source", "x-ray"
            crystal = group(group(instrument, "monochromator", "NXmonochromator"), "crystal", "NXcrystal")
            instrument["monochromator/energy"] = ENERGY
            instrument["monochromator/energy"].attrs["units"] = "eV"
            crystal["d_spacing"], crystal["type"], crystal["reflection"] = 3.1356, "Si", [1, 1, 1]
            crystal["d_spacing"].attrs["units"] = "angstrom"
            crystal["reflection"].attrs["units"] = "dimensionless"
            for name in detectors:
                group(instrument, name, "NXdetector")["data"] = np.ones((*stack, len(ENERGY)))
        for name in ("energy", "intensity"):
            entry[name].attrs["target"] = f"/xas/{name}"  # NeXus marks what is linked elsewhere
        data = group(entry, "data", "NXdata")
        data.attrs["signal"], data.attrs["axes"] = "intensity", [*(["."] * len(stack)), "energy"]
        data["energy"], data["intensity"] = entry["energy"], entry["intensity"]
    return path


GOOD = {
    "a stack": ("NXxas", (), (4,)),
    "transmission": ("NXxas_trans", ("i0", "itrans", "iref"), (4,)),
    "fluorescence": ("NXxas_tfy", ("i0", "ifluor"), ()),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_spectra_are_valid(tmp_path: Path, name: str) -> None:
    assert [str(finding) for finding in validate(spectra(tmp_path / "good.nxs", *GOOD[name]))] == []


DEFECTS: dict[str, tuple[str, Defect, Rule, str]] = {
    "no edge": ("a stack", remove("xas/edge"), Rule.DEFINITION, "NXabsorption_edge"),
    "no element": ("transmission", remove("xas/element"), Rule.DEFINITION, "NXelement"),
    "no element name": ("transmission", remove("xas/element/name"), Rule.DEFINITION, "required field"),
    "nobody says whether it is an experiment": (
        "fluorescence",
        remove("xas/is_experimental"),
        Rule.DEFINITION,
        "required field",
    ),
    "no transmitted beam": ("transmission", remove("xas/instrument/itrans"), Rule.DEFINITION, "itrans"),
    "no fluorescence": ("fluorescence", remove("xas/instrument/ifluor"), Rule.DEFINITION, "ifluor"),
    "another definition than it says": (
        "a stack",
        replaced("xas/definition", "NXxas_trans"),
        Rule.DEFINITION,
        "recommended",
    ),
    "energy in a unit of nothing": ("a stack", attribute("xas/data/energy", "units", "V"), Rule.UNIT, "of energy"),
}


@pytest.mark.parametrize("name", DEFECTS)
def test_a_damaged_spectrum_is_found(tmp_path: Path, name: str) -> None:
    good, defect, rule, words = DEFECTS[name]
    path = spectra(tmp_path / "broken.nxs", *GOOD[good])
    with h5py.File(path, "r+") as file:
        defect(file)
    findings = validate(path)
    assert {finding.rule for finding in findings} == {rule}, [str(finding) for finding in findings]
    assert any(words in str(finding) for finding in findings), [str(finding) for finding in findings]


def test_the_definitions_keep_their_notices() -> None:
    files = sorted(BUNDLED.glob("*.nxdl.xml"))
    assert len(files) == 10
    for file in files:
        assert "NeXus International Advisory Committee" in file.read_text(), file.name
        assert "GNU Lesser General Public" in file.read_text(), file.name
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in (BUNDLED / "LICENSE").read_text()

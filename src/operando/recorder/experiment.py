"""Who measured what, with which beam, by which programme and software: what makes a run of use to others.

All of it stands in the start document. Where a keyword of the run said otherwise than the configuration, the keyword
holds; what nobody gave is absent.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import h5py

from operando.analysis.geometry import read_geometry
from operando.errors import AnalysisError
from operando.recorder.fields import BEAM, CELL, DETECTOR, LAYER, PERSON, PROGRAMME, SAMPLE, SOURCE, write_fields
from operando.recorder.layout import make_group, write_text, write_value
from operando.recorder.programme_text import write_programme
from operando.recorder.run import Run
from operando.vocabulary import PotentialScale, terminal_voltage

ORCID = "https://orcid.org/"
LINKED = ("sample", "programme", "software", "configuration", "experiment_identifier", "experiment_description")


def write_experiment(entry: h5py.Group, run: Run) -> None:
    """Describe a run in one entry that has its NXinstrument."""
    _write_sample(entry, run)
    for number, person in enumerate(_listed(run, "people"), start=1):
        _write_person(make_group(entry, f"user_{number}", "NXuser"), person)
    proposal = _table(run, "proposal")
    for key, name in (("identifier", "experiment_identifier"), ("title", "experiment_description")):
        if proposal.get(key):
            write_text(entry, name, proposal[key])
    instrument = entry["instrument"]
    _write_source(instrument, run)
    if beam := _table(run, "beam"):
        _write_beam(make_group(instrument, "beam", "NXbeam"), beam)
    _write_programme(entry, run)
    _write_software(entry, run)


def link_experiment(entry: h5py.Group, first: h5py.Group) -> None:
    """Give what stands in the first entry a second name in another one, which has its NXinstrument."""
    for name in first:
        if name in LINKED or name.startswith("user_"):
            entry[name] = first[name]
    if "instrument/beam" in first and "beam" not in entry["instrument"]:  # which entries may share
        entry["instrument/beam"] = first["instrument/beam"]


def describe_detector(detector: h5py.Group, run: Run) -> None:
    """Say what the detector is, and where it stands: pixel size and distance are those of the geometry."""
    table = run.setting("detector") or {}
    write_text(detector, "local_name", str(table.get("prefix", "")))
    write_fields(detector, DETECTOR, table)
    with suppress(AnalysisError):  # which the gaps of the frames give as their reason
        geometry = read_geometry(run.poni, run.recipe.orientation)
        along = "along the normal from the sample to the plane of the detector, as pyFAI has it"
        write_value(detector, "distance", float(geometry.dist), "m", description=along)
        write_value(detector, "y_pixel_size", float(geometry.detector.pixel1), "m")
        write_value(detector, "x_pixel_size", float(geometry.detector.pixel2), "m")
    _write_calibration(detector, run.setting("integration") or {})


def _write_calibration(detector: h5py.Group, integration: Mapping[str, Any]) -> None:
    if day := integration.get("calibrated_on"):
        write_text(detector, "calibration_date", day)
    if calibrant := integration.get("calibrant"):
        note = make_group(detector, "calibration_method", "NXnote")
        write_text(note, "description", f"rings of {calibrant}")
        if author := integration.get("calibrated_by"):
            write_text(note, "author", author)


def _write_sample(entry: h5py.Group, run: Run) -> None:
    sample, table = make_group(entry, "sample", "NXsample"), _table(run, "sample")
    write_fields(sample, SAMPLE, {"name": run.cell.get("name", ""), **table})
    if run.setting("simulation") is not None:
        write_text(sample, "type", "simulated data")
    cell = make_group(sample, "cell", "NXcollection")
    write_fields(cell, CELL, run.cell)
    for number, layer in enumerate(run.cell.get("layers") or (), start=1):
        write_fields(make_group(sample, f"layer_{number}", "NXsample_component", position=number), LAYER, layer)


def _write_person(group: h5py.Group, person: Mapping[str, Any]) -> None:
    write_fields(group, PERSON, person)
    if person.get("orcid"):
        write_text(group, "ORCID", ORCID + person["orcid"])


def _write_source(instrument: h5py.Group, run: Run) -> None:
    table = run.setting("source") or {}
    group = make_group(instrument, "source", "NXsource")
    write_fields(group, SOURCE, table)
    write_text(group, "probe", "x-ray")


def _write_beam(group: h5py.Group, beam: Mapping[str, Any]) -> None:
    write_fields(group, BEAM, beam)
    size = [beam.get("horizontal_size_um"), beam.get("vertical_size_um")]
    if None not in size:
        meaning = "horizontal and vertical size at the sample, full width at half maximum"
        write_value(group, "extent", size, "um", description=meaning)


def _write_programme(entry: h5py.Group, run: Run) -> None:
    """Write the programme that is configured; which one ran, the environment log knows at the end of the run."""
    compiled = run.document["operando"].get("programme")
    if isinstance(compiled, Mapping):
        write_programme(make_group(entry, "programme", "NXparameters"), compiled)
        return  # older journals have the table of the configuration alone
    table = run.setting("programme")
    if not isinstance(table, Mapping):
        return
    group = make_group(entry, "programme", "NXparameters")
    write_fields(group, PROGRAMME, table)
    counter = run.setting("cell", "counter_electrode_potential_V")
    for name in ("upper_cutoff", "lower_cutoff"):
        if potential := table.get(name):
            write_value(group, name, potential["value_V"], "V", scale=potential["scale"])
            if counter is not None:
                terminals = terminal_voltage(potential["value_V"], PotentialScale(potential["scale"]), counter)
                write_value(group, f"{name}_at_terminals", terminals, "V", scale=PotentialScale.CELL.value)


def _write_software(entry: h5py.Group, run: Run) -> None:
    ours = run.document["operando"]
    group = make_group(entry, "software", "NXcollection")
    for name, version in sorted((ours.get("software") or {}).items()):
        write_text(group, name.replace("-", "_"), version)  # no hyphen in a name of NeXus
    if "configuration_text" in ours:
        note = make_group(entry, "configuration", "NXnote")
        write_text(note, "type", "application/toml")
        write_text(note, "description", "the configuration of the endstation, as its file was when the session began")
        write_text(note, "file_name", ours.get("configuration_file", ""))
        write_text(note, "data", ours["configuration_text"])
        write_text(note, "checksum", ours["configuration_sha256"])
        write_text(note, "algorithm", "sha256")


def _table(run: Run, name: str) -> Mapping[str, Any]:
    """Return a table as it holds for this run."""
    found = run.document.get(name, run.setting(name))
    if isinstance(found, str):  # a run whose metadata nobody completed
        return {"name": found, "identifier": found}
    return found if isinstance(found, Mapping) else {}


def _listed(run: Run, name: str) -> Iterable[Mapping[str, Any]]:
    found = run.document.get(name, run.setting(name))
    return found if isinstance(found, list) else []

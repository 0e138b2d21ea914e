"""What stands in a file of record before its first row: root, entries, and everything the start document says.

The same functions describe a new file and, in memory, what an unfinished one must already hold. So they write into the
group they are given, what they write follows from the run alone, and each is called once a file.
"""

import json

import h5py

import operando
from operando.analysis import Integrator
from operando.recorder.around import write_excluded, write_net
from operando.recorder.columns import JOINED, frame_columns
from operando.recorder.experiment import describe_detector, link_experiment, write_experiment
from operando.recorder.instants import iso8601
from operando.recorder.layout import UNKNOWN, make_group, write_text
from operando.recorder.patterns import FRAME_CHUNK_BYTES, Origin, Patterns
from operando.recorder.profiles import profile_of
from operando.recorder.run import Run
from operando.recorder.stood import STOOD
from operando.recorder.surroundings import Surroundings
from operando.recorder.table import Column, Table
from operando.recorder.trend import write_trend

PATTERNS, CAKES, ENVIRONMENT = "xrd", "xrd_cake", "environment"
"""The entries; a site may have other names for them."""
SEAL = "raw_index"
"""Column of the frames whose rows are written last."""


def write_root(root: h5py.File, run: Run, file_name: str) -> Surroundings:
    """Write the root and the entry of the environment."""
    name = profile_of(run).entry(ENVIRONMENT)
    root.attrs.update(
        {
            "NX_class": "NXroot",
            "file_name": file_name,
            "file_time": iso8601(run.start_ns),
            "creator": "operando",
            "creator_version": operando.__version__,
            "HDF5_Version": h5py.version.hdf5_version,
            "h5py_version": h5py.version.version,
            "default": name,
        }
    )
    surroundings = Surroundings(root, run, name)
    _describe(surroundings.entry, run)
    write_experiment(surroundings.entry, run)
    note = make_group(surroundings.entry, "start_document", "NXnote")
    write_text(note, "type", "application/json")
    write_text(note, "description", "the start document of the run, with the configuration of the endstation")
    write_text(note, "data", json.dumps(run.document, sort_keys=True))
    return surroundings


def write_patterns(root: h5py.File, run: Run, integrator: Integrator) -> tuple[Patterns, Table]:
    """Write the entry of the patterns, perhaps that of cakes, and the table of gaps; the root is there already."""
    origin = Origin(
        instrument=str(run.setting("name") or UNKNOWN),
        source_name=str(run.setting("source", "name") or UNKNOWN),
        source_type=str(run.setting("source", "kind") or UNKNOWN),
        poni=run.poni,
        date=iso8601(run.start_ns),
    )
    profile = profile_of(run)
    environment = root[profile.entry(ENVIRONMENT)]
    beside = ("frame_number", *JOINED, *STOOD)
    name = profile.entry(PATTERNS)
    cakes = profile.entry(CAKES)
    patterns = Patterns(root, name, origin, integrator, frame_columns(run), "time", beside, cakes, SEAL)
    write_excluded(patterns.entry, run.parasitic, integrator)
    if (net := write_net(patterns.entry, run, integrator)) is not None:
        patterns.grow_with(net)
    for entry in filter(None, (patterns.entry, patterns.cake_entry)):
        _describe(entry, run)
        link_experiment(entry, environment)
    write_trend(patterns.entry, run)
    patterns.entry["start_document"] = environment["start_document"]
    detector = make_group(patterns.instrument, "detector", "NXdetector")
    describe_detector(detector, run)
    gaps = make_group(patterns.entry, "gaps", "NXcollection")
    columns = (
        Column("row", "", "frame, from 0, that lacks something", "int64", (), -1),
        Column("reason", "", "why", "text", (), ""),
    )
    if patterns.cake_entry:
        patterns.cake_entry["gaps"] = gaps
    profile.begin(patterns.entry, run)
    return patterns, Table(gaps, columns, chunk_bytes=FRAME_CHUNK_BYTES)


def _describe(entry: h5py.Group, run: Run) -> None:
    """Write what every entry says about its run."""
    write_text(entry, "title", f"{run.plan_name} {run.scan_id}".strip())
    write_text(entry, "entry_identifier", run.uid)
    write_text(entry, "start_time", iso8601(run.start_ns))
    write_text(entry, "program_name", "operando", version=str(run.document["operando"].get("version", "")))

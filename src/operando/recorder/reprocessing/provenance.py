"""What stands in a reprocessed entry about where it comes from."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import h5py

import operando
from operando.recorder.layout import make_group, write_text, write_value
from operando.recorder.pattern_entry import REPROCESSING
from operando.recorder.reprocessing.original import Original
from operando.recorder.reprocessing.wishes import Wishes, differences, fingerprints
from operando.recorder.run import Run
from operando.recorder.tree import groups_of


@dataclass(frozen=True, slots=True)
class Signature:
    """Who asks, and when.

    Parameters
    ----------
    who : str
        User and host.
    date : str
        ISO 8601.
    """

    who: str
    date: str


def write_provenance(
    entry: h5py.Group, original: Original, run: Run, wishes: Wishes, conditions: str, signature: Signature
) -> Mapping[str, Any]:
    """Write what differs from the recorded entry, hashes, who and when; return the differences."""
    _redate(entry, signature.date)
    process = make_group(entry, REPROCESSING, "NXprocess")
    write_text(process, "program", "operando reprocess")
    write_text(process, "version", operando.__version__)
    write_text(process, "date", signature.date)
    parameters = make_group(process, "input", "NXparameters")
    write_text(parameters, "recorded_entry", f"/{original.entry}")
    write_text(parameters, "start_document_sha256", hashlib.sha256(original.start_text.encode()).hexdigest())
    for name, digest in fingerprints(run).items():
        write_text(parameters, f"{name}_sha256", digest)
    write_text(parameters, "conditions", conditions)
    changed = differences(original.run, run, wishes)
    _write_note(process, "changes", "what differs from the recorded run: name, before, after", json.dumps(changed))
    write_text(process["changes"], "author", signature.who)
    write_text(process["changes"], "date", signature.date)
    if wishes.load_cell:
        write_value(parameters, "load_cell_scale", wishes.load_cell.scale)
        words = (
            "MPa as logged × area + old tare = force that was shown; × scale − tare, over area = MPa as they are here"
        )
        write_text(parameters, "load_cell_conversion", words)
        _write_note(process, "load_cell_calibration", "the calibration of the load cell", wishes.load_cell.text)
        write_text(process["load_cell_calibration"], "file_name", wishes.load_cell.name)
    return changed


def link_provenance(file: h5py.File, name: str) -> None:
    """Give the provenance of an entry a second name in the entries beside it, which were made with it."""
    for further in [further for further in file if further.startswith(f"{name}_")]:
        file[further][REPROCESSING] = file[name][REPROCESSING]


def _redate(entry: h5py.Group, date: str) -> None:
    """Date what was made now; what the recorder writes bears the start of the run."""
    for process in groups_of(entry, "NXprocess"):
        if "date" in process:
            process["date"][()] = date


def _write_note(parent: h5py.Group, name: str, description: str, text: str) -> None:
    note = make_group(parent, name, "NXnote")
    write_text(note, "type", "application/json" if text.startswith("{") else "application/toml")
    write_text(note, "description", description)
    write_text(note, "data", text)
    write_text(note, "checksum", hashlib.sha256(text.encode()).hexdigest())
    write_text(note, "algorithm", "sha256")

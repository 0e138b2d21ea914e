"""A new entry in a copy of a file of record, out of a file that the recorder's stages have just written."""

from pathlib import Path

import h5py

from operando.recorder.layout import make_group
from operando.recorder.profiles import profile_of
from operando.recorder.reprocessing.calibration import UNCERTAINTY
from operando.recorder.reprocessing.links import relink
from operando.recorder.reprocessing.original import Original
from operando.recorder.structure import CAKES, ENVIRONMENT
from operando.recorder.tree import groups_of

STEM = "reprocessed"
SAME = (
    "start_document",
    "sample",
    "programme",
    "software",
    "configuration",
    "experiment_identifier",
    "experiment_description",
    "collection_identifier",
    "title",
    "start_time",
    "end_time",
    "end_reason",
    "end_message",
    "entry_identifier",
    "program_name",
)
"""Members of an entry that say what holds of the run, however it is reduced: the recorded ones get a second name."""
SAME_PREFIXES = ("user_", "cell_programme", "missing", "frames_missing", "frames_announced")
INCOMING, PRESSURE = "incoming", "pressure"


def next_name(file: h5py.File) -> str:
    """Return the name of the next entry: the first free number."""
    number = 1
    while f"{STEM}_{number}" in file:
        number += 1
    return f"{STEM}_{number}"


def graft(made: h5py.File, file: h5py.File, original: Original, name: str, recalibrated: bool) -> h5py.Group:
    """Take over every entry but the environment, whose log the file has already; return that of the patterns.

    Parameters
    ----------
    made : h5py.File
        What the stages have written; it is spent.
    file : h5py.File
        A copy of the original, in the folder that its links are right for.
    original : Original
        What was recorded.
    name : str
        Of the new entry; others beside it are called after it.
    recalibrated : bool
        Whether the pressure log of ``made`` is another one than the recorded.
    """
    site = profile_of(original.run)
    environment, cakes = site.entry(ENVIRONMENT), site.entry(CAKES)
    pressure = _pressure(made[environment]) if recalibrated else None
    if pressure is not None:
        made[PRESSURE] = pressure
    del made[environment]
    relink(made, Path(made.filename).resolve().parent, original.path.resolve().parent)
    made.copy("/", file, INCOMING)
    incoming = file[INCOMING]
    for each in [each for each in incoming if each not in (original.entry, PRESSURE)]:
        if incoming.get(each, getclass=True) is h5py.Group:
            further = f"{name}_{'cake' if each == cakes else each}"
            file.move(f"{INCOMING}/{each}", further)
            _share(file[further], file[each if each in file else original.entry])
    file.move(f"{INCOMING}/{original.entry}", name)
    entry = file[name]
    if PRESSURE in incoming:
        file.move(f"{INCOMING}/{PRESSURE}", f"{name}/instrument/{PRESSURE}")
    del file[INCOMING]
    _share(entry, file[original.entry])
    return entry


def _share(entry: h5py.Group, recorded: h5py.Group) -> None:
    """Give what holds of the run a second name in an entry, in place of what came with it."""
    for name in filter(_is_shared, recorded):
        if name in entry:
            del entry[name]
            entry[name] = recorded[name]


def _is_shared(name: str) -> bool:
    return name in SAME or name.startswith(SAME_PREFIXES)


def _pressure(environment: h5py.Group) -> h5py.Group | None:
    """Return the press with its load cell and their logs alone; what was asked for and driven is as it was logged."""
    for group in groups_of(environment, "NXenvironment"):
        sensors = [each for each in groups_of(group, "NXsensor") if each.parent == group]
        if group.name.endswith(f"/{PRESSURE}") and sensors:
            kept = make_group(group, "recalibrated", "NXenvironment")
            for name in ("name", "type", sensors[0].name.rsplit("/", 1)[-1], f"{UNCERTAINTY}_log"):
                if name in group:
                    kept[name] = group[name]
            return kept
    return None

"""What makes a run reusable: how its stack was pressed, and the configuration that it says it ran with."""

import hashlib
from collections.abc import Iterator

import h5py

from operando.recorder.finding import Finding, Rule
from operando.recorder.tree import entries, groups_of, text_of

OF_THE_CELL = {
    "electrode_diameter": "the area that carries the force",
    "assembly_pressure": "what the stack was pressed with when it was made",
}
OF_THE_LOAD_CELL = {
    "tare_time": "when the zero of the load cell was taken",
    "calibration_date": "when the load cell was last compared with a standard",
}
"""Fields without which a number of MPa cannot be used by anybody else, and what they say."""
REASON = "no_stack_pressure_reason"
"""Field of the cell that says why they are not there."""


def check_provenance(file: h5py.File) -> Iterator[Finding]:
    """Check what stands about the stack pressure, and every configuration against its hash."""
    yield from _check_stack_pressure(file)
    for entry in entries(file):
        note = entry.get("configuration")
        if isinstance(note, h5py.Group):
            yield from check_text(note, Rule.CONFIGURATION)


def _check_stack_pressure(file: h5py.File) -> Iterator[Finding]:
    """Check the entry that has a load cell; a file without an environment claims no pressure."""
    for entry in entries(file):
        sensor = _pressure_sensor(entry)
        if sensor is None:
            continue
        cell = entry.get("sample/cell")
        if _has(cell, REASON):
            return
        missing = [f"{name} ({says})" for name, says in OF_THE_CELL.items() if not _has(cell, name)]
        missing += [f"{name} ({says})" for name, says in OF_THE_LOAD_CELL.items() if not _has(sensor, name)]
        if missing:
            words = f"stack pressure without {', '.join(missing)}, and no {REASON} says why"
            yield Finding(Rule.STACK_PRESSURE, entry.name, words)


def _pressure_sensor(entry: h5py.Group) -> h5py.Group | None:
    for sensor in groups_of(entry, "NXsensor"):
        if "measurement" in sensor and text_of(sensor["measurement"]) == "pressure":
            return sensor
    return None


def _has(group: object, name: str) -> bool:
    if not isinstance(group, h5py.Group) or not isinstance(group.get(name), h5py.Dataset):
        return False
    return bool(text_of(group[name]).strip())


def check_text(note: h5py.Group, rule: Rule) -> Iterator[Finding]:
    """Check a text that stands with its SHA-256."""
    if not all(_has(note, name) for name in ("data", "checksum", "algorithm")):
        yield Finding(rule, note.name, f"a {rule} without data, checksum or algorithm")
        return
    algorithm, checksum = text_of(note["algorithm"]), text_of(note["checksum"])
    if algorithm != "sha256":
        yield Finding(rule, note.name, f"algorithm {algorithm!r}; sha256 is wanted")
        return
    found = hashlib.sha256(text_of(note["data"]).encode()).hexdigest()
    if found != checksum:
        words = f"the text has SHA-256 {found[:12]}…, its checksum says {checksum[:12]}…"
        yield Finding(rule, note.name, words)

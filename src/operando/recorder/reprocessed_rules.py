"""What holds of an entry that was made afterwards: it says of what, by whom and when, and has the same frames."""

import hashlib
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.recorder.finding import Finding, Rule
from operando.recorder.pattern_entry import REPROCESSING, PatternEntry, is_reprocessed, pattern_entries
from operando.recorder.provenance import check_text
from operando.recorder.tree import groups_of, text_of

TEXTS = ("date", "input/recorded_entry", "input/start_document_sha256", "input/poni_sha256", "input/conditions")
SAME_ROWS = ("raw_file", "raw_index")


def check_reprocessed(file: h5py.File) -> Iterator[Finding]:
    """Check every reprocessed entry of patterns against the recorded one that it names."""
    recorded = {patterns.entry.name: patterns for patterns in pattern_entries(file)}
    for patterns in pattern_entries(file, reprocessed=True):
        if is_reprocessed(patterns.entry):
            yield from _check(patterns, recorded)


def _check(patterns: PatternEntry, recorded: dict[str, PatternEntry]) -> Iterator[Finding]:
    process = patterns.entry[REPROCESSING]
    missing = [name for name in (*TEXTS, "changes/author") if not isinstance(process.get(name), h5py.Dataset)]
    if missing:
        yield Finding(Rule.REPROCESSED, process.name, f"lacks {', '.join(missing)}")
        return
    for note in groups_of(process, "NXnote"):
        yield from check_text(note, Rule.REPROCESSED)
    yield from _check_hash(process, patterns.entry.get("reduction/input/poni"), "poni")
    name = text_of(process["input/recorded_entry"])
    original = recorded.get(name)
    if original is None:
        yield Finding(Rule.REPROCESSED, process.name, f"made of {name}: there is no such recorded entry with patterns")
        return
    yield from _check_hash(process, original.entry.get("start_document/data"), "start_document")
    for column in SAME_ROWS:
        if not np.array_equal(_column(patterns, column), _column(original, column)):
            words = f"{column} is not that of {name}: it is made of other frames, or in another order"
            yield Finding(Rule.REPROCESSED, f"{patterns.frames.name}/{column}", words)


def _check_hash(process: h5py.Group, text: object, name: str) -> Iterator[Finding]:
    expected = text_of(process[f"input/{name}_sha256"])
    found = hashlib.sha256(text_of(text).encode()).hexdigest() if isinstance(text, h5py.Dataset) else "nothing"
    if found != expected:
        words = f"{name} has SHA-256 {found[:12]}…, {name}_sha256 says {expected[:12]}…"
        yield Finding(Rule.REPROCESSED, process.name, words)


def _column(patterns: PatternEntry, name: str) -> NDArray[Any]:
    found = patterns.column(name)
    return np.empty(0) if found is None else found

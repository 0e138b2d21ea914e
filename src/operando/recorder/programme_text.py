"""A cell programme in the file: its text, the hash of that, and a table for people with every potential twice."""

from collections.abc import Mapping
from typing import Any

import h5py
import numpy as np

from operando.config.programme import as_text, potentials, table
from operando.recorder.layout import make_group, write_text, write_value
from operando.vocabulary import CellProgramme, PotentialScale, Safety, programme_from

CELL, LITHIUM = PotentialScale.CELL.value, PotentialScale.LITHIUM.value
LANGUAGE = "the programme as its author wrote it; the hash is the SHA-256 of this text"
TABLE = "what the potentiostat was given, step by step; V at the cell's terminals and V vs Li/Li+"


def write_programme(group: h5py.Group, found: Mapping[str, Any]) -> None:
    """Write a compiled programme.

    Parameters
    ----------
    group : h5py.Group
        Empty.
    found : mapping
        Of `operando.vocabulary.plain`.

    Raises
    ------
    KeyError, TypeError, ValueError
        It states no programme.
    """
    programme = programme_from(found)
    write_text(group, "name", programme.name)
    write_text(group, "hash", programme.hash, algorithm="sha256")
    note = make_group(group, "source", "NXnote")
    write_text(note, "type", _type_of(programme.source))
    write_text(note, "description", LANGUAGE)
    write_text(note, "data", programme.source)
    write_text(note, "checksum", programme.hash)
    write_text(note, "algorithm", "sha256")
    counter = programme.counter_electrode_potential
    write_value(group, "counter_electrode_potential", counter, "V", scale=LITHIUM)
    write_text(group, "table", as_text(table(programme)), description=TABLE)
    _write_potentials(make_group(group, "potentials", "NXcollection"), programme)
    _write_safety(make_group(group, "safety", "NXcollection"), programme.safety, counter)


def _type_of(source: str) -> str:
    return "application/json" if source.lstrip().startswith("{") else "application/toml"


def _write_potentials(group: h5py.Group, programme: CellProgramme) -> None:
    stated = potentials(programme)
    write_value(group, "step", np.array([each.step for each in stated], np.int32), description="0: the safety limits")
    group.create_dataset("what", data=[each.what for each in stated], dtype=h5py.string_dtype())
    at_terminals = np.array([each.at_terminals for each in stated], np.float64)
    write_value(group, "at_terminals", at_terminals, "V", scale=CELL)
    against_lithium = np.array([each.against_lithium for each in stated], np.float64)
    write_value(group, "against_lithium", against_lithium, "V", scale=LITHIUM)


def _write_safety(group: h5py.Group, safety: Safety, counter: float) -> None:
    for name in ("upper_voltage", "lower_voltage"):
        volts = getattr(safety, name)
        if volts is not None:
            write_value(group, name, volts, "V", scale=CELL)
            write_value(group, name.replace("voltage", "potential"), volts + counter, "V", scale=LITHIUM)
    for name, value, unit in (("current", safety.current, "A"), ("charge", safety.charge, "A h")):
        if value is not None:
            write_value(group, name, value, unit, description="without its sign")
    write_value(group, "delay", safety.delay, "s")

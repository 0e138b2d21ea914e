"""A blank out of the file of record of a run that measured an empty cell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.analysis.blank import Blank, mean_blank
from operando.errors import AnalysisError, RecordError
from operando.recorder.blank_file import write_blank
from operando.recorder.pattern_entry import PatternEntry, pattern_entries
from operando.recorder.run import Run
from operando.recorder.tree import text_of


@dataclass(frozen=True, slots=True)
class MadeBlank:
    """What `make_blank` did.

    Parameters
    ----------
    file : Path
        The blank.
    frames : int
        In it.
    left_out : int
        Frames without pattern or beam.
    blank : Blank
        What stands in it.
    """

    file: Path
    frames: int
    left_out: int
    blank: Blank


def make_blank(record: Path, output: Path, rows: slice = slice(None)) -> MadeBlank:
    """Average the patterns of a run into a blank.

    Parameters
    ----------
    record : Path
        File of record of a run with the empty cell; only read.
    output : Path
        A new file.
    rows : slice
        Which frames, from 0.

    Raises
    ------
    RecordError
        There are no patterns with monitor and diode, or the output cannot be written.
    """
    try:
        with h5py.File(record, "r") as file:
            patterns = next(pattern_entries(file), None)
            if patterns is None:
                raise RecordError(f"{record}: no patterns in it; no blank is made")
            run = Run.from_start(json.loads(text_of(patterns.entry["start_document/data"])))
            blank, used, seen = _mean(record, patterns, run, rows)
    except (OSError, KeyError) as error:
        raise RecordError(f"{record}: {error}; a file of record is wanted; no blank is made") from error
    write_blank(output, blank, run.recipe.document(), _origin(record, run, used))
    return MadeBlank(output, used, seen - used, blank)


def _mean(record: Path, patterns: PatternEntry, run: Run, rows: slice) -> tuple[Blank, int, int]:
    intensities = patterns.patterns[rows]
    sigma = patterns.entry.get("data/I_errors")
    monitors, diodes = (_column(record, patterns, name)[rows] for name in ("incident_monitor", "transmitted_diode"))
    off = patterns.column("beam_off")
    lit = np.ones(len(intensities), bool) if off is None else off[rows] != 1
    lit &= np.isfinite(intensities).all(axis=1) & (monitors > 0) & (diodes > 0)
    try:
        blank = mean_blank(
            patterns.entry["data/radial_axis"][()],
            intensities[lit],
            None if sigma is None else sigma[rows][lit],
            monitors[lit],
            diodes[lit],
            run.recipe.monitor_reference,
        )
    except AnalysisError as error:
        raise RecordError(f"{record}: {error}") from error
    return blank, int(lit.sum()), len(intensities)


def _column(record: Path, patterns: PatternEntry, name: str) -> NDArray[Any]:
    found = patterns.column(name)
    if found is None:
        raise RecordError(
            f"{record}: no {name} beside its patterns; a blank is scaled by what came in and what came through: "
            "[detector] monitor_attribute and diode_attribute name both; no blank is made"
        )
    return found


def _origin(record: Path, run: Run, frames: int) -> Mapping[str, Any]:
    return {"run": run.uid, "file": record.name, "frames": frames, "poni": run.poni}

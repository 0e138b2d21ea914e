"""What the file says about each frame, beside its pattern."""

from collections.abc import Mapping
from typing import Any

from operando.recorder.cakes import region_columns
from operando.recorder.frames import UNKNOWN
from operando.recorder.instants import iso8601
from operando.recorder.join import Statistics
from operando.recorder.quality_columns import blank_columns, quality_columns
from operando.recorder.run import Run
from operando.recorder.stood import stood_columns
from operando.recorder.table import Column
from operando.vocabulary import QUANTITY

JOINED = ("stack_pressure", "stack_pressure_uncertainty", "temperature", "voltage", "current", "charge")
"""Quantities joined with each exposure."""

STATISTICS = {
    "minimum": "lowest good sample of {} during the exposure",
    "maximum": "highest good sample of {} during the exposure",
    "std": "standard deviation of {} during the exposure",
}
NUMBER = Column("frame_number", "", "NDArrayUniqueId; -1 where the detector's is not known", "int64", (), UNKNOWN)


def frame_columns(run: Run) -> list[Column]:
    """Return the columns of a run, in the order in which they are written."""
    start = {"start": iso8601(run.start_ns)}
    clock = {**start, "source": "NDArrayEpicsTS of the detector is the end, the acquire time goes back to the start"}
    columns = [
        NUMBER,
        Column("raw_file", "", "number in the names of the links to the raw files", "int32", (), -1),
        Column("raw_index", "", "frame within the raw file, from 0", "int32", (), -1),
        Column("time", "s", "middle of the exposure", attributes=start),
        Column("exposure_start", "s", "start of the exposure", attributes=clock),
        Column("exposure_end", "s", "end of the exposure", attributes=clock),
        Column("exposure_uncertainty", "s", "uncertainty of start and end of the exposure"),
    ]
    for quantity in JOINED:
        columns += _joined(quantity)
    columns += stood_columns()
    columns += quality_columns(run) + (blank_columns() if run.blank else [])
    columns += region_columns(run.recipe)
    return columns + (_lattice(run.lattice.phase.name, run.lattice.phase.system) if run.lattice else [])


def environment_fields(quantity: str, statistics: Statistics) -> Mapping[str, Any]:
    """Return a joined quantity as fields of a row."""
    return {
        quantity: statistics.mean,
        f"{quantity}_minimum": statistics.minimum,
        f"{quantity}_maximum": statistics.maximum,
        f"{quantity}_std": statistics.std,
        f"{quantity}_count": statistics.count,
    }


def trend_names(run: Run) -> tuple[str, ...]:
    """Return the lattice parameters that the phase of the run has."""
    if run.lattice is None:
        return ()
    return ("lattice_a",) if run.lattice.phase.system == "cubic" else ("lattice_a", "lattice_c")


def _joined(name: str) -> list[Column]:
    unit, words = QUANTITY[name].unit, QUANTITY[name].description
    mean = "mean over the exposure; interpolated at its middle where the count is below 3, NaN where it is missing"
    columns = [Column(name, unit, words, attributes={"description": mean})]
    columns += [Column(f"{name}_{what}", unit, text.format(words)) for what, text in STATISTICS.items()]
    return [*columns, Column(f"{name}_count", "", f"good samples of {words} during the exposure", "int32", (), 0)]


def _lattice(phase: str, system: str) -> list[Column]:
    columns = []
    for axis in "a" if system == "cubic" else "ac":
        columns.append(Column(f"lattice_{axis}", "angstrom", f"{axis} of {phase}"))
        columns.append(Column(f"lattice_{axis}_errors", "angstrom", f"standard deviation of {axis} of {phase}"))
    columns.append(Column("lattice_chi_square", "", "reduced chi square of the fit"))
    columns.append(Column("lattice_trusted", "", "1 where the fit may be believed", "int8", (), 0))
    return columns

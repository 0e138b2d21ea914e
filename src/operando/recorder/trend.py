"""Lattice parameters against time: an NXprocess beside the patterns they were fitted on."""

import json
from dataclasses import asdict

import h5py

import operando
from operando.recorder.columns import trend_names
from operando.recorder.instants import iso8601
from operando.recorder.layout import link_fields, make_data, make_group, write_text
from operando.recorder.run import Run


def write_trend(entry: h5py.Group, run: Run) -> None:
    """Write how the lattice was fitted, and one plot for each of its parameters.

    Parameters
    ----------
    entry : h5py.Group
        The entry of the patterns, with its ``frames``.
    run : Run
        With a lattice model.
    """
    if run.lattice is None:
        return
    process = make_group(entry, "lattice", "NXprocess", default="lattice_a")
    write_text(process, "program", "operando")
    write_text(process, "version", operando.__version__)
    write_text(process, "date", iso8601(run.start_ns))
    parameters = make_group(process, "input", "NXparameters")
    write_text(parameters, "phase", json.dumps(asdict(run.lattice.phase)))
    write_text(parameters, "neighbours", json.dumps([asdict(phase) for phase in run.lattice.neighbours]))
    for name in trend_names(run):
        title = f"{name.removeprefix('lattice_')} of {run.lattice.phase.name}"
        plot = make_data(process, name, name, ["time"], {"lattice_trusted": 0}, title=title)
        link_fields(plot, entry["frames"], (name, f"{name}_errors", "time", "lattice_trusted"))

"""What stands around the sample, in the entry of the patterns: bins that are excluded, and patterns less the blank."""

from collections.abc import Sequence

import h5py

from operando.analysis import Integrator
from operando.analysis.parasitic import excluded
from operando.recorder.appraisal import misfit_of
from operando.recorder.layout import LOG_SCALE, link_fields, make_data, make_group, write_text, write_value
from operando.recorder.run import Run
from operando.recorder.table import Column, Table
from operando.vocabulary import ParasiticMaterial

NET = "blank_subtracted"


def write_excluded(entry: h5py.Group, materials: Sequence[ParasiticMaterial], integrator: Integrator) -> None:
    """Mark the bins that reflections of the surroundings reach, if there are any."""
    if not materials:
        return
    data = entry["data"]
    names = ", ".join(material.name for material in materials)
    marks = excluded(integrator.q, materials).astype("int8")
    write_value(data, "excluded", marks, long_name=f"1 where reflections of {names} are; left out of the lattice fit")
    data.attrs["excluded_indices"] = 1


def write_net(entry: h5py.Group, run: Run, integrator: Integrator) -> Table | None:
    """Write the group of patterns without their blank; None, and why, where there is no blank that fits."""
    if run.blank is None:
        return None
    if reason := misfit_of(run, integrator):
        write_text(entry, "no_blank_reason", reason)
        return None
    net = make_data(
        entry["reduction"], NET, "I_net", [".", "radial_axis"], interpretation="spectrum", SILX_style=LOG_SCALE
    )
    link_fields(net, entry["data"], ("radial_axis",))
    shape = (len(integrator.radial),)
    columns = [Column("I_net", "arbitrary units", "intensity less the scaled blank", "float32", shape)]
    if integrator.recipe.error_model is not None:
        words = "standard deviation by the counts of both; the scale's own is frames/blank_scale_errors"
        columns.append(Column("I_net_errors", "arbitrary units", words, "float32", shape))
    table = Table(net, columns)
    parameters = make_group(net, "blank", "NXparameters")
    for key in ("file", "sha256", "source", "frames", "monitor", "transmission", "transmission_errors"):
        write_value(parameters, key, run.blank[key])
    write_value(parameters, "intensity", run.blank["intensity"], "arbitrary units")
    return table

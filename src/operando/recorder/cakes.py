"""The NXentry of cakes, by the application definition NXazint2d, and what else of the plane a row of a frame holds.

https://manual.nexusformat.org/classes/applications/NXazint2d.html. It stands beside the entry of the patterns, which
come from the same frames by the same recipe: frames, instrument and parameters are those of the patterns, linked.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import h5py
import numpy as np

from operando.analysis import Integrator, Pattern
from operando.recorder.layout import LOG_SCALE, link_fields, make_data, make_group, write_text, write_value
from operando.recorder.table import Column, Table
from operando.vocabulary import Recipe

SHARED = ("solid_angle_applied", "polarization_applied", "normalization_applied", "monitor_applied", "instrument")
"""Members of the entry of the patterns that hold for the cakes, too."""
SPACING = "d_spacing"
"""Axis beside that of q, where the recipe's unit is ``d_A``."""
PROCESS = ("program", "version", "date", "reference", "input")


def write_cakes(
    root: h5py.File, name: str, patterns: h5py.Group, integrator: Integrator, shown: tuple[str, ...]
) -> tuple[h5py.Group, Table]:
    """Write an entry that grows by cakes; return it and its table.

    Parameters
    ----------
    root : h5py.File
        The file, without an entry of this name.
    name : str
        Of the entry.
    patterns : h5py.Group
        The entry of the patterns, with its frames.
    integrator : Integrator
        What makes them; its recipe asks for cakes.
    shown : tuple of str
        Columns of the frames that the data group shows, too.
    """
    entry = make_group(root, name, "NXentry", default="data")
    write_text(entry, "definition", "NXazint2d", version="v2026.01")
    link_fields(entry, patterns, (*SHARED, "frames"))
    reduction = make_group(entry, "reduction", "NXprocess")
    link_fields(reduction, patterns["reduction"], PROCESS)
    axes = [".", "azimuthal_axis", "radial_axis"]
    data = make_data(entry, "data", "I", axes, interpretation="image", SILX_style=LOG_SCALE, title="cakes")
    data["radial_axis"] = patterns["data/radial_axis"]
    if SPACING in patterns["data"]:
        data[SPACING] = patterns["data"][SPACING]
        data.attrs[f"{SPACING}_indices"] = 2
    write_value(data, "azimuthal_axis", integrator.azimuth, "degrees", long_name="azimuthal bin center")
    link_fields(data, patterns["frames"], shown)
    data.attrs.update({f"{column}_indices": 0 for column in shown})
    shape = (integrator.recipe.sectors, len(integrator.radial))
    columns = [Column("I", "arbitrary units", "intensity", "float32", shape)]
    if integrator.recipe.error_model is not None:
        columns.append(Column("I_errors", "arbitrary units", "estimated intensity error", "float32", shape))
    return entry, CakeTable(data, columns)


def region_columns(recipe: Recipe) -> list[Column]:
    """Return a column for each region of a recipe."""
    return [
        Column(_column(region.name), "arbitrary units", f"mean intensity of the region {region.name}")
        for region in recipe.regions
    ]


def plane_fields(pattern: Pattern, recipe: Recipe) -> Mapping[str, Any]:
    """Return cake and regions as fields of a row."""
    fields: dict[str, Any] = {}
    if pattern.cake is not None:
        fields["cake"] = np.asarray(pattern.cake.intensity, np.float32)
        if pattern.cake.sigma is not None:
            fields["cake_errors"] = np.asarray(pattern.cake.sigma, np.float32)
    if pattern.regions is not None:
        means = zip(recipe.regions, pattern.regions, strict=True)
        fields |= {_column(region.name): float(mean) for region, mean in means}
    return fields


class CakeTable(Table):
    """A table whose rows are those of the frames: ``cake`` is its ``I``."""

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows; one that names no cake is missing."""
        super().append([{"I": row.get("cake"), "I_errors": row.get("cake_errors")} for row in rows])


def _column(name: str) -> str:
    return f"region_{name}"

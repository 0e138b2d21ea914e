"""The NXentry of integrated patterns, by the application definition NXazint1d.

https://manual.nexusformat.org/classes/applications/NXazint1d.html. The definition lists the names of unit categories
(``NX_PER_LENGTH``) where a unit should stand; like the reference writer (https://maxiv-science.github.io/azint_writer/)
this one writes the unit.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyFAI
from numpy.typing import NDArray

import operando
from operando.analysis import Integrator
from operando.recorder.cakes import SPACING, write_cakes
from operando.recorder.layout import LOG_SCALE, link_fields, make_data, make_group, write_text, write_value
from operando.recorder.table import Column, Table

HC = 12.398419843320026
"""keV Å, exact in the SI of 2019."""

RADIAL = {"q_nm^-1": ("q", "1/nm"), "2th_deg": ("2theta", "degrees")}
"""pyFAI's unit → ``@long_name`` that NXazint1d demands, ``@units``."""

FRAME_CHUNK_BYTES = 8_192
"""Of the columns beside the patterns: there are dozens, and each flush writes the last chunk of each."""

REFERENCE = "G. Ashiotis et al., J. Appl. Cryst. 48 (2015) 510, doi:10.1107/S1600576715004306 (pyFAI)"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where patterns come from.

    Parameters
    ----------
    instrument, source_name, source_type : str
        As NXinstrument and NXsource name them.
    poni : str
        Text of the PONI file.
    date : str
        ISO 8601; stands as the date of every process.
    """

    instrument: str
    source_name: str
    source_type: str
    poni: str
    date: str


class Patterns:
    """An entry that grows by patterns.

    Parameters
    ----------
    root : h5py.File
        The file, without an entry of this name.
    name : str
        Of the entry.
    origin : Origin
        Where the patterns come from.
    integrator : Integrator
        What makes them.
    columns : sequence of Column
        Per-frame quantities beside them.
    along : str
        The column that is the first axis of the picture.
    beside : sequence of str
        Columns that the data group shows, too.
    cakes : str
        Name of the entry of cakes, made where the recipe asks for them.
    seal : str
        The column whose rows are written last, by `seal`; empty where nobody goes on after a crash.
    """

    def __init__(
        self,
        root: h5py.File,
        name: str,
        origin: Origin,
        integrator: Integrator,
        columns: Sequence[Column],
        along: str,
        beside: Sequence[str] = (),
        cakes: str = "",
        seal: str = "",
    ) -> None:
        entry = make_group(root, name, "NXentry", default="reduction")
        self.entry = entry
        write_text(entry, "definition", "NXazint1d", version="v2026.01")
        recipe = integrator.recipe
        write_value(entry, "solid_angle_applied", recipe.solid_angle)
        write_value(entry, "polarization_applied", recipe.polarization_factor is not None)
        write_value(entry, "normalization_applied", True)
        write_value(entry, "monitor_applied", recipe.monitor_reference is not None)
        self.instrument = _write_instrument(entry, origin, integrator.wavelength)
        reduction = _write_reduction(entry, origin, integrator)
        self.frames = make_group(entry, "frames", "NXcollection")
        self._frames = Table(self.frames, columns, seal, FRAME_CHUNK_BYTES)
        self._along = along
        self.name = name
        """Of the entry."""
        self.radial: NDArray[np.float64] = integrator.radial
        self.azimuth = integrator.azimuth if cakes else None
        """°, middle of each sector, where the recipe wants cakes."""
        self._data = _write_data(entry, integrator)
        self._further: list[Table] = []
        shown = (along, *beside)
        link_fields(entry["data"], self.frames, shown)
        entry["data"].attrs.update({f"{column}_indices": 0 for column in shown})
        _write_picture(reduction, entry["data"], along)
        self.cake_entry: h5py.Group | None = None
        if self.azimuth is not None:
            self.cake_entry, table = write_cakes(root, cakes, entry, integrator, shown)
            self.grow_with(table)

    @property
    def length(self) -> int:
        """Number of frames."""
        return self._data.length

    @property
    def is_open(self) -> bool:
        """Whether the file can still be asked."""
        return bool(self.entry)

    def stored(self, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where some rows are along the run, and their patterns."""
        return _rows(self._data["I"], self._frames[self._along], rows)

    def stored_in(self, path: Path, rows: Sequence[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the same out of a file that is complete.

        Raises
        ------
        OSError, KeyError
            It cannot be read.
        """
        with h5py.File(path, "r", locking=False) as file:
            entry = file[self.name]
            return _rows(entry["data/I"], entry["frames"][self._along], rows)

    def grow_with(self, table: Table) -> None:
        """Let a further table of the same entry have a row for each frame."""
        self._further.append(table)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add frames: ``I``, ``I_errors``, ``cake``, ``cake_errors`` and the columns."""
        for table in self._tables:
            table.append(rows)

    def seal(self) -> None:
        """Declare the rows whole that were flushed."""
        self._frames.seal()

    def adopt(self, root: h5py.File) -> None:
        """Go on with the same entry of another file, behind its whole rows; what is behind them is cut off.

        Raises
        ------
        RecordDamaged
            A row that should be whole is not.
        """
        self.entry, self.instrument, self.frames = (
            root[group.name] for group in (self.entry, self.instrument, self.frames)
        )
        for table in self._tables:
            table.adopt(root)
        whole = min(table.length for table in self._tables)
        for table in self._tables:
            table.cut(whole)

    @property
    def _tables(self) -> tuple[Table, ...]:
        """Those that have a row for each frame; that with the seal is the last."""
        return self._data, *self._further, self._frames


def _rows(
    patterns: h5py.Dataset, along: h5py.Dataset, rows: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return np.array([along[row] for row in rows]), np.array([patterns[row] for row in rows], np.float64)


def _write_instrument(entry: h5py.Group, origin: Origin, wavelength: float) -> h5py.Group:
    instrument = make_group(entry, "instrument", "NXinstrument")
    write_text(instrument, "name", origin.instrument)
    monochromator = make_group(instrument, "monochromator", "NXmonochromator")
    write_value(monochromator, "wavelength", wavelength, "angstrom")
    write_value(monochromator, "energy", HC / wavelength, "keV")
    source = make_group(instrument, "source", "NXsource")
    write_text(source, "name", origin.source_name)
    write_text(source, "type", origin.source_type)
    write_text(source, "probe", "x-ray")
    return instrument


def _write_reduction(entry: h5py.Group, origin: Origin, integrator: Integrator) -> h5py.Group:
    reduction = make_group(entry, "reduction", "NXprocess", default="picture")
    write_text(reduction, "program", "operando")
    write_text(reduction, "version", operando.__version__)
    write_text(reduction, "date", origin.date)
    write_text(reduction, "reference", REFERENCE)
    parameters = make_group(reduction, "input", "NXparameters")
    write_text(parameters, "poni", origin.poni)
    write_text(parameters, "pyFAI_version", pyFAI.version)
    write_text(parameters, "digest", integrator.digest, description="SHA-256 of the recipe and of the files it names")
    for key, value in integrator.recipe.document().items():
        if value is not None and value != ():
            write_value(parameters, key, json.dumps(value) if key in ("regions", "parasitic") else value)
    return reduction


def _write_data(entry: h5py.Group, integrator: Integrator) -> Table:
    """Write the group that the definition demands, its plot a spectrum of one frame at a time."""
    data = make_data(entry, "data", "I", [".", "radial_axis"], interpretation="spectrum", SILX_style=LOG_SCALE)
    if integrator.recipe.unit in RADIAL:
        name, unit = RADIAL[integrator.recipe.unit]
        write_value(data, "radial_axis", integrator.radial, unit, long_name=name)
    else:
        _write_spacings(data, integrator)
    shape = (len(integrator.radial),)
    columns = [Column("I", "arbitrary units", "intensity", "float32", shape)]
    if integrator.recipe.error_model is not None:
        columns.append(Column("I_errors", "arbitrary units", "estimated intensity error", "float32", shape))
    return Table(data, columns)


def _write_spacings(data: h5py.Group, integrator: Integrator) -> None:
    """Write the axis of q, which the definition demands, and beside it that of lattice spacings."""
    name, unit = RADIAL["q_nm^-1"]
    write_value(data, "radial_axis", integrator.q, unit, long_name=name)
    write_value(data, SPACING, integrator.radial, "angstrom", long_name="d")
    data.attrs[f"{SPACING}_indices"] = 1


def _write_picture(reduction: h5py.Group, data: h5py.Group, along: str) -> None:
    """Write what a scientist wants to see first: the patterns one above the other."""
    radial = SPACING if SPACING in data else "radial_axis"
    picture = make_data(
        reduction,
        "picture",
        "I",
        [along, radial],
        interpretation="image",
        SILX_style=LOG_SCALE,
        title="patterns",
    )
    link_fields(picture, data, ("I", radial, along))

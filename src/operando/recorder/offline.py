"""The recorder's integration without a run: detector images in, one NeXus file out."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fabio
import h5py
from numpy.typing import NDArray

import operando
from operando.analysis import Integrator
from operando.errors import AnalysisError, RecordError
from operando.recorder.around import write_excluded
from operando.recorder.cakes import plane_fields, region_columns
from operando.recorder.columns import NUMBER
from operando.recorder.layout import UNKNOWN, write_text
from operando.recorder.new_file import new_file
from operando.recorder.patterns import Origin, Patterns
from operando.recorder.table import Column
from operando.vocabulary import ParasiticMaterial, Recipe

AREA_DETECTOR = "/entry/data/data"
"""Where areaDetector's HDF5 plugin puts frames."""
NO_MONITOR = math.nan
"""Images that lie about come without one; a recipe that scales by it is refused."""
COLUMNS = (
    Column("frame", "", "frame, from 0, in the order given", "int64", (), -1),
    NUMBER,
    Column("file", "", "the image file", "text", (), ""),
    Column("file_index", "", "frame within the file, from 0", "int32", (), -1),
)


@dataclass(frozen=True, slots=True)
class Integrated:
    """What `integrate_files` did.

    Parameters
    ----------
    file : Path
        The NeXus file.
    frames : int
        Patterns in it.
    bins : int
        Of each pattern.
    """

    file: Path
    frames: int
    bins: int


def integrate_files(
    files: Sequence[Path], poni: str, recipe: Recipe, output: Path, parasitic: Sequence[ParasiticMaterial] = ()
) -> Integrated:
    """Integrate images into a NeXus file by NXazint1d; an interrupted one leaves no file.

    Parameters
    ----------
    files : sequence of Path
        TIFF, CBF, EDF, HDF5, one or many frames each, all of one shape.
    poni : str
        Text of the PONI file.
    recipe : Recipe
        What to do with them.
    output : Path
        A new file.
    parasitic : sequence of ParasiticMaterial
        What stands around the sample; the bins that it reaches are marked.

    Raises
    ------
    RecordError
        The output is there already or cannot be written, or an image cannot be read.
    AnalysisError
        Frames, geometry and recipe do not fit together.
    """
    with new_file(output) as file:
        return _write(file, files, poni, recipe, output, parasitic)


def images(path: Path) -> Iterator[NDArray[Any]]:
    """Yield the frames of an image file.

    Raises
    ------
    RecordError
        It cannot be read.
    """
    try:
        with fabio.open(f"{path}::{AREA_DETECTOR}" if _is_area_detectors(path) else str(path)) as image:
            for index in range(image.nframes):
                yield image.getframe(index).data if image.nframes > 1 else image.data
    except (OSError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise RecordError(f"{path}: {error}; an image that fabio reads is wanted; nothing was written") from error


def _is_area_detectors(path: Path) -> bool:
    if not h5py.is_hdf5(path):
        return False
    with h5py.File(path, "r") as file:
        return AREA_DETECTOR in file


def _write(
    file: h5py.File,
    files: Sequence[Path],
    poni: str,
    recipe: Recipe,
    output: Path,
    parasitic: Sequence[ParasiticMaterial],
) -> Integrated:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    file.attrs.update({"NX_class": "NXroot", "file_name": output.name, "file_time": now, "default": "xrd"})
    file.attrs.update({"creator": "operando", "creator_version": operando.__version__})
    origin = Origin(UNKNOWN, UNKNOWN, UNKNOWN, poni, now)
    patterns: Patterns | None = None
    integrator: Integrator | None = None
    for path in files:
        for index, image in enumerate(images(path)):
            if integrator is None or patterns is None:
                integrator = Integrator(poni, recipe, (image.shape[0], image.shape[1]))
                columns = (*COLUMNS, *region_columns(recipe))
                patterns = Patterns(file, "xrd", origin, integrator, columns, "frame", cakes="xrd_cake")
                write_excluded(patterns.entry, parasitic, integrator)
            pattern = integrator.integrate(image, NO_MONITOR)
            row = {"frame": patterns.length, "file": str(path), "file_index": index, **plane_fields(pattern, recipe)}
            patterns.append([{**row, "I": pattern.intensity, "I_errors": pattern.sigma}])
    if patterns is None:
        raise AnalysisError("no frame was given; nothing is integrated")
    for entry in filter(None, (patterns.entry, patterns.cake_entry)):
        write_text(entry, "title", f"{len(files)} files integrated")
        write_text(entry, "end_time", now)
    return Integrated(output, patterns.length, recipe.npt)

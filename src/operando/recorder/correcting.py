"""Darks and flat fields out of the frames of a run or an image file."""

import getpass
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fabio
import h5py
import numpy as np
from numpy.typing import NDArray

import operando
from operando.analysis.averaging import (
    Average,
    Averaged,
    BadPixels,
    bad_in_the_dark,
    bad_in_the_light,
    flat_field,
)
from operando.analysis.geometry import pixels, read_geometry
from operando.errors import AnalysisError, RecordError
from operando.recorder.calibrating import orientation_of, recipe_of
from operando.recorder.correction_file import classified, other_exposure, write_corrections
from operando.recorder.exposed import Exposed

KINDS = ("dark", "flat")
PLANS = {"take_darks": "dark", "take_flat": "flat"}
"""Plan → what its frames are."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be averaged.

    Parameters
    ----------
    source : Exposed
        The frames.
    kind : str
        One of `KINDS`, or nothing: the plan of the run says it.
    dark : Path or None
        To subtract from a flat field.
    poni : str
        For a flat field: text of the PONI, where the light comes from the sample; nothing for even light.
    exposure : float or None
        s, where the frames do not say it.
    limit : float
        Robust standard deviations beyond which a pixel of a dark is bad.
    bounds : (float, float)
        Relative response outside of which a pixel of a flat field is bad.
    who : str
        Who asked for it.
    mask : Path or None
        Pixels that are no data (not 0) for another reason: a beam stop, or those of a dark.
    """

    source: Exposed
    kind: str = ""
    dark: Path | None = None
    poni: str = ""
    exposure: float | None = None
    limit: float = 6.0
    bounds: tuple[float, float] = (0.5, 1.5)
    who: str = ""
    mask: Path | None = None


def make_corrections(order: Order, output: Path) -> dict[str, Any]:
    """Average frames into a file that a recipe takes; return what is in it, as plain values.

    Raises
    ------
    RecordError
        Frames cannot be read, or the output cannot be written.
    AnalysisError
        The frames are no darks or flat fields.
    """
    kind = order.kind or PLANS.get(order.source.plan, "")
    if kind not in KINDS:
        raise AnalysisError(
            f"{order.source.path}: is not of {' or '.join(PLANS)}; say what its frames are: {' or '.join(KINDS)}; "
            "nothing is written"
        )
    if output.exists():
        raise RecordError(f"{output}: exists already and is left as it is; name another file")
    if wrong := other_exposure(order.dark, _exposure(order)):
        raise AnalysisError(f"{wrong}; nothing is written")
    recipe = replace(recipe_of(order.source), mask=None, dark=None, flat=None)
    average = Average(recipe)
    for frame in order.source.frames():
        average.add(frame)
    averaged = average.result()
    given = None if order.mask is None else _read_mask(order.mask, averaged.mean.shape)
    table, bad = (_dark if kind == "dark" else _flat)(order, averaged)
    tables: dict[str, NDArray[Any]] = {
        kind: table.astype(np.float32),
        "mask": classified(bad, given),
        "spread": averaged.spread.astype(np.float32),
        "count": averaged.count,
    }
    origin = _origin(order, averaged)
    write_corrections(output, tables, origin)
    return {"file": str(output), "kind": kind, **origin, **_counts(table, averaged, bad), **_masked(tables["mask"])}


def _dark(order: Order, averaged: Averaged) -> tuple[NDArray[np.float64], BadPixels]:
    return averaged.mean, bad_in_the_dark(averaged, order.limit)


def _flat(order: Order, averaged: Averaged) -> tuple[NDArray[np.float64], BadPixels]:
    rows, columns = averaged.mean.shape
    gain = np.ones((rows, columns))
    if order.poni:
        recipe = recipe_of(order.source)
        geometry = read_geometry(order.poni, orientation_of(order.poni, recipe), (rows, columns))
        gain = np.asarray(geometry.solidAngleArray((rows, columns), True), np.float64)
    dark = None if order.dark is None else _read_dark(order.dark, (rows, columns))
    flat = flat_field(averaged, dark, gain)
    return flat, bad_in_the_light(averaged, flat, order.bounds)


def _read_dark(path: Path, shape: tuple[int, int]) -> NDArray[Any]:
    try:
        with h5py.File(path, "r") as file:
            dark = np.asarray(file["/entry/data/dark"])
    except (OSError, KeyError) as error:
        raise RecordError(f"{path}: {error}; a dark of `operando average` is wanted; nothing is written") from error
    if dark.shape != shape:
        raise AnalysisError(f"{path}: dark of {pixels(dark.shape)}, frames of {pixels(shape)}; nothing is written")
    return dark


def _read_mask(path: Path, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    try:
        if h5py.is_hdf5(path):
            with h5py.File(path, "r") as file:
                mask = np.asarray(file["/entry/data/mask"])
        else:
            with fabio.open(path) as image:
                mask = np.asarray(image.data)
    except (OSError, KeyError) as error:
        raise RecordError(f"mask {path}: {error}; nothing is written") from error
    if mask.shape != shape:
        raise AnalysisError(f"mask {path}: {pixels(mask.shape)}, frames of {pixels(shape)}; nothing is written")
    return np.asarray(mask != 0)


def _exposure(order: Order) -> float | None:
    """Return the s that each frame was exposed; None where nothing says."""
    return order.source.exposure if order.exposure is None else order.exposure


def _origin(order: Order, averaged: Averaged) -> dict[str, Any]:
    source = order.source
    known: dict[str, Any] = {
        "source": str(source.path),
        "run": source.told("uid"),
        "frames": averaged.frames,
        "frames_sha256": averaged.digest,
        "exposure_s": _exposure(order),
        "dark": None if order.dark is None else str(order.dark),
        "mask": None if order.mask is None else str(order.mask),
        "made_by": order.who or getpass.getuser(),
        "made_on": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": operando.__version__,
    }
    return {name: value for name, value in known.items() if value is not None}


def _counts(table: NDArray[np.float64], averaged: Averaged, bad: BadPixels) -> dict[str, Any]:
    good = table[~bad.all]
    return {
        "median": float(np.median(good)) if good.size else None,
        "median_spread": float(np.nanmedian(averaged.spread)) if averaged.frames > 1 else None,
        "marked_pixels": int(bad.marked.sum()),
        "high_pixels": int(bad.high.sum()),
        "low_pixels": int(bad.low.sum()),
        "unsteady_pixels": int(bad.unsteady.sum()),
    }


def _masked(mask: NDArray[Any]) -> dict[str, int]:
    return {"masked_pixels": int(np.count_nonzero(mask))}

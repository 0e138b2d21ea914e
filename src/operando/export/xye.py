"""Patterns as three columns for Rietveld programs: 2θ in degrees, intensity, standard deviation.

Comments begin with ``#``, as GSAS-II's importer (``G2pwd_xye.py``) and numpy want them. They hold no small q: GSAS-II
takes the second word of a comment with one for a wavelength, and the first column for q.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordError
from operando.export.record import nanoseconds, opened, seconds_to_ns
from operando.export.whole import write_whole
from operando.recorder.instants import iso8601
from operando.recorder.pattern_entry import PatternEntry, pattern_entries
from operando.recorder.tree import text_attribute, text_of

NM_PER_ANGSTROM = 0.1
KELVIN = 273.15
"""K at 0 °C."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was written.

    Parameters
    ----------
    files : tuple of Path
        One a pattern, or one for their mean.
    skipped : int
        Frames that hold no pattern.
    """

    files: tuple[Path, ...]
    skipped: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Where patterns come from, opened."""

    path: Path
    patterns: PatternEntry
    sigma: h5py.Dataset
    two_theta: NDArray[np.float64]
    wavelength: float


def export_xye(path: Path, folder: Path, rows: slice = slice(None), mean: bool = False) -> Written:
    """Write patterns into a folder, one file each, or their mean into one.

    Parameters
    ----------
    rows : slice
        Which frames, from 0; all of them must be there.
    mean : bool
        One file with the mean of them.

    Raises
    ------
    RecordError
        The file holds no such patterns, a file of that name exists already, or the folder does not take it.
    """
    with opened(path) as file:
        source = _source(path, file)
        chosen = _chosen(path, len(source.patterns), rows)
        names = [f"{path.stem}_{row:06d}.xye" for row in chosen]
        if mean:
            names = [f"{path.stem}_{chosen[0]:06d}-{chosen[-1]:06d}_mean.xye"]
        existing = [name for name in names if (folder / name).exists()]
        if existing:
            raise RecordError(
                f"{folder / existing[0]}: exists already and is left as it is; name another folder with --out"
            )
        return _write_mean(source, chosen, folder / names[0]) if mean else _write_each(source, chosen, folder, names)


def _chosen(path: Path, length: int, rows: slice) -> range:
    """Return the frames that a slice names, none of which may be missing."""
    if not length:
        raise RecordError(f"{path}: no patterns in it; nothing is exported as xye")
    first, end = rows.start or 0, length if rows.stop is None else rows.stop
    if 0 <= first < end <= length:
        return range(first, end)
    asked = f"{'' if rows.start is None else rows.start}:{'' if rows.stop is None else rows.stop}"
    raise RecordError(
        f"--frames {asked}: {path} has {length} frames, 0 to {length - 1}; FIRST:LAST with 0 <= FIRST < LAST <= "
        f"{length} is wanted, LAST not included; nothing is exported"
    )


def two_theta(q: NDArray[np.float64], wavelength: float) -> NDArray[np.float64]:
    """Return 2θ in degrees for q in nm⁻¹ and a wavelength in Å; NaN beyond what scatters.

    Examples
    --------
    >>> round(float(two_theta(np.array([20.0]), 0.20664)[0]), 4)
    3.7693
    """
    sine = q * NM_PER_ANGSTROM * wavelength / (4 * np.pi)
    return np.asarray(np.degrees(2 * np.arcsin(np.where(np.abs(sine) <= 1, sine, np.nan))), np.float64)


def _source(path: Path, file: h5py.File) -> _Source:
    for patterns in pattern_entries(file):
        sigma = patterns.entry.get("data/I_errors")
        if not isinstance(sigma, h5py.Dataset):
            raise RecordError(
                f"{path}: its patterns have no I_errors; integrate with an error_model to export xye, whose third "
                "column is the standard deviation"
            )
        wavelength = float(patterns.entry["instrument/monochromator/wavelength"][()])
        return _Source(path, patterns, sigma, _angles(patterns.entry["data/radial_axis"], wavelength), wavelength)
    raise RecordError(f"{path}: no patterns in it; nothing is exported as xye")


def _angles(axis: h5py.Dataset, wavelength: float) -> NDArray[np.float64]:
    values, unit = np.asarray(axis[()], np.float64), text_attribute(axis, "units") or ""
    if text_attribute(axis, "long_name") == "q":
        return two_theta(values if "nm" in unit else values / NM_PER_ANGSTROM, wavelength)
    return np.degrees(values) if unit.startswith("rad") else values


def _write_each(source: _Source, rows: range, folder: Path, names: list[str]) -> Written:
    files, skipped = [], 0
    for row, name in zip(rows, names, strict=True):
        intensity, sigma = np.asarray(source.patterns.patterns[row]), np.asarray(source.sigma[row])
        if np.all(np.isnan(intensity)):
            skipped += 1
            continue
        header = [f"frame = {row}", *_conditions(source, row, row)]
        files.append(_write(folder / name, source, header, intensity, sigma))
    return Written(tuple(files), skipped)


def _write_mean(source: _Source, rows: range, target: Path) -> Written:
    """Write the mean of patterns of equal weight; a bin counts where every pattern has it."""
    total, variance, count = np.zeros(len(source.two_theta)), np.zeros(len(source.two_theta)), 0
    for row in rows:
        intensity = np.asarray(source.patterns.patterns[row], np.float64)
        if not np.all(np.isnan(intensity)):
            total += intensity
            variance += np.asarray(source.sigma[row], np.float64) ** 2
            count += 1
    if not count:
        raise RecordError(f"{source.path}: frames {rows[0]} to {rows[-1]} hold no pattern; nothing is exported")
    header = [f"mean of {count} frames from {rows[0]} to {rows[-1]}", *_conditions(source, rows[0], rows[-1])]
    file = _write(target, source, header, total / count, np.sqrt(variance) / count)
    return Written((file,), len(rows) - count)


def _conditions(source: _Source, first: int, last: int) -> Iterator[str]:
    """Yield what the sample was at, as mean over the frames; GSAS-II finds the temperature by its name."""
    start = text_attribute(source.patterns.frames["time"], "start") if "time" in source.patterns.frames else None
    rows = slice(first, last + 1)
    if start:
        middle = seconds_to_ns(nanoseconds(start), np.asarray(source.patterns.frames["time"][rows]))
        yield f"time = {iso8601(int(middle[0]))}"
    for name, label, offset in (
        ("temperature", "temperature_K", KELVIN),
        ("stack_pressure", "stack_pressure_MPa", 0.0),
        ("voltage", "voltage_V", 0.0),
    ):
        column = source.patterns.column(name)
        known = column[rows][np.isfinite(column[rows])] if column is not None else np.empty(0)
        if known.size:
            yield f"{label} = {float(np.mean(known)) + offset:.6g}"


def _write(
    target: Path, source: _Source, header: list[str], intensity: NDArray[np.floating], sigma: NDArray[np.floating]
) -> Path:
    """Write the bins that have an intensity and a standard deviation above 0: a weight is its inverse square."""
    usable = np.isfinite(source.two_theta) & np.isfinite(intensity) & np.isfinite(sigma) & (sigma > 0)
    run = source.patterns.entry.get("entry_identifier")
    lines = [
        f"source = {source.path.name}",
        *([f"run = {text_of(run)}"] if isinstance(run, h5py.Dataset) else []),
        *header,
        f"wavelength_A = {source.wavelength:.8g}",
        *([f"{np.count_nonzero(~usable)} bins without intensity or sigma are left out"] if not usable.all() else []),
        "two_theta_deg intensity sigma",
    ]
    # A small q in a comment would make GSAS-II take the first column for q.
    head = "".join(f"# {line.replace('q', '%71')}\n" for line in lines)
    table = zip(source.two_theta[usable].tolist(), intensity[usable].tolist(), sigma[usable].tolist(), strict=True)
    body = "".join(f"{angle:.6f} {counts:.8g} {error:.8g}\n" for angle, counts, error in table)
    write_whole(target, [head, body])
    return target

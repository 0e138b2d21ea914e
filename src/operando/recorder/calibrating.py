"""Calibrating with the frames of a run or an image file, and what is said about it."""

import getpass
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyFAI
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

import operando
from operando.analysis.averaging import Average, Averaged
from operando.analysis.calibration import ALWAYS_FIXED, USUALLY_FIXED, Calibration, calibrate
from operando.analysis.control_points import STANDARDS, Picture
from operando.analysis.corrections import corrections
from operando.analysis.detector_position import Displacement, displacement
from operando.analysis.geometry import detector_orientation, read_geometry
from operando.analysis.ring_fit import PARAMETERS
from operando.errors import AnalysisError
from operando.recorder.exposed import Exposed
from operando.vocabulary import Recipe

PLAIN = Recipe(npt=1000, unit="q_nm^-1")
"""For an image file: only its marks are left out."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be calibrated, and from where.

    Parameters
    ----------
    source : Exposed
        The frames, all of one position of the detector; their mean is used.
    poni : str
        Text of the PONI file to start from.
    poni_name : str
        Its name, for the record.
    calibrant : str
        As `operando.analysis.control_points.standard` knows it.
    recipe : Recipe
        Orientation, mask, dark, flat, marks and saturation of the frames.
    fixed : frozenset of str
        What is not fitted, beside ``rot3``.
    who : str
        Who asked for it.
    """

    source: Exposed
    poni: str
    poni_name: str
    calibrant: str
    recipe: Recipe
    fixed: frozenset[str] = USUALLY_FIXED
    who: str = ""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A calibration, and where it comes from.

    Parameters
    ----------
    order : Order
        What was asked for.
    averaged : Averaged
        Its frames.
    calibration : Calibration
        What came out.
    """

    order: Order
    averaged: Averaged
    calibration: Calibration

    @property
    def moved(self) -> Displacement:
        """How far the detector stands from where the PONI says."""
        return displacement(self.calibration.start, self.calibration.found)


@dataclass(frozen=True, slots=True)
class Limits:
    """Up to where a geometry still fits.

    Parameters
    ----------
    centre : float
        Pixels.
    distance : float
        Relative.
    tilt : float
        rad.
    """

    centre: float = 0.5
    distance: float = 200e-6
    tilt: float = 1e-3

    def beyond(self, moved: Displacement) -> list[str]:
        """Return a line for each limit that is passed."""
        found = []
        if moved.centre > self.centre:
            found.append(f"beam centre moved by {moved.centre:.3f} pixels, limit {self.centre:g}")
        if abs(moved.distance) > self.distance:
            found.append(f"distance changed by {moved.distance * 1e6:+.0f} ppm, limit {self.distance * 1e6:g}")
        if moved.tilt > self.tilt:
            found.append(f"detector turned by {moved.tilt * 1e3:.3f} mrad, limit {self.tilt * 1e3:g}")
        return found


def recipe_of(source: Exposed) -> Recipe:
    """Return the recipe that the frames of a run were integrated with; for an image a plain one."""
    told = source.told("operando", "recipe")
    return PLAIN if told is None else Recipe.from_document(told)


def carry_out(order: Order) -> Calibrated:
    """Average the frames and fit the geometry.

    Raises
    ------
    RecordError
        The frames cannot be read.
    AnalysisError
        They do not fit: `operando.analysis.calibration.calibrate`.
    """
    average = Average(order.recipe)
    for frame in order.source.frames():
        average.add(frame)
    averaged = average.result()
    rows, columns = averaged.mean.shape
    geometry = read_geometry(order.poni, order.recipe.orientation, (rows, columns))
    picture = _picture(averaged, geometry, order)
    return Calibrated(order, averaged, calibrate(picture, geometry, order.fixed))


def _picture(averaged: Averaged, geometry: AzimuthalIntegrator, order: Order) -> Picture:
    """Return the mean frame, corrected for dark and flat; the rings' own corrections do not move them."""
    rows, columns = averaged.mean.shape
    plain = replace(order.recipe, solid_angle=False, polarization_factor=None)
    known = corrections(geometry, plain, (rows, columns))
    valid = known.valid & (averaged.count == averaged.frames)
    if not valid.any():
        raise AnalysisError(f"{order.source.path}: no pixel is data in all of its frames; nothing is calibrated")
    counts = (averaged.mean - (0.0 if known.dark is None else known.dark)) / known.gain
    return Picture(np.where(valid, counts, 0.0), ~valid, order.calibrant)


def orientation_of(poni: str, recipe: Recipe) -> int:
    """Return the orientation that a PONI names, or else that of the recipe."""
    return detector_orientation(poni) or recipe.orientation


def remarks(done: Calibrated, now: datetime | None = None) -> Iterator[str]:
    """Yield where a geometry comes from, line by line, for the head of its PONI file."""
    order, found = done.order, done.calibration
    when = (now or datetime.now(UTC)).isoformat(timespec="seconds")
    versions = f"operando {operando.__version__}, pyFAI {pyFAI.version}"
    yield f"Calibrant: {STANDARDS.get(order.calibrant, order.calibrant)}"
    yield f"Image: {order.source.path}"
    yield f"Calibrated: {when} by {order.who or getpass.getuser()} with {versions}"
    yield f"Frames: {done.averaged.frames}, SHA-256 of their counts {done.averaged.digest}"
    if uid := order.source.told("uid"):
        yield f"Run: {uid}"
    yield f"Started from: {order.poni_name}, SHA-256 {hashlib.sha256(order.poni.encode()).hexdigest()}"
    fixed = (name for name in PARAMETERS if name in order.fixed | ALWAYS_FIXED)
    yield f"Fitted: {', '.join(found.free)}; fixed: {', '.join(fixed)}"
    yield (
        f"Residuals: {found.spread:.3f} pixels rms of {found.points} points on {len(found.rings)} rings, "
        f"{found.left_out} points left out"
    )
    for doubt in found.doubts:
        yield f"Doubtful: {doubt}"
    known = found.uncertainty
    yield (
        f"Uncertainty: distance {known.distance * 1e6:.2f} um, beam centre {known.centre_row:.4f} (row) and "
        f"{known.centre_column:.4f} (column) pixels, rot1 {known.rot1 * 1e3:.4f} and rot2 {known.rot2 * 1e3:.4f} mrad, "
        f"wavelength {known.wavelength * 1e10:.6f} A"
    )
    for ring in found.rings:
        yield (
            f"Ring {ring.hkl or ring.number}: d {ring.spacing:.5f} A, {ring.points} points, off by "
            f"{ring.offset:+.3f} pixels ({ring.spacing_error * 1e6:+.0f} ppm of d), spread {ring.spread:.3f} pixels"
        )


def facts(done: Calibrated) -> dict[str, Any]:
    """Return what a calibration found, as plain values with the unit in the name."""
    found = done.calibration
    return {
        "calibrant": done.order.calibrant,
        "frames": done.averaged.frames,
        "frames_sha256": done.averaged.digest,
        "distance_mm": found.found.distance * 1e3,
        "distance_error_mm": found.uncertainty.distance * 1e3,
        "centre_row_px": found.found.centre_row,
        "centre_row_error_px": found.uncertainty.centre_row,
        "centre_column_px": found.found.centre_column,
        "centre_column_error_px": found.uncertainty.centre_column,
        "rot1_mrad": found.found.rot1 * 1e3,
        "rot1_error_mrad": found.uncertainty.rot1 * 1e3,
        "rot2_mrad": found.found.rot2 * 1e3,
        "rot2_error_mrad": found.uncertainty.rot2 * 1e3,
        "wavelength_A": found.found.wavelength * 1e10,
        "wavelength_error_A": found.uncertainty.wavelength * 1e10,
        "spread_px": found.spread,
        "points": found.points,
        "left_out": found.left_out,
        "centre_moved_px": done.moved.centre,
        "distance_moved_ppm": done.moved.distance * 1e6,
        "turned_mrad": done.moved.tilt * 1e3,
        "doubts": list(found.doubts),
        "rings": [
            {
                "hkl": ring.hkl,
                "d_A": ring.spacing,
                "two_theta_deg": float(np.degrees(ring.two_theta)),
                "points": ring.points,
                "offset_px": ring.offset,
                "spacing_error_ppm": ring.spacing_error * 1e6,
                "spread_px": ring.spread,
            }
            for ring in found.rings
        ],
    }

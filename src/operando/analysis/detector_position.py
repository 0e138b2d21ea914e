"""Where a detector stands, in the numbers that a frame of rings tells well.

A PONI's own numbers are nearly free to exchange with each other: a point of normal incidence 1 mm away and a tilt of
2 mrad at 0.5 m leave every ring where it is. Distance along the beam, beam centre and direction are each known by
themselves (pyFAI's Fit2D export has the same three).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyFAI.geometry import Geometry

from operando.errors import AnalysisError


@dataclass(frozen=True, slots=True)
class DetectorPosition:
    """Position of a detector, seen along the beam.

    Parameters
    ----------
    distance : float
        m, from the sample along the beam to the detector plane.
    centre_row, centre_column : float
        Pixels, where the beam meets the detector; 0.5 is the middle of the first pixel.
    rot1, rot2 : float
        rad, of the PONI.
    wavelength : float
        m.
    """

    distance: float
    centre_row: float
    centre_column: float
    rot1: float
    rot2: float
    wavelength: float

    def as_array(self) -> NDArray[np.float64]:
        """Return the numbers in the order of the fields."""
        return np.array([getattr(self, name) for name in FIELDS])

    @property
    def tilt(self) -> float:
        """Angle between the beam and the normal of the detector, rad."""
        return float(np.arccos(np.clip(self.normal[2], -1.0, 1.0)))

    @property
    def normal(self) -> NDArray[np.float64]:
        """Normal of the detector: up, sideways, along the beam."""
        cos1, cos2 = np.cos([self.rot1, self.rot2])
        sin1, sin2 = np.sin([self.rot1, self.rot2])
        return np.array([sin2 * cos1, -sin1, cos1 * cos2])


STEEPEST = 1.5
"""rad."""
FIELDS = ("distance", "centre_row", "centre_column", "rot1", "rot2", "wavelength")


def position_of(geometry: Geometry) -> DetectorPosition:
    """Return the position that a geometry describes.

    Raises
    ------
    AnalysisError
        The beam runs along the detector, or away from it.
    """
    angles = (geometry.rot1, geometry.rot2)
    return position(
        (geometry.dist, geometry.poni1, geometry.poni2, *angles, geometry.wavelength),
        (geometry.pixel1, geometry.pixel2),
    )


def position(values: Sequence[float], pixel: tuple[float, float]) -> DetectorPosition:
    """Return the position that the numbers of a PONI describe.

    Parameters
    ----------
    values : sequence of float
        Distance, poni1, poni2 in m, rot1, rot2 in rad, wavelength in m.
    pixel : (float, float)
        m, height and width.
    """
    length, poni1, poni2, rot1, rot2, wavelength = map(float, values)
    along = math.cos(rot1) * math.cos(rot2)
    if abs(rot1) >= STEEPEST or abs(rot2) >= STEEPEST:
        raise AnalysisError(
            f"detector turned by rot1 = {rot1:g}, rot2 = {rot2:g} rad: the beam does not meet it; "
            "its geometry is left as it is"
        )
    # The beam in the axes of the detector (pyFAI's rotations undone) is (sin rot2, -sin rot1 cos rot2, along).
    return DetectorPosition(
        distance=length / along,
        centre_row=(poni1 + length * math.sin(rot2) / along) / pixel[0],
        centre_column=(poni2 - length * math.tan(rot1)) / pixel[1],
        rot1=rot1,
        rot2=rot2,
        wavelength=wavelength,
    )


@dataclass(frozen=True, slots=True)
class Displacement:
    """How far a detector stands from where it was said to.

    Parameters
    ----------
    centre : float
        Pixels, of the beam centre, along both directions together.
    distance : float
        Relative.
    tilt : float
        rad, between the two normals.
    """

    centre: float
    distance: float
    tilt: float


def displacement(before: DetectorPosition, after: DetectorPosition) -> Displacement:
    """Return how far a detector has moved."""
    centre = np.hypot(after.centre_row - before.centre_row, after.centre_column - before.centre_column)
    sine = float(np.linalg.norm(np.cross(before.normal, after.normal)))
    return Displacement(
        centre=float(centre),
        distance=after.distance / before.distance - 1.0,
        tilt=float(np.arcsin(min(1.0, sine))),
    )

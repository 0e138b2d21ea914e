"""Points on the rings of a calibrant, as pyFAI finds them in a frame."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyFAI.calibrant import ALL_CALIBRANTS, Calibrant, get_calibrant
from pyFAI.geometryRefinement import GeometryRefinement
from pyFAI.goniometer import SingleGeometry
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.errors import AnalysisError

STANDARDS = {"CeO2": "CeO2", "LaB6": "LaB6_SRM660c", "Si": "Si_SRM640e"}
"""Plain names of the usual standards → pyFAI's: NIST SRM 674b, 660c, 640e. Any other name of pyFAI's may be used."""
POINTS_PER_DEGREE = 1.0
"""Along each ring."""
_SEED = 20061120


@dataclass(frozen=True, slots=True)
class Picture:
    """What is looked at: a frame of a calibrant.

    Parameters
    ----------
    frame : array, float
        Counts, corrected for dark and flat where there are any.
    masked : array, bool
        Pixels that are left out.
    calibrant : str
        A key of `STANDARDS`, or pyFAI's name.
    """

    frame: NDArray[Any]
    masked: NDArray[np.bool_]
    calibrant: str


def standard(name: str, wavelength: float) -> Calibrant:
    """Return pyFAI's calibrant of a name, for a wavelength in m.

    Raises
    ------
    AnalysisError
        There is none of that name.
    """
    chosen = STANDARDS.get(name, name)
    if chosen not in ALL_CALIBRANTS.keys():
        raise AnalysisError(
            f"calibrant {name!r}: unknown; the usual ones are {', '.join(STANDARDS)}, others: "
            f"{', '.join(sorted(ALL_CALIBRANTS.keys()))}; nothing is calibrated"
        )
    return get_calibrant(chosen, wavelength=wavelength)


def points_on_rings(picture: Picture, geometry: AzimuthalIntegrator, rings: int | None) -> GeometryRefinement:
    """Find points on the innermost rings, near where a geometry expects them.

    Parameters
    ----------
    picture : Picture
        The frame.
    geometry : AzimuthalIntegrator
        Roughly right: each ring lies nearer to its place than a quarter of the way to the next.
    rings : int or None
        How many, counted from the beam; None is all that reach the detector.

    Returns
    -------
    GeometryRefinement
        pyFAI's refinement, with the points as its data: row, column, number of the ring.

    Raises
    ------
    AnalysisError
        No point was found.
    """
    detector = geometry.detector
    detector.mask = picture.masked
    described = geometry.get_config()
    corrects_parallax = bool(described.pop("parallax", False))  # this class of pyFAI's does not take it from a table
    single = SingleGeometry(
        picture.calibrant,
        np.asarray(picture.frame, np.float32),
        calibrant=standard(picture.calibrant, geometry.wavelength),
        detector=detector,
        geometry=described,
    )
    if corrects_parallax:
        single.geometry_refinement.enable_parallax(True)
    with _the_same_choice_each_time():
        try:
            single.extract_cp(max_rings=rings, pts_per_deg=POINTS_PER_DEGREE)
        except (ValueError, IndexError) as error:
            raise AnalysisError(f"{picture.calibrant}: no ring was found ({error}); nothing is calibrated") from error
    refinement = single.geometry_refinement
    if refinement.data is None or np.ndim(refinement.data) != 2 or not len(refinement.data):
        raise AnalysisError(
            f"{picture.calibrant}: no point on a ring was found in the frame; is the calibrant in the beam, and the "
            "PONI to start from roughly right? Nothing is calibrated"
        )
    return refinement


@contextmanager
def _the_same_choice_each_time() -> Iterator[None]:
    """Make pyFAI's random choice of points repeatable, and quiet: it logs every ring."""
    state, logger = np.random.get_state(), logging.getLogger("pyFAI")
    level = logger.level
    np.random.seed(_SEED)
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        np.random.set_state(state)
        logger.setLevel(level)

"""Calibration: where the detector stands, from the rings of a powder whose lattice is certified.

The points on the rings are pyFAI's (`operando.analysis.control_points`), and so is the model of the geometry; they are
fitted in 2θ (`operando.analysis.ring_fit`), first on few rings, then on all.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.control_points import Picture, points_on_rings
from operando.analysis.detector_position import DetectorPosition, Displacement, displacement, position_of
from operando.analysis.ring_fit import FEWEST_POINTS, PARAMETERS, Ring, RingFit
from operando.errors import AnalysisError

ALWAYS_FIXED = frozenset({"rot3"})
"""Rings look the same however the detector is turned about the beam."""
USUALLY_FIXED = frozenset({"wavelength"})
"""One frame at one distance tells wavelength and distance apart by little more than the tangent."""
RINGS = (3, 10, None, None, None, None)
"""How many rings each round looks at; a poor start places the inner ones best."""
NEAR_ENOUGH = (0.01, 3e-6)
"""Pixels and relative distance: a round that moves the detector by less, or by less than it is known, is the last."""
LARGEST_SPREAD = 1.0
"""Pixels: points of rings that fit scatter by a few tenths."""
FEWEST_RINGS = 2
FAMILIAR = 1e-3
"""Relative change of distance or wavelength up to which nobody need wonder. Calibrants of one structure differ by more:
every ring of Si is one of CeO2, 0.36 % away, and fits with a distance that is wrong by as much."""
LARGEST_CHANGE = 0.05
"""Relative, of a fitted wavelength: a monochromator is known better than that."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A geometry fitted to a frame.

    Parameters
    ----------
    geometry : AzimuthalIntegrator
        pyFAI's, as it was found.
    start, found : DetectorPosition
        Where the detector was said to stand, and where it does.
    uncertainty : DetectorPosition
        Standard deviations of ``found``; 0 for what was fixed.
    free : tuple of str
        What was fitted.
    rings : tuple of Ring
        In the order of their angle.
    spread : float
        Pixels, root mean square of all points from their rings.
    points, left_out : int
        Fitted, and left out as too far from their ring.
    doubts : tuple of str
        Why it may be wrong although its rings fit.
    """

    geometry: AzimuthalIntegrator
    start: DetectorPosition
    found: DetectorPosition
    uncertainty: DetectorPosition
    free: tuple[str, ...]
    rings: tuple[Ring, ...]
    spread: float
    points: int
    left_out: int
    doubts: tuple[str, ...] = ()


def calibrate(picture: Picture, geometry: AzimuthalIntegrator, fixed: frozenset[str] = USUALLY_FIXED) -> Calibration:
    """Fit the geometry of a frame of a calibrant.

    Parameters
    ----------
    picture : Picture
        The frame.
    geometry : AzimuthalIntegrator
        To start from; left as it is.
    fixed : frozenset of str
        Names of `PARAMETERS` that are not fitted; ``rot3`` never is.

    Raises
    ------
    AnalysisError
        The rings do not fit: no calibrant in the beam, one of other rings, or a start too far away. One whose rings are
        those of the calibrant in another size does fit: `Calibration.doubts`.
    """
    free = _free(fixed)
    previous = start = position_of(geometry)
    with _cheap_collection():
        current = _copy(geometry)
        for rings in RINGS:
            fit = RingFit(points_on_rings(picture, current, rings))
            fit.fit(free if rings is None else tuple(name for name in free if name not in USUALLY_FIXED))
            current = _copy(fit.refinement)
            moved = displacement(previous, previous := position_of(current))
            settled = rings is None and _has_settled(moved, fit.uncertainty())
            if settled:
                break
    found = fit.rings()
    _refuse_misfit(picture.calibrant, fit, found)
    _refuse_wavelength(start, previous)
    return Calibration(
        geometry=current,
        start=start,
        found=previous,
        uncertainty=fit.uncertainty(),
        free=free,
        rings=found,
        spread=fit.spread,
        points=fit.points,
        left_out=fit.found - fit.points,
        doubts=tuple(_doubts(picture.calibrant, start, previous, None if settled else moved)),
    )


@contextmanager
def _cheap_collection() -> Iterator[None]:
    """Spare the garbage collector all that exists already: pyFAI calls it at every change of a geometry."""
    if gc.get_freeze_count():  # a process that keeps its collector frozen itself
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _free(fixed: frozenset[str]) -> tuple[str, ...]:
    unknown = fixed - set(PARAMETERS)
    if unknown:
        raise AnalysisError(
            f"fixed: {', '.join(sorted(unknown))}: unknown; allowed: {', '.join(PARAMETERS)}; nothing is calibrated"
        )
    free = tuple(name for name in PARAMETERS if name not in fixed | ALWAYS_FIXED)
    if not free:
        raise AnalysisError("every parameter is fixed; nothing is calibrated")
    return free


def _copy(geometry: AzimuthalIntegrator) -> AzimuthalIntegrator:
    made = AzimuthalIntegrator()
    made.set_config(geometry.get_config())
    return made


def _has_settled(moved: Displacement, known: DetectorPosition) -> bool:
    centre = max(NEAR_ENOUGH[0], known.centre_row, known.centre_column)
    return moved.centre <= centre and abs(moved.distance) <= max(NEAR_ENOUGH[1], known.distance)


def _doubts(
    calibrant: str, start: DetectorPosition, found: DetectorPosition, unsettled: Displacement | None
) -> Iterator[str]:
    """Yield why a geometry may be wrong although its rings fit; ``unsettled`` is what the last round moved it by."""
    for name, before, after in (
        ("distance", start.distance, found.distance),
        ("wavelength", start.wavelength, found.wavelength),
    ):
        change = after / before - 1.0
        if abs(change) > FAMILIAR:
            yield (
                f"{name} moved by {change * 1e6:+.0f} ppm from the start, usual are {FAMILIAR * 1e6:.0f}: "
                f"is it {calibrant}? Another calibrant of the same structure fits with a wrong {name}"
            )
    if unsettled is not None:
        yield (
            f"not settled after {len(RINGS)} rounds: the last one still moved the beam centre by "
            f"{unsettled.centre:.3f} pixels, the distance by {unsettled.distance * 1e6:+.0f} ppm; "
            "start again from what was found"
        )


def _refuse_misfit(calibrant: str, fit: RingFit, rings: tuple[Ring, ...]) -> None:
    where = "is it in the beam, is it this calibrant, and is the PONI to start from right to a few millimetres?"
    if fit.points < FEWEST_POINTS or len(rings) < FEWEST_RINGS:
        raise AnalysisError(
            f"{calibrant}: {fit.points} points on {len(rings)} rings found, at least {FEWEST_POINTS} on {FEWEST_RINGS} "
            f"are wanted; {where} Nothing is calibrated"
        )
    if fit.spread > LARGEST_SPREAD:
        raise AnalysisError(
            f"{calibrant}: the points stand {fit.spread:.2f} pixels (rms) from their rings, limit {LARGEST_SPREAD:g}; "
            f"{where} Nothing is calibrated"
        )


def _refuse_wavelength(start: DetectorPosition, found: DetectorPosition) -> None:
    change = found.wavelength / start.wavelength - 1.0
    if abs(change) > LARGEST_CHANGE:
        raise AnalysisError(
            f"wavelength: {found.wavelength * 1e10:.5f} Å fitted, {change:+.1%} from that of the start, limit "
            f"{LARGEST_CHANGE:.0%}; keep it fixed, or start from the right one; nothing is calibrated"
        )

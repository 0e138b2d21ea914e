"""Least squares of points on rings: the geometry, how each ring fits it, and how well it is known.

Points far from their ring, picked on a grain or a hot pixel, are left out. The uncertainty is that of clustered
residuals (C. Cameron and D. Miller, J. Human Resources 50 (2015) 317, eq. 11): points of one ring within a sector err
together, by texture, gaps and the shape of the line.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pyFAI.geometryRefinement import GeometryRefinement
from scipy.optimize import least_squares

from operando.analysis.detector_position import FIELDS, DetectorPosition, position

PARAMETERS = ("distance", "poni1", "poni2", "rot1", "rot2", "rot3", "wavelength")
"""As a PONI names them."""
FAR = 5.0
"""Robust standard deviations at which a point is left out."""
NOT_FAR = 0.01
"""Pixels: no point is left out for less."""
FEWEST_POINTS = 30
SECTORS = 24
"""Of each ring, for the uncertainty."""
STEP = 1e-6
"""rad, m, or Å: for the derivative of a position."""


@dataclass(frozen=True, slots=True)
class Ring:
    """How one ring fits.

    Parameters
    ----------
    number : int
        From 0, counted from the beam.
    hkl : str
        Its reflection, where pyFAI's file of the calibrant names it.
    spacing : float
        Å.
    two_theta : float
        rad, where the ring belongs.
    points : int
        On this ring.
    offset : float
        Pixels, mean of where they are less where the ring belongs; positive is outward.
    spacing_error : float
        The same as a relative error of the d spacing.
    spread : float
        Pixels, standard deviation around that mean.
    """

    number: int
    hkl: str
    spacing: float
    two_theta: float
    points: int
    offset: float
    spacing_error: float
    spread: float


class RingFit:
    """Fits a geometry to points on rings.

    Parameters
    ----------
    refinement : GeometryRefinement
        pyFAI's, with points as its data; changed by `fit`.
    """

    def __init__(self, refinement: GeometryRefinement) -> None:
        self.refinement = refinement
        self.found = len(refinement.data)
        """Points before any was left out."""
        self._jacobian = np.empty((0, 0))
        self._free: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        """How many there are now."""
        return len(self.refinement.data)

    def fit(self, free: tuple[str, ...]) -> None:
        """Fit some of `PARAMETERS`, and leave out what is far from its ring then."""
        self._free = free
        if not free:
            return
        self._solve()
        while True:
            distances = np.abs(self.offsets())
            near = distances <= max(FAR * 1.4826 * float(np.median(distances)), NOT_FAR)
            if near.all() or near.sum() < FEWEST_POINTS:
                return
            self.refinement.data = self.refinement.data[near]
            self._solve()

    def offsets(self, values: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
        """Return where the points are less where their rings belong, pixels outward.

        In pixels, and not in 2θ as pyFAI sums them: angles all shrink together where distance and wavelength are free.

        Parameters
        ----------
        values : array, optional
            `PARAMETERS` of another geometry, the wavelength in Å.
        """
        chosen = self._values() if values is None else values
        return self._angles(chosen) / self._pixel(chosen)

    def _angles(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the same in rad of 2θ."""
        rows, columns, rings = self.refinement.data.T[:3]
        return np.asarray(self.refinement.residu1_wavelength(values, rows, columns, rings), np.float64)

    @property
    def spread(self) -> float:
        """Root mean square of all points from their rings, pixels."""
        return float(np.sqrt(np.mean(self.offsets() ** 2)))

    def rings(self) -> tuple[Ring, ...]:
        """Return how each ring fits, in the order of their angle."""
        reflections = getattr(self.refinement.calibrant.config, "reflections", None) or ()
        spacings = np.asarray(self.refinement.calibrant.dspacing, np.float64)
        angles, pixels = self._angles(self._values()), self.offsets()
        numbers = self.refinement.data[:, 2].astype(int)
        found = []
        for number in np.unique(numbers):
            of_ring = numbers == number
            two_theta = float(self.refinement.calc_2th(np.array([number]))[0])
            found.append(
                Ring(
                    number=int(number),
                    hkl=_indices(reflections[number].hkl) if number < len(reflections) else "",
                    spacing=float(spacings[number]),
                    two_theta=two_theta,
                    points=int(of_ring.sum()),
                    offset=float(pixels[of_ring].mean()),
                    spacing_error=float(-angles[of_ring].mean() / 2.0 / np.tan(two_theta / 2.0)),
                    spread=float(pixels[of_ring].std()),
                )
            )
        return tuple(found)

    def uncertainty(self) -> DetectorPosition:
        """Return the standard deviations of the position that was fitted; 0 for what was fixed."""
        if not self._free:
            return DetectorPosition(*[0.0] * len(FIELDS))
        scores = self._jacobian * self.offsets()[:, np.newaxis]
        clusters = self._clusters()
        sums = np.zeros((int(clusters.max()) + 1, len(self._free)))
        np.add.at(sums, clusters, scores)
        inverse = np.linalg.pinv(self._jacobian.T @ self._jacobian)
        used = len(np.unique(clusters))
        covariance = inverse @ (sums.T @ sums) @ inverse * used / max(1, used - 1)
        slopes = self._slopes()
        return DetectorPosition(*np.sqrt(np.diag(slopes @ covariance @ slopes.T).clip(0.0)).tolist())

    def _solve(self) -> None:
        values = self._values()
        chosen = [PARAMETERS.index(name) for name in self._free]

        def offsets(candidate: NDArray[np.float64]) -> NDArray[np.float64]:
            values[chosen] = candidate
            return self.offsets(values)

        solution = least_squares(offsets, values[chosen].copy(), x_scale="jac", xtol=1e-10, ftol=1e-10, gtol=1e-15)
        values[chosen] = solution.x
        self._jacobian = np.asarray(solution.jac, np.float64)
        self._set(values)

    def _values(self) -> NDArray[np.float64]:
        geometry = self.refinement
        lengths = (geometry.dist, geometry.poni1, geometry.poni2, geometry.rot1, geometry.rot2, geometry.rot3)
        return np.array([*lengths, geometry.wavelength * 1e10], np.float64)

    def _set(self, values: NDArray[np.float64]) -> None:
        wavelength = [float(values[6]) * 1e-10] if "wavelength" in self._free else []
        self.refinement.set_param([*map(float, values[:6]), *wavelength])
        if wavelength:
            self.refinement.calibrant.setWavelength_change2th(wavelength[0])

    def _pixel(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the angle of a pixel along the radius at each point, rad."""
        two_theta = self.refinement.calc_2th(self.refinement.data[:, 2], values[6] * 1e-10)
        size = float(np.sqrt(self.refinement.pixel1 * self.refinement.pixel2))
        return np.asarray(np.cos(two_theta) ** 2 * size / self._position(values).distance)

    def _clusters(self) -> NDArray[np.int64]:
        """Return which ring and sector each point belongs to."""
        rows, columns, rings = self.refinement.data.T[:3]
        azimuth = self.refinement.chi(rows, columns)
        sector = np.floor((azimuth + np.pi) / (2.0 * np.pi) * SECTORS).astype(np.int64) % SECTORS
        return np.asarray(rings.astype(np.int64) * SECTORS + sector)

    def _slopes(self) -> NDArray[np.float64]:
        """Return the derivatives of the position with respect to what was fitted."""
        values = self._values()
        columns = []
        for name in self._free:
            step = np.zeros(len(PARAMETERS))
            step[PARAMETERS.index(name)] = STEP
            after, before = self._position(values + step), self._position(values - step)
            columns.append((after.as_array() - before.as_array()) / (2.0 * STEP))
        return np.array(columns).T

    def _position(self, values: NDArray[np.float64]) -> DetectorPosition:
        detector = self.refinement.detector
        seen = (*values[:5], values[6] * 1e-10)
        return position(seen, (detector.pixel1, detector.pixel2))


def _indices(hkl: object) -> str:
    """Write a reflection: ``1 1 1``."""
    return " ".join(str(index) for index in hkl) if isinstance(hkl, tuple | list) else str(hkl or "")

"""All lines of a lattice in one fit: variable projection.

Line intensities and background enter the model linearly and are solved for inside each step; only a, c and the line
shape are searched (G. H. Golub and V. Pereyra, SIAM J. Numer. Anal. 10 (1973) 413, doi:10.1137/0710036). No line is
negative (C. L. Lawson and R. J. Hanson, *Solving Least Squares Problems*, 1974).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

from operando.analysis.crystal import scattering_vector
from operando.analysis.profile import pseudo_voigt, voigt_width
from operando.analysis.search import REACH, Candidate
from operando.vocabulary import LatticeModel

Array = NDArray[np.float64]

_HALF_WINDOW = 4.0  # line widths on each side of a line: holds 92 % of a Lorentzian and enough background
_SHAPE_START = (
    0.8,
    0.1,
    0.2,
)  # Gaussian width, constant and proportional part of the Lorentzian's, in widths of the start
_EVALUATIONS = 60
_INDEPENDENT = 1e-9  # determinant of the correlation of a and c below which they are one
_LAGS = 4  # bins; a pixel reaches over no more
_STEP = 1e-7  # relative, of the numerical derivative
_SHAPE_LOW = (0.1, 0.0, 0.0)
_SHAPE_HIGH = (6.0, 6.0, 6.0)


@dataclass(frozen=True, slots=True)
class Solution:
    """The best lattice in one set of windows.

    Parameters
    ----------
    a, c : float
        Å.
    covariance : ndarray
        (2, 2), Å², of a and c, from the counting errors alone; infinite where the lines do not tell.
    width : float
        nm⁻¹, full width at half maximum in the middle of the lines.
    chi_square : float
        Reduced.
    gain : float
        χ² without the phase's lines less χ² with them.
    correlation : float
        Factor on variances for residuals that go together from bin to bin, 1 or more.
    misfit : float
        Weighted residual over weighted data above background, 0 to 1.
    at_bound : bool
        The lattice stopped at the end of its reach.
    """

    a: float
    c: float
    covariance: Array
    width: float
    chi_square: float
    gain: float
    correlation: float
    misfit: float
    at_bound: bool


class Windows:
    """The bins around the lines of one lattice, and the model in them.

    Parameters
    ----------
    q, intensity, sigma : ndarray
        Valid bins of the pattern, nm⁻¹ ascending.
    model : LatticeModel
        The phase and its neighbours.
    start : Candidate
        Where the lines are expected.
    """

    def __init__(self, q: Array, intensity: Array, sigma: Array, model: LatticeModel, start: Candidate) -> None:
        self.phase, self.start = model.phase, start
        expected = self._lines(start.a, start.c)
        self.middle = float(expected.mean())
        half = _HALF_WINDOW * start.width
        inside = (np.abs(q[:, None] - expected) < half).any(axis=1)
        self.q, self.weight = q[inside], 1 / sigma[inside]
        self._background = _background(self.q, self.weight, np.flatnonzero(inside))
        self._data = self._project(intensity[inside] * self.weight)
        self._neighbours = _fixed_lines(model, self.q, start.width)

    @property
    def free(self) -> int:
        """Number of bins less the number of parameters."""
        return len(self.q) - int(self._background.shape[1]) - len(self.phase.reflections) - len(self._neighbours) - 5

    def fit(self) -> Solution:
        """Return the best lattice; `free` must be above 0."""
        start, phase = self.start, self.phase
        low = np.array([phase.a * (1 - REACH), phase.c * (1 - REACH), *_SHAPE_LOW])
        high = np.array([phase.a * (1 + REACH), phase.c * (1 + REACH), *_SHAPE_HIGH])
        first = np.clip([start.a, start.c, *_SHAPE_START], low + 1e-9, high - 1e-9)
        scale = np.array([1e-3 * phase.a, 1e-3 * phase.c, 0.1, 0.1, 0.1])
        found = least_squares(
            self._residual,
            first,
            self._jacobian,
            (low, high),
            x_scale=scale,
            xtol=1e-7,
            ftol=1e-8,
            max_nfev=_EVALUATIONS,
        )
        axes = 1 if phase.system == "cubic" else 2
        from_bound = np.minimum(found.x - low, high - found.x) / (high - low)
        return self._solution(found.x, found.fun, _covariance(found.jac, axes), bool((from_bound[:axes] < 1e-3).any()))

    def _solution(self, parameters: Array, residual: Array, covariance: Array, at_bound: bool) -> Solution:
        rest, data = float(residual @ residual), float(self._data @ self._data)
        return Solution(
            a=float(parameters[0]),
            c=float(parameters[1]),
            covariance=covariance,
            width=float(self._shape(self.middle, parameters)[0]),
            chi_square=rest / self.free,
            gain=self._without_phase(parameters) - rest,
            correlation=_correlation(residual),
            misfit=float(np.sqrt(rest / data)) if data > 0 else 1.0,
            at_bound=at_bound,
        )

    def _lines(self, a: float, c: float) -> Array:
        return scattering_vector(self.phase.system, self.phase.reflections, a, c)

    def _project(self, weighted: Array) -> Array:
        """Take out what the background can describe."""
        return weighted - self._background @ (self._background.T @ weighted)

    def _all_lines(self, a: float, c: float) -> Array:
        return np.concatenate([self._lines(a, c), self._neighbours])

    def _profiles(self, lines: Array, parameters: Array) -> Array:
        """Return one profile a line along the last axis but those of the parameters."""
        width, mixing = self._shape(lines, parameters)
        return pseudo_voigt(self.q.reshape(-1, *[1] * lines.ndim) - lines, width, mixing)

    def _shape(self, lines: Array | float, parameters: Array) -> tuple[Array, Array]:
        """Return width and mixing of lines at q.

        Beam and pixels give a constant Gaussian, grain size a constant Lorentzian, strain one that grows with q.
        """
        gaussian, size, strain = parameters[2:] * self.start.width
        return voigt_width(gaussian, size + strain * lines / self.middle)

    def _columns(self, lines: Array, parameters: Array) -> Array:
        """Return one weighted, projected column for each line."""
        return self._project(self._profiles(lines, parameters) * self.weight[:, None])

    def _residual(self, parameters: Array) -> Array:
        """Return the weighted residual at the best intensities."""
        columns = self._columns(self._all_lines(parameters[0], parameters[1]), parameters)
        return np.asarray(self._data - columns @ nnls(columns, self._data)[0])

    def _jacobian(self, parameters: Array) -> Array:
        """Return the derivative of `_residual` with the intensities following (L. Kaufman, BIT 15 (1975) 49)."""
        lines = self._all_lines(parameters[0], parameters[1])
        columns = self._columns(lines, parameters)
        intensities = nnls(columns, self._data)[0]
        present = intensities > 0
        steps = _STEP * np.array([self.phase.a, self.phase.c, 1.0, 1.0, 1.0])
        beside = parameters[:, None] + np.diag(steps)
        moved = np.repeat(lines[:, None], len(steps), axis=1)
        moved[:, 0], moved[:, 1] = (
            self._all_lines(beside[0, 0], beside[1, 0]),
            self._all_lines(beside[0, 1], beside[1, 1]),
        )
        profiles = np.einsum("qlp,l->qp", self._profiles(moved[present], beside), intensities[present])
        change = self._project(profiles * self.weight[:, None]) - (columns @ intensities)[:, None]
        taken, _ = np.linalg.qr(columns[:, present])
        return np.asarray((taken @ (taken.T @ change) - change) / steps)

    def _without_phase(self, parameters: Array) -> float:
        """Return χ² of background and neighbours alone."""
        if not len(self._neighbours):
            return float(self._data @ self._data)
        return float(nnls(self._columns(self._neighbours, parameters), self._data)[1]) ** 2


def _background(q: Array, weight: Array, bins: NDArray[np.intp]) -> Array:
    """Return an orthonormal basis of a straight line in each run of bins."""
    run = np.cumsum(np.diff(bins, prepend=bins[:1]) > 1)
    columns = []
    for number in range(int(run[-1]) + 1 if len(run) else 0):
        inside = (run == number) * weight
        columns += [inside, inside * (q - q[run == number].mean())]
    return np.linalg.qr(np.stack(columns, axis=1))[0] if columns else np.zeros((len(q), 0))


def _fixed_lines(model: LatticeModel, q: Array, width: float) -> Array:
    """Return q of the neighbours' lines that reach into the windows."""
    lines = [scattering_vector(phase.system, phase.reflections, phase.a, phase.c) for phase in model.neighbours]
    together = np.concatenate([np.zeros(0), *lines])
    return together[(np.abs(together[:, None] - q) < 2 * width).any(axis=1)]


def _correlation(residual: Array) -> float:
    """Return 1 + 2·(the first autocorrelations): J.-F. Bérar and P. Lelann, J. Appl. Cryst. 24 (1991) 1.

    A pixel that is split counts in several bins, whose errors then are not their own; nor are those of a wrong profile.
    """
    power = float(residual @ residual)
    together = sum(float(residual[lag:] @ residual[:-lag]) for lag in range(1, _LAGS + 1))
    return max(1.0, 1 + 2 * together / power) if power > 0 else 1.0


def _covariance(jacobian: Array, axes: int) -> Array:
    """Return the covariance of a and c with the line shape free; of a alone for one axis."""
    lattice, shape = jacobian[:, :axes], jacobian[:, 2:]
    own = lattice - shape @ np.linalg.lstsq(shape, lattice)[0]
    strength = np.linalg.norm(own, axis=0)
    covariance = np.zeros((2, 2))
    correlation = own.T @ own / np.outer(strength, strength) if strength.all() else np.zeros((axes, axes))
    if np.linalg.det(correlation) > _INDEPENDENT:
        covariance[:axes, :axes] = np.linalg.inv(correlation) / np.outer(strength, strength)
    else:
        covariance[:axes, :axes] = np.inf
    return covariance

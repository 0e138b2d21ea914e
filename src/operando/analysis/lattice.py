"""Lattice parameters of a pattern.

One parametric fit for all reflections: their positions follow from a and c, so that two lines that cross stay two.
Windows around the lines move with the lattice; lines of fixed-lattice neighbours inside them are part of the model.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.analysis.joint import Solution, Windows
from operando.analysis.search import Candidate, at_lattice, candidates
from operando.vocabulary import LatticeModel

Array = NDArray[np.float64]

_STARTS = 6
_SETTLED = 2
_ROUNDS = 4
_MOVED = 0.5  # line widths: windows further than this from their lines are set anew

_GAIN_LIMIT = 120.0  # of χ² explained by the phase; the best of all starts reached 51 in eighty patterns of pure noise
_ERROR_LIMIT = 5e-4  # relative error of a and c; NMC811 moves by 2e-2 along a charge
_CHI_SQUARE_LIMIT = 4.0
_MISFIT_LIMIT = 0.35  # of the signal above background


@dataclass(frozen=True, slots=True)
class LatticeFit:
    """Lattice parameters with their errors, and whether to believe them.

    Parameters
    ----------
    a, c : float
        Å; equal for a cubic phase. NaN where nothing could be fitted.
    a_error, c_error : float
        Å, one standard deviation, enlarged by √chi_square where the model misses more than the counting error.
    chi_square : float
        Reduced.
    trusted : bool
        False with a ``reason``; then the numbers are not results.
    reason : str
        Why not; empty when trusted.
    """

    a: float
    c: float
    a_error: float
    c_error: float
    chi_square: float
    trusted: bool
    reason: str


def fit_lattice(
    q: Array,
    intensity: Array,
    sigma: Array | None,
    model: LatticeModel,
    start: LatticeFit | None = None,
    used: NDArray[np.bool_] | None = None,
) -> LatticeFit:
    """Fit a and c of the model's phase.

    Parameters
    ----------
    q : ndarray
        nm⁻¹, ascending and evenly spaced.
    intensity : ndarray
        The pattern.
    sigma : ndarray or None
        Its standard deviation; bins with 0 are left out. None: estimated from the scatter from bin to bin.
    model : LatticeModel
        The phase wanted and the phases beside it.
    start : LatticeFit or None
        The fit of the frame before. Of it only a and c are used, and only when trusted; the result comes four times
        sooner and is that of a fit without it to well within its error, but not to the last bit.
    used : ndarray or None
        False in bins that reflections of something else reach; they are left out.

    Returns
    -------
    LatticeFit
        Untrusted, with the reason, where there is nothing to fit.
    """
    q, intensity = np.asarray(q, np.float64), np.asarray(intensity, np.float64)
    sigma = _scatter(intensity) if sigma is None else np.asarray(sigma, np.float64)
    wanted = np.ones(len(q), bool) if used is None else used
    valid = np.isfinite(intensity) & np.isfinite(sigma) & (sigma > 0) & wanted
    if valid.sum() < wanted.sum() // 2 or not np.any(intensity[valid]):
        return _nothing("no counts in the pattern")
    filled = np.interp(q, q[valid], intensity[valid]), np.where(valid, sigma, 1e6 * sigma[valid].max())
    data = q[valid], intensity[valid], sigma[valid]
    if start is not None and start.trusted:
        again = _settle(data, model, at_lattice(q, *filled, model.phase, start.a, start.c))
        if again is not None and not _doubts(again):
            return _fit(again, model)
    found = _best(data, model, candidates(q, *filled, model.phase, _STARTS))
    return _nothing("the pattern does not reach the lines of the phase") if found is None else _fit(found, model)


def _best(data: tuple[Array, Array, Array], model: LatticeModel, starts: list[Candidate]) -> Solution | None:
    """Fit from every start and settle the most promising."""
    windows = [Windows(*data, model, start) for start in starts]
    rough = sorted((each.fit() for each in windows if each.free > 0), key=lambda found: -found.gain)
    settled = [_settle(data, model, Candidate(0.0, found.a, found.c, found.width)) for found in rough[:_SETTLED]]
    return max((found for found in settled if found is not None), key=lambda found: found.gain, default=None)


def _settle(data: tuple[Array, Array, Array], model: LatticeModel, start: Candidate) -> Solution | None:
    """Fit, and set the windows anew, until they stand where the lines are."""
    found = None
    for _ in range(_ROUNDS):
        windows = Windows(*data, model, start)
        if windows.free < 1:
            return found
        found = windows.fit()
        last, start = start, Candidate(0.0, found.a, found.c, found.width)
        shift = max(abs(start.a / last.a - 1), abs(start.c / last.c - 1)) * windows.middle
        if shift < _MOVED * found.width and 1 / 1.3 < start.width / last.width < 1.3:
            break
    return found


def _doubts(found: Solution) -> str:
    """Say why a solution cannot be trusted; empty when it can."""
    a_error, c_error = _errors(found)
    if found.gain < _GAIN_LIMIT * max(1.0, found.chi_square) * found.correlation:
        return "no lines of the phase above the noise"
    if found.at_bound:
        return "the lattice left the reach of the material's starting values"
    if found.chi_square > _CHI_SQUARE_LIMIT and found.misfit > _MISFIT_LIMIT:
        return f"the model misses {found.misfit:.0%} of the signal (reduced chi-square {found.chi_square:.3g})"
    if not (a_error < _ERROR_LIMIT * found.a and c_error < _ERROR_LIMIT * found.c):
        return f"too uncertain: a ± {a_error:.2g} Å, c ± {c_error:.2g} Å"
    return ""


def _errors(found: Solution) -> tuple[float, float]:
    """Return one standard deviation of a and c in Å."""
    a_error, c_error = np.sqrt(np.diag(found.covariance) * max(1.0, found.chi_square) * found.correlation)
    return float(a_error), float(c_error)


def _fit(found: Solution, model: LatticeModel) -> LatticeFit:
    a_error, c_error = _errors(found)
    cubic = model.phase.system == "cubic"
    doubt = _doubts(found)
    return LatticeFit(
        a=found.a,
        c=found.a if cubic else found.c,
        a_error=a_error,
        c_error=a_error if cubic else c_error,
        chi_square=found.chi_square,
        trusted=not doubt,
        reason=doubt,
    )


def _nothing(reason: str) -> LatticeFit:
    return LatticeFit(math.nan, math.nan, math.nan, math.nan, math.nan, trusted=False, reason=reason)


def _scatter(intensity: Array) -> Array:
    """Estimate one standard deviation for all bins from second differences, by their median."""
    second = np.diff(intensity, 2)
    return np.full(len(intensity), 1.4826 * float(np.median(np.abs(second))) / math.sqrt(6) if len(second) else 0.0)

"""Where a lattice fit begins: a look over every lattice within reach.

A line at q scores by how far a bump there rises above its surroundings, in standard deviations; a lattice scores by the
sum over its reflections. The best few, well apart, are starting points; the fit then tells them apart.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.analysis.crystal import scattering_vector
from operando.vocabulary import Phase

Array = NDArray[np.float64]

REACH = 0.03
"""Largest relative change of a lattice parameter from the material's starting value (NMC811 needs 0.021)."""

_WIDTHS = (3.0, 6.0, 12.0)  # bins; a bump still scores well when its width is off by a factor of 1.5
_FINE_WIDTHS = (3.0, 4.2, 6.0, 8.5, 12.0)
_SEPARATION = 2  # grid steps of half a width each, between two starting points


@dataclass(frozen=True, slots=True, order=True)
class Candidate:
    """A lattice to start from: its score, a and c in Å, and the width of its lines in nm⁻¹."""

    score: float
    a: float
    c: float
    width: float


def candidates(q: Array, intensity: Array, sigma: Array, phase: Phase, count: int) -> list[Candidate]:
    """Return the ``count`` best starting points, the best first.

    Parameters
    ----------
    q : ndarray
        nm⁻¹, evenly spaced.
    intensity, sigma : ndarray
        The pattern and its standard deviation.
    phase : Phase
        Reflections and starting values.
    count : int
        How many.
    """
    step = float(q[1] - q[0])
    found = [
        candidate
        for bins in _WIDTHS
        for candidate in _best_lattices(q, bump_scores(intensity, sigma, bins), phase, bins * step, count)
    ]
    return sorted(found, reverse=True)[:count]


def at_lattice(q: Array, intensity: Array, sigma: Array, phase: Phase, a: float, c: float) -> Candidate:
    """Return the starting point at one lattice, with the width that suits its lines best."""
    lines = scattering_vector(phase.system, phase.reflections, a, c)
    step = float(q[1] - q[0])
    return max(
        Candidate(float(_score(q, bump_scores(intensity, sigma, bins), lines)), a, c, bins * step)
        for bins in _FINE_WIDTHS
    )


def _score(q: Array, scores: Array, lines: Array) -> Array:
    """Add up the lines along the first axis; the root keeps one beyond all doubt from outvoting the others."""
    return np.asarray(np.sqrt(np.clip(np.interp(lines, q, scores, left=0.0, right=0.0), 0, None)).sum(axis=0))


def bump_scores(intensity: Array, sigma: Array, bins: float) -> Array:
    """Return for each bin the height of a bump over its own error.

    The bump is a Gaussian less its mean over three widths, so that neither a constant nor a slope makes one.

    Parameters
    ----------
    intensity, sigma : ndarray
        The pattern and its standard deviation.
    bins : float
        Full width at half maximum of the bump, in bins.
    """
    reach = round(1.5 * bins)
    kernel = np.exp(-4 * np.log(2) * (np.arange(-reach, reach + 1) / bins) ** 2)
    kernel -= kernel.mean()
    noise = np.sqrt(np.convolve(sigma**2, kernel**2, "same"))
    scores = np.convolve(intensity, kernel, "same") / np.where(noise > 0, noise, np.inf)
    scores[:reach] = scores[len(scores) - reach :] = 0.0
    return scores


def _best_lattices(q: Array, scores: Array, phase: Phase, width: float, count: int) -> list[Candidate]:
    """Return the best lattices of a grid, fine enough that no line of that width is stepped over."""
    reach = scattering_vector(phase.system, phase.reflections, phase.a, phase.c).max() * REACH
    steps = int(np.ceil(2 * reach / width))
    a = phase.a * np.linspace(1 - REACH, 1 + REACH, 2 * steps + 1)
    c = (
        phase.c * np.linspace(1 - REACH, 1 + REACH, 2 * steps + 1)
        if phase.system == "hexagonal"
        else np.array([phase.c])
    )
    lines = scattering_vector(phase.system, phase.reflections, a[:, None], c[None, :])
    score = _score(q, scores, lines)
    found = []
    for _ in range(count):
        i, j = np.unravel_index(np.argmax(score), score.shape)
        found.append(Candidate(float(score[i, j]), float(a[i]), float(c[j]), width))
        near_i, near_j = (slice(max(0, k - _SEPARATION), k + _SEPARATION + 1) for k in (int(i), int(j)))
        score[near_i, near_j] = -1.0
    return found

"""Impedance spectra: a Randles circuit whose arcs may be depressed, with uncertainties; and what a spectrum is worth.

The circuit is an inductance (the leads), a resistance, arcs and a Warburg element in series. An arc is a resistance
beside a constant phase element, R / (1 + (jωτ)^α), called ZARC. For an electrode whose double layer is charged long
before diffusion is felt this is the circuit of Randles (Discuss. Faraday Soc. 1 (1947) 11) itself.
"""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares, nnls

Array = NDArray[np.float64]
Complex = NDArray[np.complex128]

_EXPONENTS = 0.4, 1.0
_STARTING_EXPONENT = 0.9
_STARTS = 8
"""Times per arc that are tried, at equal distances over the spectrum."""
_REFINED = 3
_MISFIT_LIMIT = 0.03
_ERROR_LIMIT = 0.5


@dataclass(frozen=True, slots=True)
class Arc:
    """One arc; errors are one standard deviation.

    Parameters
    ----------
    resistance, resistance_error : float
        Ω, its width on the real axis.
    frequency, frequency_error : float
        Hz, of its top.
    exponent, exponent_error : float
        1 for a semicircle, less for a depressed one.
    """

    resistance: float
    resistance_error: float
    frequency: float
    frequency_error: float
    exponent: float
    exponent_error: float

    @property
    def capacity(self) -> float:
        """Capacity (F) of a semicircle with the same width and top."""
        return 1.0 / (2.0 * math.pi * self.frequency * self.resistance) if self.resistance > 0.0 else math.nan


@dataclass(frozen=True, slots=True)
class ImpedanceFit:
    """What a spectrum is made of, and whether to believe it; errors are one standard deviation.

    Parameters
    ----------
    ohmic, ohmic_error : float
        Ω.
    arcs : tuple of Arc
        From high to low frequency.
    warburg, warburg_error : float
        Ω/√s; the element is ``warburg (1 - j) / √ω``.
    inductance, inductance_error : float
        H.
    misfit : float
        rms of what the circuit misses, relative to the magnitude.
    trusted : bool
        False with a ``reason``; then the numbers are not results.
    reason : str
        Why not; empty when trusted.
    """

    ohmic: float
    ohmic_error: float
    arcs: tuple[Arc, ...]
    warburg: float
    warburg_error: float
    inductance: float
    inductance_error: float
    misfit: float
    trusted: bool
    reason: str

    def impedance(self, frequency: Array) -> Complex:
        """Return the circuit's impedance (Ω) at frequencies (Hz)."""
        times = np.array([1.0 / (2.0 * math.pi * arc.frequency) for arc in self.arcs])
        shape = np.concatenate([np.log(times), [arc.exponent for arc in self.arcs]])
        weights = [self.ohmic, *(arc.resistance for arc in self.arcs), self.warburg, self.inductance]
        impedance: Complex = _elements(np.asarray(frequency, np.float64), shape, True) @ np.asarray(weights)
        return impedance


def fit_impedance(frequency: Array, impedance: Complex, arcs: int = 1, *, warburg: bool = True) -> ImpedanceFit:
    """Fit the circuit to a spectrum, every point with the same relative weight.

    Parameters
    ----------
    frequency : ndarray
        Hz, in any order.
    impedance : ndarray of complex
        Ω; capacitive below the real axis. Points that are not finite are left out.
    arcs : int
        How many.
    warburg : bool
        Whether there is a Warburg element.

    Returns
    -------
    ImpedanceFit
        Untrusted, with the reason, where the circuit does not describe the spectrum or the spectrum does not fix it.
    """
    frequency, impedance = np.asarray(frequency, np.float64), np.asarray(impedance, np.complex128)
    good = (frequency > 0.0) & np.isfinite(frequency) & np.isfinite(impedance) & (np.abs(impedance) > 0.0)
    frequency, impedance = frequency[good], impedance[good]
    free = 2 * len(frequency) - (3 * arcs + 2 + warburg)
    if free < 4:
        return _nothing(f"{len(frequency)} points are too few for {arcs} arc(s)")
    values, covariance, misfit = _best(frequency, impedance, arcs, warburg, free)
    return _fit(values, np.sqrt(np.diag(covariance)), arcs, warburg, misfit, frequency)


def kramers_kronig(frequency: Array, impedance: Complex) -> Complex:
    """Return how far a spectrum is from any linear, causal and steady one, relative to its magnitude.

    Every such spectrum is a sum of resistances with capacities; what the best sum misses (Boukamp, J. Electrochem.
    Soc. 142 (1995) 1885) is noise, or a cell that changed while it was measured: real and imaginary parts a few
    per mille for a good spectrum.

    Parameters
    ----------
    frequency : ndarray
        Hz.
    impedance : ndarray of complex
        Ω.
    """
    omega = 2.0 * math.pi * np.asarray(frequency, np.float64)
    impedance = np.asarray(impedance, np.complex128)
    count = max(2, min(len(omega) // 2, round(4 * math.log10(omega.max() / omega.min()))))
    times = np.geomspace(1.0 / omega.max(), 1.0 / omega.min(), count)
    relaxing = 1.0 / (1.0 + 1j * omega[:, None] * times)
    elements: Complex = np.column_stack([np.ones_like(omega), relaxing, 1j * omega, 1.0 / (1j * omega)])
    weighted: Complex = elements / np.abs(impedance)[:, None]
    design = _split(weighted)
    norm = np.linalg.norm(design, axis=0)
    unity: Complex = impedance / np.abs(impedance)
    found = np.linalg.lstsq(design / norm, _split(unity))[0]
    missed: Complex = (impedance - elements @ (found / norm)) / np.abs(impedance)
    return missed


def _best(frequency: Array, impedance: Complex, arcs: int, warburg: bool, free: int) -> tuple[Array, Array, float]:
    """Return the best parameters of several starts, their covariance, and the rms misfit."""
    weight = 1.0 / np.abs(impedance)
    target = _split(impedance * weight)

    def shaped(shape: Array) -> Array:
        weighted: Complex = _elements(frequency, shape, warburg) * weight[:, None]
        return _split(weighted)

    starts = []
    times = np.log(1.0 / (2.0 * math.pi * np.geomspace(frequency.min(), frequency.max(), _STARTS + 2)[1:-1]))
    for chosen in itertools.combinations(times, arcs):
        shape = np.array([*sorted(chosen), *[_STARTING_EXPONENT] * arcs])
        design = shaped(shape)
        norm = np.linalg.norm(design, axis=0)
        weights, missed = nnls(design / norm, target)
        starts.append((missed, np.concatenate([weights / norm, shape])))
    starts.sort(key=lambda start: float(start[0]))
    linear = 1 + arcs + warburg + 1
    lowest = np.concatenate([np.zeros(linear), np.full(arcs, times.min() - 12.0), np.full(arcs, _EXPONENTS[0])])
    highest = np.concatenate([np.full(linear, np.inf), np.full(arcs, times.max() + 12.0), np.full(arcs, _EXPONENTS[1])])
    scale = np.concatenate([1.0 / np.linalg.norm(shaped(starts[0][1][linear:]), axis=0), np.ones(2 * arcs)])

    def missing(values: Array) -> Array:
        return shaped(values[linear:]) @ values[:linear] - target

    solutions = [
        least_squares(missing, np.clip(start, lowest, highest), bounds=(lowest, highest), x_scale=scale)
        for _, start in starts[:_REFINED]
    ]
    best = min(solutions, key=lambda solution: float(solution.cost))
    jacobian = best.jac * scale
    covariance = np.linalg.pinv(jacobian.T @ jacobian) * np.outer(scale, scale) * 2.0 * best.cost / free
    return best.x, covariance, math.sqrt(2.0 * best.cost / len(frequency))


def _elements(frequency: Array, shape: Array, warburg: bool) -> Complex:
    """Return the impedance of each element for a weight of 1: ohmic, arcs, Warburg, inductance."""
    omega = 2.0 * math.pi * frequency
    arcs = len(shape) // 2
    columns: list[Complex] = [np.ones(len(omega), np.complex128)]
    columns += [1.0 / (1.0 + (1j * omega * math.exp(shape[arc])) ** shape[arcs + arc]) for arc in range(arcs)]
    if warburg:
        columns.append(np.asarray((1.0 - 1j) / np.sqrt(omega), np.complex128))
    columns.append(np.asarray(1j * omega, np.complex128))
    return np.column_stack(columns)


def _split(values: Complex) -> Array:
    return np.concatenate([values.real, values.imag])


def _fit(values: Array, errors: Array, arcs: int, warburg: bool, misfit: float, frequency: Array) -> ImpedanceFit:
    linear = 1 + arcs + warburg + 1
    found = []
    for index in np.argsort(values[linear : linear + arcs]):
        time, exponent = linear + index, linear + arcs + index
        top = 1.0 / (2.0 * math.pi * math.exp(values[time]))
        resistance = float(values[1 + index]), float(errors[1 + index])
        found.append(Arc(*resistance, top, top * float(errors[time]), float(values[exponent]), float(errors[exponent])))
    doubt = _doubt(found, misfit, frequency)
    return ImpedanceFit(
        ohmic=float(values[0]),
        ohmic_error=float(errors[0]),
        arcs=tuple(found),
        warburg=float(values[1 + arcs]) if warburg else 0.0,
        warburg_error=float(errors[1 + arcs]) if warburg else 0.0,
        inductance=float(values[linear - 1]),
        inductance_error=float(errors[linear - 1]),
        misfit=misfit,
        trusted=not doubt,
        reason=doubt,
    )


def _doubt(arcs: list[Arc], misfit: float, frequency: Array) -> str:
    """Say why a fit cannot be trusted; empty when it can."""
    if not misfit < _MISFIT_LIMIT:
        return f"the circuit misses {misfit:.0%} of the spectrum (rms)"
    for number, arc in enumerate(arcs, start=1):
        if not frequency.min() <= arc.frequency <= frequency.max():
            return f"arc {number} has its top at {arc.frequency:.3g} Hz, outside the spectrum"
        if not arc.resistance_error < _ERROR_LIMIT * arc.resistance:
            return f"arc {number} is too uncertain: {arc.resistance:.3g} ± {arc.resistance_error:.2g} Ω"
    return ""


def _nothing(reason: str) -> ImpedanceFit:
    nan = math.nan
    return ImpedanceFit(nan, nan, (), nan, nan, nan, nan, nan, False, reason)

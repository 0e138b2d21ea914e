"""What the cell scatters without its sample, and what is left when that is taken off.

Behind a sample of transmission T the windows of a cell are lit, or their rays reach the detector, weaker by T. So a
blank B, measured with the same cell but no sample, is scaled by how much of the beam came through, cell against blank,
and by how much came in: I − k·B with k = (M / M_B) · (T / T_B), M being the incident monitor that a pattern stands for
and T the diode behind the cell over that monitor (B. R. Pauw et al., J. Appl. Cryst. 50 (2017) 1800,
doi:10.1107/S1600576717015096, on the order of such corrections).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from operando.errors import AnalysisError

Array = NDArray[np.float64]

SAME = 1e-6
"""Of a bin: axes closer than that are one."""


@dataclass(frozen=True, slots=True)
class Beam:
    """What came in and what came through, in counts above the dark.

    Parameters
    ----------
    monitor : float
        Incident monitor, counts.
    diode : float
        Behind the cell, counts.
    """

    monitor: float
    diode: float

    @property
    def transmission(self) -> float:
        """Diode over monitor; not a number without beam."""
        return self.diode / self.monitor if self.monitor > 0 and self.diode > 0 else math.nan

    @property
    def transmission_error(self) -> float:
        """Standard deviation of the transmission from the counts alone."""
        if not self.transmission > 0:
            return math.nan
        return self.transmission * math.sqrt(1 / self.monitor + 1 / self.diode)


@dataclass(frozen=True, slots=True)
class Blank:
    """A pattern of a cell without its sample.

    Parameters
    ----------
    radial, intensity : ndarray
        As of any pattern.
    sigma : ndarray or None
        Standard deviation of ``intensity``.
    monitor : float
        Counts of the incident monitor that the pattern stands for.
    transmission, transmission_error : float
        Diode over monitor, and its standard deviation.
    """

    radial: Array
    intensity: Array
    sigma: Array | None
    monitor: float
    transmission: float
    transmission_error: float

    @property
    def relative_error(self) -> float:
        """Relative standard deviation of k·B that all bins share: 1/√D_B, the diode's counts alone.

        The monitor cancels: k·B goes with M_B/D_B times a pattern over M_B. With r² = 1/M_B + 1/D_B of the transmission
        T = D_B/M_B, 1/D_B is r²/(1 + T).
        """
        return self.transmission_error / self.transmission / math.sqrt(1 + self.transmission)


@dataclass(frozen=True, slots=True)
class Net:
    """A pattern without its blank.

    Parameters
    ----------
    intensity : ndarray
        Less the scaled blank; may be below 0.
    sigma : ndarray or None
        From the counts of both patterns, independent from bin to bin.
    scale, scale_error : float
        Factor k of the blank, and its standard deviation as it is that of k·B: an error that all bins share, and no
        part of ``sigma``.
    """

    intensity: Array
    sigma: Array | None
    scale: float
    scale_error: float


def mean_blank(
    radial: Array, intensities: Array, sigmas: Array | None, monitors: Array, diodes: Array, stands_for: float | None
) -> Blank:
    """Average patterns of a blank.

    Parameters
    ----------
    radial : ndarray
        Axis of the patterns.
    intensities, sigmas : ndarray
        A row for each frame.
    monitors, diodes : ndarray
        Counts above the dark, for each frame.
    stands_for : float or None
        Counts of the monitor that patterns were scaled to; None: each stands for its own.

    Raises
    ------
    AnalysisError
        There is no frame with beam.
    """
    lit = np.isfinite(intensities).all(axis=1) & (monitors > 0) & (diodes > 0)
    count = int(lit.sum())
    if not count:
        raise AnalysisError(f"none of {len(intensities)} frames has a pattern, a monitor and a diode; no blank is made")
    beam = Beam(float(monitors[lit].sum()), float(diodes[lit].sum()))
    sigma = None if sigmas is None else np.sqrt(np.square(sigmas[lit], dtype=np.float64).sum(axis=0)) / count
    return Blank(
        radial=np.asarray(radial, np.float64),
        intensity=intensities[lit].mean(axis=0, dtype=np.float64),
        sigma=sigma,
        monitor=beam.monitor / count if stands_for is None else stands_for,
        transmission=beam.transmission,
        transmission_error=beam.transmission_error,
    )


def misfit(blank: Blank, radial: Array) -> str:
    """Return why a blank does not fit the bins of a pattern; empty where it does."""
    if len(blank.radial) != len(radial):
        return f"the blank has {len(blank.radial)} bins, the patterns have {len(radial)}"
    bin_width = abs(radial[-1] - radial[0]) / max(1, len(radial) - 1)
    away = float(np.max(np.abs(blank.radial - radial)))
    return "" if away <= SAME * bin_width else f"the bins of the blank are up to {away:.3g} away from those of patterns"


def subtract(intensity: Array, sigma: Array | None, beam: Beam, blank: Blank, stands_for: float | None = None) -> Net:
    """Take a blank off a pattern.

    Parameters
    ----------
    intensity, sigma : ndarray
        The pattern.
    beam : Beam
        During its exposure.
    blank : Blank
        Of the same cell, in the same bins.
    stands_for : float or None
        Counts of the monitor that the pattern was scaled to; None: it stands for those of its exposure.
    """
    monitor = beam.monitor if stands_for is None else stands_for
    scale = monitor / blank.monitor * beam.transmission / blank.transmission
    # A monitor that the pattern was not scaled by cancels: what is left of it is the diode alone.
    own = beam.transmission_error / beam.transmission if stands_for is not None else 1 / math.sqrt(beam.diode)
    error = scale * math.hypot(own, blank.relative_error)
    net_sigma = None
    if sigma is not None:
        net_sigma = np.hypot(sigma, scale * blank.sigma) if blank.sigma is not None else np.array(sigma)
    return Net(intensity - scale * blank.intensity, net_sigma, scale, error)

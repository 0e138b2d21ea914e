"""Azimuthal integration: frames become patterns, by pyFAI's sums.

Geometry, corrections and the splitting of pixels are pyFAI's; only the product of matrix and frame is ours
(`operando.analysis.sums`), with pyFAI's result, bin by bin
(G. Ashiotis et al., J. Appl. Cryst. 48 (2015) 510, doi:10.1107/S1600576715004306; pyFAI's page on the weighted mean).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyFAI.integrator.azimuthal import AzimuthalIntegrator

from operando.analysis.cake import Cake, cake_matrix
from operando.analysis.corrections import Corrections, corrections, recipe_digest
from operando.analysis.crystal import Q_TIMES_D, q_from_two_theta
from operando.analysis.geometry import ANGSTROM, pixels, read_geometry
from operando.analysis.matrix import Matrix, lay_out, pattern_matrix, place_seam
from operando.analysis.pixels import Pixels, count_saturated, read_pixels
from operando.analysis.regions import Regions
from operando.analysis.sums import Means, Summation
from operando.errors import AnalysisError
from operando.vocabulary import Recipe

Array = NDArray[np.float64]

_SPLITS = ("no", "bbox", "full")
_UNITS = {"q_nm^-1": "q_nm^-1", "2th_deg": "2th_deg", "d_A": "q_nm^-1"}
_FLOORS = {None: 0.0, "poisson": 0.0, "pyfai_poisson": 1.0}
"""Least variance of a pixel: the counts are the variance, or max(counts, 1) as pyFAI has it."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """Intensity against scattering vector or angle, free of NaN.

    Parameters
    ----------
    radial : ndarray
        Bin centres in the recipe's unit.
    intensity : ndarray
        Counts per pixel, corrected for dark, flat, solid angle, polarisation and monitor, as far as the recipe asks for
        it; 0 in a bin without a valid pixel.
    sigma : ndarray or None
        Standard deviation of ``intensity``: Poisson's, that of a single count in a bin without counts,
        and 0 in a bin without a valid pixel (and only there). None without an error model.
    cake : Cake or None
        With the sectors that the recipe asks for.
    regions : ndarray or None
        Mean of each region of the recipe, in its order; NaN for one without a valid pixel in this frame.
    valid, saturated : int
        Pixels that were integrated, and that were left out because of their counts.
    counts : float
        Those that fell into the pattern, before any correction.
    """

    radial: Array
    intensity: Array
    sigma: Array | None
    cake: Cake | None = None
    regions: Array | None = None
    valid: int = 0
    saturated: int = 0
    counts: float = 0.0


class Integrator:
    """Integrates frames of one shape with one geometry and one recipe, from any number of threads at once.

    Matrix and tables are made here, once; they are only read afterwards. A frame costs one pass over its pixels, in
    their order and without Python's lock: the same frame, the same bits.

    Parameters
    ----------
    poni : str
        Text of a PONI file.
    recipe : Recipe
        What to do with the frames.
    shape : (int, int)
        Rows and columns of the frames.

    Attributes
    ----------
    radial : ndarray
        Centres of the bins in the recipe's unit.
    q : ndarray
        The same in nm⁻¹; ascends.
    azimuth : ndarray or None
        Centres of the cake's sectors, °.
    wavelength : float
        Å.
    digest : str
        SHA-256 of the recipe and of its files.
    valid, gain, dark : ndarray
        Of each pixel: is it data in general, what it is divided by, and its dark counts (None: none).

    Raises
    ------
    AnalysisError
        For a geometry, recipe, files and shape that do not fit together.
    """

    def __init__(self, poni: str, recipe: Recipe, shape: tuple[int, int]) -> None:
        _check(recipe)
        self.recipe = recipe
        self.shape = (int(shape[0]), int(shape[1]))
        self._poni = poni
        self.digest = recipe_digest(recipe)
        geometry = self.geometry
        self.wavelength: float = float(geometry.wavelength) / ANGSTROM
        tables = corrections(geometry, recipe, self.shape)
        self.valid, self.gain, self.dark = tables.valid, tables.gain, tables.dark
        geometry.mask = tables.masked
        dark = np.zeros(tables.gain.size, np.float32) if tables.dark is None else tables.dark.reshape(-1)
        asked = *_asked(recipe), place_seam(geometry, recipe.azimuth_range)
        matrix = pattern_matrix(geometry, recipe, *asked)
        self._sum = _summation(matrix, tables, dark, recipe)
        self.radial, self.q = _axes(matrix.radial, recipe.unit, self.wavelength)
        self.azimuth: Array | None = None
        self._sum_cake: Summation | None = None
        if recipe.sectors:
            matrix = cake_matrix(geometry, recipe, *asked)
            self._sum_cake = _summation(matrix, tables, dark, recipe)
            self.azimuth = matrix.azimuth
        self._regions = Regions(geometry, recipe, tables, dark) if recipe.regions else None

    @property
    def geometry(self) -> AzimuthalIntegrator:
        """Return pyFAI's geometry, made anew: its tables of positions would stay in memory."""
        return read_geometry(self._poni, self.recipe.orientation, self.shape)

    def integrate(self, frame: NDArray[Any], monitor: float = 1.0) -> Pattern:
        """Integrate one frame.

        Parameters
        ----------
        frame : ndarray
            Counts per pixel. With ``mask_negative``, pixels below zero are left out of this frame; in unsigned frames
            the same marks −1 and −2 are the two highest values of the type. NaN is never data.
        monitor : float
            Counts of the incident monitor in the exposure; used where the recipe names a reference.

        Raises
        ------
        AnalysisError
            For a frame of another shape, and a monitor that nothing can be divided by.
        """
        read, scale = self._read(frame), self._scale(monitor)
        means = self._sum.means(read, scale)
        return Pattern(
            self.radial,
            means.intensity[0],
            None if self.recipe.error_model is None else means.sigma[0],
            None if self._sum_cake is None else self._cake(self._sum_cake.means(read, scale)),
            None if self._regions is None else self._regions.means(read, scale),
            self._sum.layout.pixels - len(means.left_out),
            count_saturated(frame, self.recipe, means.left_out),
            means.counts,
        )

    def integrate_cake(self, frame: NDArray[Any], monitor: float = 1.0) -> Cake:
        """Integrate one frame to its cake alone, otherwise as `integrate` does.

        Raises
        ------
        AnalysisError
            As `integrate`, and where the recipe has no sectors.
        """
        if self._sum_cake is None:
            raise AnalysisError("recipe: sectors = 0: there is no cake")
        return self._cake(self._sum_cake.means(self._read(frame), self._scale(monitor)))

    def _read(self, frame: NDArray[Any]) -> Pixels:
        if frame.shape != self.shape:
            raise AnalysisError(
                f"frame of {pixels(frame.shape)}, geometry and recipe for {pixels(self.shape)}; it is not integrated"
            )
        return read_pixels(frame, self.recipe)

    def _cake(self, means: Means) -> Cake:
        azimuth = np.zeros(0) if self.azimuth is None else self.azimuth
        return Cake(azimuth, self.radial, means.intensity, None if self.recipe.error_model is None else means.sigma)

    def _scale(self, monitor: float) -> float:
        """Return what patterns are multiplied with."""
        reference = self.recipe.monitor_reference
        if reference is None:
            return 1.0
        if not 0 < monitor < np.inf:
            raise AnalysisError(
                f"incident monitor {monitor:g} counts, to be scaled to {reference:g} (recipe: monitor_reference); "
                "it is not integrated"
            )
        return reference / monitor


def _check(recipe: Recipe) -> None:
    for name, found, allowed in (
        ("split", recipe.split, _SPLITS),
        ("unit", recipe.unit, _UNITS),
        ("error_model", recipe.error_model, tuple(_FLOORS)),
    ):
        if found not in allowed:
            words = ", ".join(str(each) for each in allowed)
            raise AnalysisError(f"recipe: {name} = {found!r}; allowed: {words}; nothing is integrated")
    if recipe.sectors and recipe.split == "full":
        raise AnalysisError(
            f"recipe: sectors = {recipe.sectors} with split = 'full': pyFAI's matrix of such cakes differs from one "
            "time to the next (in slivers of pixels), so that a file could not be rebuilt; split = 'bbox' is wanted; "
            "nothing is integrated"
        )


def _asked(recipe: Recipe) -> tuple[str, tuple[float, float] | None]:
    """Return pyFAI's unit and the range in it: lattice spacings are bins of q."""
    if recipe.unit != "d_A" or recipe.radial_range is None:
        return _UNITS[recipe.unit], recipe.radial_range
    low, high = recipe.radial_range
    return _UNITS[recipe.unit], (Q_TIMES_D / high, Q_TIMES_D / low)


def _axes(radial: Array, unit: str, wavelength: float) -> tuple[Array, Array]:
    """Return the axis in the recipe's unit, and in nm⁻¹."""
    q = q_from_two_theta(radial, wavelength) if unit == "2th_deg" else radial
    shown = Q_TIMES_D / q if unit == "d_A" else radial
    for axis in (shown, q):
        axis.flags.writeable = False
    return shown, q


def _summation(matrix: Matrix, tables: Corrections, dark: NDArray[np.float32], recipe: Recipe) -> Summation:
    layout = lay_out(matrix, tables.valid)
    if not layout.pixels:
        raise AnalysisError(
            f"no valid pixel in radial_range = {recipe.radial_range} {recipe.unit}, azimuth_range = "
            f"{recipe.azimuth_range}° of the recipe with this PONI and mask; nothing is integrated"
        )
    floor: float | None = _FLOORS[recipe.error_model]
    if floor == 0.0 and recipe.mask_negative:
        floor = None  # no pixel is below zero
    return Summation(layout, tables.gain.reshape(-1), dark, floor)

"""Frozen records of diffraction: how a frame is integrated, and what crystal is looked for in the pattern."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recipe:
    """How frames become patterns; the words are pyFAI's.

    Parameters
    ----------
    npt : int
        Number of radial bins.
    unit : str
        pyFAI's name of the radial unit: ``q_nm^-1`` or ``2th_deg``.
    radial_range : tuple of float or None
        Lower and upper bound in ``unit``; None is the detector's whole range.
    split : str
        Pixel splitting: ``no``, ``bbox`` or ``full``.
    orientation : int
        Detector orientation 1 to 4 (EXIF convention); pyFAI's own default is 3. A PONI of version 2.1 that
        names another one contradicts the recipe and is refused.
    polarization_factor : float or None
        −1 to 1; None applies no correction.
    solid_angle : bool
        Divide by the solid angle of the pixel.
    error_model : str or None
        ``poisson`` for photon counters, or None.
    mask : Path or None
        Mask file (0 = valid), absolute once loaded.
    mask_negative : bool
        Exclude pixels below zero (gaps and dead pixels of hybrid detectors, −1 and −2), and in unsigned frames the two
        highest values, which are the same marks.
    """

    npt: int
    unit: str
    radial_range: tuple[float, float] | None = None
    split: str = "bbox"
    orientation: int = 3
    polarization_factor: float | None = None
    solid_angle: bool = True
    error_model: str | None = "poisson"
    mask: Path | None = None
    mask_negative: bool = True


@dataclass(frozen=True, slots=True)
class Phase:
    """A crystalline phase as a starting point for fits.

    Parameters
    ----------
    name : str
        As written in the file of record.
    system : str
        ``hexagonal`` or ``cubic``.
    a, c : float
        Å, starting values; ``c`` equals ``a`` for a cubic phase.
    reflections : tuple of (h, k, l)
        Those looked for.
    """

    name: str
    system: str
    a: float
    c: float
    reflections: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class LatticeModel:
    """Which lattice is fitted on each pattern, and what stands beside it.

    Parameters
    ----------
    phase : Phase
        The phase whose a and c are wanted.
    neighbours : tuple of Phase
        Phases of fixed lattice; their ``reflections`` are those that can come beside the phase's own.
    """

    phase: Phase
    neighbours: tuple[Phase, ...] = ()

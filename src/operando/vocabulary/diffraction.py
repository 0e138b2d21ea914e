"""Frozen records of diffraction: how a frame is integrated, and what crystal is looked for in the pattern."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the detector whose mean intensity is wanted of every frame.

    Parameters
    ----------
    name : str
        Small letters, digits and underscores, as the file of record names its column.
    radial_range : tuple of float or None
        Lower and upper bound in the recipe's unit; None is the whole range.
    azimuth_range : tuple of float or None
        Lower and upper bound, °; the lower one may lie behind the upper one by whole turns. None is the whole circle.
    """

    name: str
    radial_range: tuple[float, float] | None = None
    azimuth_range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Recipe:
    """How frames become patterns; the words are pyFAI's.

    Parameters
    ----------
    npt : int
        Number of radial bins.
    unit : str
        pyFAI's name of the radial unit: ``q_nm^-1``, ``2th_deg`` or ``d_A``; the last are bins of equal width in q
        shown on an axis of lattice spacings, which falls from bin to bin.
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
        ``poisson`` for photon counters: the counts are the variance. ``pyfai_poisson`` takes max(counts, 1), as pyFAI
        does, which is too much where most pixels are empty. None: no sigma.
    mask : Path or None
        Mask file (0 = valid), absolute once loaded.
    mask_negative : bool
        Exclude pixels below zero (gaps and dead pixels of hybrid detectors, −1 and −2), and in unsigned frames the two
        highest values, which are the same marks.
    sectors : int
        Azimuthal sectors of a cake beside the pattern; 0 is no cake.
    azimuth_range : tuple of float or None
        Lower and upper bound of what is integrated, °, of the cake's sectors, too; None is the whole circle.
    regions : tuple of Region
        Parts of the detector whose mean is stored as a number a frame.
    dark, flat : Path or None
        Frames of counts without beam, subtracted, and of relative sensitivity, divided by; absolute once loaded.
    saturation : float or None
        Counts from which a pixel is left out of its frame, and counted.
    monitor_reference : float or None
        Counts of the incident monitor that patterns are scaled to; None: they are not scaled.
    parasitic : tuple of str
        Materials around the sample whose reflections are masked in q.
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
    sectors: int = 0
    azimuth_range: tuple[float, float] | None = None
    regions: tuple[Region, ...] = ()
    dark: Path | None = None
    flat: Path | None = None
    saturation: float | None = None
    monitor_reference: float | None = None
    parasitic: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return what a start document carries: plain values, paths as text."""
        fields = asdict(self)
        return fields | {name: str(fields[name]) for name in _FILES if fields[name] is not None}

    def digest(self, read: Callable[[Path, str], bytes]) -> str:
        """Return the SHA-256 of what the recipe says and of what its files hold, wherever they lie.

        Parameters
        ----------
        read : callable
            Takes path and key of a file, and returns its content.
        """
        says = self.document()
        for name in _FILES:
            path = getattr(self, name)
            if path is not None:
                says[name] = hashlib.sha256(read(path, name)).hexdigest()
        return hashlib.sha256(json.dumps(says, sort_keys=True).encode()).hexdigest()

    @classmethod
    def from_document(cls, fields: Mapping[str, Any]) -> "Recipe":
        """Read what a start document carries; what an older one does not name has its default."""
        read = dict(fields)
        for name in _FILES:
            read[name] = Path(read[name]) if read.get(name) else None
        for name in _RANGES:
            read[name] = _range(read.get(name))
        read["regions"] = tuple(
            Region(each["name"], _range(each.get("radial_range")), _range(each.get("azimuth_range")))
            for each in read.get("regions", ())
        )
        read["parasitic"] = tuple(read.get("parasitic", ()))
        return cls(**read)


_FILES = ("mask", "dark", "flat")
_RANGES = ("radial_range", "azimuth_range")


def _range(bounds: Any) -> tuple[float, float] | None:
    return (bounds[0], bounds[1]) if bounds else None


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

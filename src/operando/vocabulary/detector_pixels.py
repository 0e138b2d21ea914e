"""What pixels of a family of detectors can say; what a recipe leaves open is taken from here."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from operando.vocabulary.diffraction import Recipe


@dataclass(frozen=True, slots=True)
class DetectorPixels:
    """Pixels of a family.

    Parameters
    ----------
    end : int or None
        Counts at which a pixel has come to its end; None where the detector marks it as no data by itself.
    marked : bool
        Whether gaps and bad pixels are marked, by −1 and −2, in unsigned frames by the same bits; else the highest
        values are counts.
    """

    end: int | None
    marked: bool


DETECTOR_PIXELS: Mapping[str, DetectorPixels] = MappingProxyType(
    {
        "simulated": DetectorPixels(2**20 - 1, marked=True),
        # DECTRIS, Pilatus3 technical specification: counters of 20 bits
        "pilatus": DetectorPixels(2**20 - 1, marked=True),
        # DECTRIS, SIMPLON API: the highest value marks gaps and pixels at their end alike
        "eiger": DetectorPixels(None, marked=True),
        # ADPerkinElmer, PerkinElmer.template: UInt16, and no marks
        "perkin_elmer": DetectorPixels(2**16 - 1, marked=False),
    }
)
"""By the name in ``[detector] family``."""


def as_counted(recipe: Recipe, family: str | None) -> Recipe:
    """Return a recipe for frames of a family; a recipe's own saturation stands, an unknown family changes nothing."""
    pixels = DETECTOR_PIXELS.get(family or "")
    if pixels is None:
        return recipe
    own = recipe.saturation
    return replace(
        recipe,
        saturation=pixels.end if own is None else own,
        mask_negative=recipe.mask_negative and pixels.marked,
    )

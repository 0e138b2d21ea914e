"""Materials around the sample whose reflections are masked."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ParasiticMaterial:
    """What stands in the beam and is not the sample: windows, pistons, current collectors.

    Parameters
    ----------
    name : str
        As recipes call it.
    lattice : str
        ``fcc``, ``bcc`` or ``hcp``, whose reflections follow from ``a`` and ``c``; ``spacings`` for a list of them.
    a, c : float
        Å; 0 where the lattice has none.
    spacings : tuple of float
        Å, of the maxima of a material without a lattice.
    smallest_spacing : float
        Å; reflections below are weak, and too many to mask.
    half_width : float
        Of what is masked, relative to q. It covers the width of a reflection and where along the beam the material
        stands: 5 mm before or behind the sample move its rings by 1 % on a detector 0.5 m away, half a line is 0.3 %.
    """

    name: str
    lattice: str
    a: float = 0.0
    c: float = 0.0
    spacings: tuple[float, ...] = ()
    smallest_spacing: float = 0.8
    half_width: float = 0.013

    def document(self) -> dict[str, Any]:
        """Return plain values for a start document."""
        return asdict(self) | {"spacings": list(self.spacings)}

    @classmethod
    def from_document(cls, fields: Mapping[str, Any]) -> "ParasiticMaterial":
        """Read what a start document carries."""
        return cls(**{**fields, "spacings": tuple(fields.get("spacings", ()))})

"""Reflections of what stands around the sample: which bins of a pattern they reach.

Reflections that a lattice extinguishes: *International Tables for Crystallography* A, section 1.6.4 (fcc: h, k, l not
all even or all odd; bcc: h + k + l odd; hexagonal close packing: l odd with h + 2k a multiple of 3).
"""

import itertools
import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from operando.analysis.crystal import PER_ANGSTROM, d_spacing
from operando.errors import AnalysisError
from operando.vocabulary import ParasiticMaterial

SYSTEMS = {"fcc": "cubic", "bcc": "cubic", "hcp": "hexagonal"}


def spacings(material: ParasiticMaterial) -> NDArray[np.float64]:
    """Return the lattice spacings of a material's reflections, Å, the longest first.

    Examples
    --------
    >>> spacings(ParasiticMaterial("copper", "fcc", a=3.6149, smallest_spacing=1.0)).round(3).tolist()
    [2.087, 1.807, 1.278, 1.09, 1.044]
    """
    if material.lattice == "spacings":
        found = np.asarray(material.spacings, np.float64)
    elif material.lattice in SYSTEMS:
        found = _reflections(material)
    else:
        raise AnalysisError(
            f"parasitic material {material.name}: lattice {material.lattice!r}; allowed: {', '.join(SYSTEMS)}, "
            "spacings; nothing is masked"
        )
    return np.unique(found[found >= material.smallest_spacing])[::-1]


def excluded(q: NDArray[np.float64], materials: Iterable[ParasiticMaterial]) -> NDArray[np.bool_]:
    """Return the bins that a reflection reaches.

    Parameters
    ----------
    q : ndarray
        nm⁻¹, bin centres.
    materials : iterable of ParasiticMaterial
        What stands around the sample.
    """
    reached = np.zeros(len(q), bool)
    for material in materials:
        for line in 2 * math.pi * PER_ANGSTROM / spacings(material):
            reached |= np.abs(q - line) <= material.half_width * line
    return reached


def _reflections(material: ParasiticMaterial) -> NDArray[np.float64]:
    axes = (material.a, material.a, material.c or material.a)
    highest = [math.ceil(2 * axis / material.smallest_spacing) for axis in axes]
    indices = [
        hkl for hkl in itertools.product(*(range(n + 1) for n in highest)) if any(hkl) and _allowed(material, *hkl)
    ]
    found = d_spacing(SYSTEMS[material.lattice], indices, material.a, material.c or material.a)
    return np.round(found, 9)  # equivalent reflections are one


def _allowed(material: ParasiticMaterial, h: int, k: int, along_c: int) -> bool:
    if material.lattice == "fcc":
        return h % 2 == k % 2 == along_c % 2
    if material.lattice == "bcc":
        return (h + k + along_c) % 2 == 0
    return not (along_c % 2 == 1 and (h + 2 * k) % 3 == 0)

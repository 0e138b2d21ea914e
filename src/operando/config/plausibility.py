"""What a configuration says twice, and whether it says the same: numbers that physics ties together."""

import re
from collections.abc import Iterator

from operando.config.beam import Beam
from operando.config.cell import CAPACITY_TOLERANCE, Cell

HC = 12.398419843320026
"""keV Å, exact in the SI of 2019."""
ENERGY_TOLERANCE = 0.01
"""Relative: a monochromator is not off by more, and a lattice parameter would be off by as much."""
_WAVELENGTH = re.compile(r"^\s*wavelength\s*:\s*([-+.\deE]+)\s*$", re.IGNORECASE | re.MULTILINE)


def contradiction(beam: Beam | None, poni: str) -> str:
    """Return how the energy of the beam and the geometry disagree, or nothing.

    Parameters
    ----------
    beam : Beam or None
        ``[beam]``.
    poni : str
        Text of the PONI file; the last line of a key holds.
    """
    found = _WAVELENGTH.findall(poni)
    if beam is None or beam.energy_keV is None or not found:
        return ""
    wavelength = float(found[-1]) * 1e10
    expected = HC / wavelength if wavelength > 0 else 0.0
    if abs(beam.energy_keV - expected) <= ENERGY_TOLERANCE * expected:
        return ""
    return (
        f"[beam] energy_keV = {beam.energy_keV:g}, but the wavelength of the PONI file, {wavelength:.6g} Å, is "
        f"{expected:.5g} keV; they must agree within {ENERGY_TOLERANCE:.0%}, or every lattice parameter is off by that"
    )


def doubts(cell: Cell) -> Iterator[str]:
    """Yield what is unlikely, but may be meant."""
    theory = cell.theoretical_capacity
    if theory is not None and cell.nominal_capacity_mAh < theory * (1.0 - CAPACITY_TOLERANCE):
        yield (
            f"[cell] nominal_capacity_mAh = {cell.nominal_capacity_mAh:g} is less than half of what active_mass_mg = "
            f"{cell.active_mass_mg:g} at theoretical_capacity_mAh_per_g = {cell.theoretical_capacity_mAh_per_g:g} "
            f"can give, {theory:.3g} mA h"
        )

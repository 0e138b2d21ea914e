"""Words of the field: quantities, units, enumerations, frozen records. Imports nothing."""

from operando.vocabulary.diffraction import LatticeModel, Phase, Recipe
from operando.vocabulary.programme import ConstantCurrentCycling
from operando.vocabulary.quantities import (
    QUANTITIES,
    QUANTITY,
    PotentialScale,
    Quality,
    Quantity,
    Reading,
    terminal_voltage,
)
from operando.vocabulary.states import AxisState, Beat, Mode, ProgrammeState, Reply, Request

__all__ = [
    "QUANTITIES",
    "QUANTITY",
    "AxisState",
    "Beat",
    "ConstantCurrentCycling",
    "LatticeModel",
    "Mode",
    "Phase",
    "PotentialScale",
    "ProgrammeState",
    "Quality",
    "Quantity",
    "Reading",
    "Recipe",
    "Reply",
    "Request",
    "terminal_voltage",
]

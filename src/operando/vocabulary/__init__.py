"""Words of the field: quantities, units, enumerations, frozen records. Imports nothing."""

from operando.vocabulary.diffraction import LatticeModel, Phase, Recipe
from operando.vocabulary.interlocks import FACTS, CurrentAction, HeatAction, PressureAction, Severity, unit_of
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
from operando.vocabulary.states import AxisState, Beat, Keeping, Mode, ProgrammeState, Reply, Request
from operando.vocabulary.who import who

__all__ = [
    "FACTS",
    "QUANTITIES",
    "QUANTITY",
    "AxisState",
    "Beat",
    "ConstantCurrentCycling",
    "CurrentAction",
    "HeatAction",
    "Keeping",
    "LatticeModel",
    "Mode",
    "Phase",
    "PotentialScale",
    "PressureAction",
    "ProgrammeState",
    "Quality",
    "Quantity",
    "Reading",
    "Recipe",
    "Reply",
    "Request",
    "Severity",
    "terminal_voltage",
    "unit_of",
    "who",
]

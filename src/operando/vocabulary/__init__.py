"""Words of the field: quantities, units, enumerations, frozen records. Imports nothing."""

from operando.vocabulary.cell_programme import (
    HOSTED,
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Position,
    Rest,
    Safety,
    Step,
    VoltageRamp,
)
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
    "HOSTED",
    "QUANTITIES",
    "QUANTITY",
    "AxisState",
    "Beat",
    "CellProgramme",
    "ConstantCurrent",
    "ConstantCurrentCycling",
    "ConstantVoltage",
    "CurrentAction",
    "End",
    "HeatAction",
    "Impedance",
    "Keeping",
    "LatticeModel",
    "Limit",
    "Loop",
    "Mode",
    "Phase",
    "Position",
    "PotentialScale",
    "PressureAction",
    "ProgrammeState",
    "Quality",
    "Quantity",
    "Reading",
    "Recipe",
    "Reply",
    "Request",
    "Rest",
    "Safety",
    "Severity",
    "Step",
    "VoltageRamp",
    "terminal_voltage",
    "unit_of",
    "who",
]

"""``[programme]``: the cell programme; every potential names its scale."""

from operando.config.programme.amounts import Potential
from operando.config.programme.compiling import compile_programme
from operando.config.programme.doubts import programme_doubts
from operando.config.programme.facts import INSTRUMENTS, CellFacts, Facts, InstrumentFacts
from operando.config.programme.fitting import facts_of
from operando.config.programme.hastened import hastened
from operando.config.programme.model import Programme
from operando.config.programme.read import load_programme, parse_programme, programme_table, validated
from operando.config.programme.table import Row, StatedPotential, as_text, potentials, table, voltage_range
from operando.config.programme.wording import Words

__all__ = [
    "INSTRUMENTS",
    "CellFacts",
    "Facts",
    "InstrumentFacts",
    "Potential",
    "Programme",
    "Row",
    "StatedPotential",
    "Words",
    "as_text",
    "compile_programme",
    "facts_of",
    "hastened",
    "load_programme",
    "parse_programme",
    "potentials",
    "programme_doubts",
    "programme_table",
    "table",
    "validated",
    "voltage_range",
]

"""A cell under its programme: start, pause, hosted ends, accounting, realised steps, and taking over what runs."""

from operando.environment.cell.facts import CellFacts, CellNames
from operando.environment.cell.recollection import Recollection
from operando.environment.cell.runner import ProgrammeRunner

__all__ = ["CellFacts", "CellNames", "ProgrammeRunner", "Recollection"]

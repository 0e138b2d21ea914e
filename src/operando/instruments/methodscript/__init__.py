"""Cell programmes compiled to MethodSCRIPT, with every limit inside the script.

`compiler` puts a programme together from `steps`, each of which counts (`counting`) and keeps its `limits`; `refusals`
and `capabilities` say what an instrument cannot do; `wire` is what script and driver agree upon.
"""

from operando.instruments.methodscript.capabilities import EMSTAT4_HR, KINDS, NEXUS, Model
from operando.instruments.methodscript.compiler import (
    CELL_OFF,
    OPEN_CIRCUIT,
    OPEN_CIRCUIT_IN_A_MODE,
    compile_pause,
    compile_programme,
)
from operando.instruments.methodscript.wire import POTENTIAL

__all__ = [
    "CELL_OFF",
    "EMSTAT4_HR",
    "KINDS",
    "NEXUS",
    "OPEN_CIRCUIT",
    "OPEN_CIRCUIT_IN_A_MODE",
    "POTENTIAL",
    "Model",
    "compile_pause",
    "compile_programme",
]

"""Cell programmes compiled to MethodSCRIPT, with every limit inside the script.

`compiler` puts a programme together from `steps`, each of which counts (`counting`) and keeps its `limits`; `refusals`
and `capabilities` say what an EmStat4 HR cannot do; `wire` is what script and driver agree upon.
"""

from operando.instruments.methodscript.capabilities import CURRENT_RANGES, KINDS, LONGEST_LINE
from operando.instruments.methodscript.compiler import (
    CELL_OFF,
    OPEN_CIRCUIT,
    OPEN_CIRCUIT_IN_A_MODE,
    compile_pause,
    compile_programme,
)
from operando.instruments.methodscript.numbers import number
from operando.instruments.methodscript.wire import POTENTIAL

__all__ = [
    "CELL_OFF",
    "CURRENT_RANGES",
    "KINDS",
    "LONGEST_LINE",
    "OPEN_CIRCUIT",
    "OPEN_CIRCUIT_IN_A_MODE",
    "POTENTIAL",
    "compile_pause",
    "compile_programme",
    "number",
]

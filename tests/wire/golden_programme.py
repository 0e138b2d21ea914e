"""The programme whose script stands in ``emstat4.txt``: 4.3 and 2.8 V vs Li/Li+ on a Li-In cell (0.62 V), C/4."""

from typing import Any

from operando.vocabulary import CellProgramme, ConstantCurrent, End, Limit, Loop, Safety

UPPER = End(Limit.VOLTAGE, 4.3 - 0.62)
LOWER = End(Limit.VOLTAGE, 2.8 - 0.62, below=True)
TIME = End(Limit.TIME, 36000.0)


def half_cycle(number: int, current: float, *ends: End, sample_interval: float = 0.5) -> ConstantCurrent:
    name = "charge" if current > 0 else "discharge"
    return ConstantCurrent(number=number, name=name, ends=ends, sample_interval=sample_interval, current=current)


def cycling(passes: int = 1, **changes: Any) -> CellProgramme:
    """Cycles of charge and discharge; ``changes`` of the charge."""
    charge = {"current": 196e-6, "ends": (UPPER, TIME), "sample_interval": 0.5} | changes
    first = ConstantCurrent(number=1, name="charge", **charge)
    parts = (Loop(passes, (first, half_cycle(2, -196e-6, LOWER, TIME)), cycles=True),)
    return CellProgramme("cycling", parts, Safety(), "", "", 0.62)


PROGRAMME = cycling()

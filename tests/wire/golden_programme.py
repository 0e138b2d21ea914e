"""The programmes whose scripts stand in ``emstat4.txt``: cycling as in the paper, and a step of every other kind.

4.3 and 2.8 V vs Li/Li+ on a Li-In cell (0.62 V), C/4.
"""

from typing import Any

from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Rest,
    Safety,
    VoltageRamp,
)

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

SPECTRUM = Impedance(
    number=3,
    name="spectrum",
    ends=(End(Limit.TIME, 60.0),),
    sample_interval=0.5,
    galvanostatic=False,
    amplitude=0.01,
    bias=None,
    high_frequency=1e4,
    low_frequency=1e2,
    points_per_decade=1,
    current_limit=1e-2,
)
RAMP = VoltageRamp(
    number=4,
    name="ramp",
    ends=(End(Limit.TIME, 60.0),),
    sample_interval=0.5,
    begin=3.5,
    end=3.6,
    rate=0.1,
    current_limit=1e-2,
)
EVERY_KIND = CellProgramme(
    "every kind",
    (
        Rest(number=1, name="rest", ends=(End(Limit.MEASUREMENT), End(Limit.TIME, 1.0)), sample_interval=0.5),
        ConstantVoltage(
            number=2,
            name="hold",
            ends=(End(Limit.CURRENT, 50e-6, below=True), End(Limit.TIME, 60.0)),
            sample_interval=0.5,
            voltage=3.5,
            current_limit=1e-3,
        ),
        SPECTRUM,
        RAMP,
    ),
    Safety(upper_voltage=3.8, lower_voltage=2.0, current=5e-2, charge=1e-3, delay=1.0),
    "",
    "",
    0.62,
)

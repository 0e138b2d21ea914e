"""What an EmStat4 HR can do (EmStat4 HR description, palmsens.com)."""

from operando.errors import RequestRefused
from operando.vocabulary import ConstantCurrent, ConstantVoltage, Impedance, Rest, VoltageRamp

KINDS = frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage, VoltageRamp, Impedance))

CURRENT_RANGES = (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3)
"""A."""
VOLTAGE_RANGE = 6.0
"""V; applied and measured, above and below zero."""
RAMP_RESOLUTION = 200e-6
"""V; a ramp is a staircase, and the converter of ±6 V has steps of 183 µV (16 bits)."""
LOWEST_FREQUENCY, HIGHEST_FREQUENCY = 1e-5, 200e3
"""Hz."""
LARGEST_AMPLITUDE = 0.25
"""V rms."""
SHORTEST_INTERVAL = 0.02
"""s between two samples: a script works through some fifty commands for each."""
LONGEST_LINE = 255
"""Characters of a script."""
BANDWIDTH = 5.850535
"""Hz s: bandwidth for a sample interval, from the vendor's battery template."""


def current_range(current: float) -> float:
    """Return the smallest range that holds a current, A.

    Raises
    ------
    RequestRefused
        No range does.
    """
    for limit in CURRENT_RANGES:
        if abs(current) <= limit:
            return limit
    raise RequestRefused(
        f"EmStat4: {current:g} A was asked for, the limit is {CURRENT_RANGES[-1]:g} A (its largest range); "
        "nothing was started"
    )

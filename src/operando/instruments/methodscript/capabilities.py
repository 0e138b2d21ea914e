"""What the instruments can do that run MethodSCRIPT with a galvanostat (EmStat4 HR and Nexus, palmsens.com)."""

from dataclasses import dataclass

from operando.errors import RequestRefused
from operando.vocabulary import ConstantCurrent, ConstantVoltage, Impedance, Rest, VoltageRamp

KINDS = frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage, VoltageRamp, Impedance))

SHORTEST_INTERVAL = 0.02
"""s between two samples: a script works through some fifty commands for each."""
LONGEST_STEP = 30 * 86400.0
"""s."""
LONGEST_LINE = 255
"""Characters of a script."""
BANDWIDTH = 5.850535
"""Hz s: bandwidth for a sample interval, from the vendor's battery template."""


@dataclass(frozen=True, slots=True)
class Model:
    """What one model can do.

    Parameters
    ----------
    name : str
        In messages.
    current_ranges : tuple of float
        A, rising.
    voltage_range : float
        V; applied and measured, above and below zero.
    ramp_resolution : float
        V; a ramp is a staircase, and this is a stair that its converter has.
    lowest_frequency, highest_frequency : float
        Hz, of impedance.
    largest_amplitude : float
        V rms, of impedance.
    """

    name: str
    current_ranges: tuple[float, ...]
    voltage_range: float
    ramp_resolution: float
    lowest_frequency: float = 1e-5
    highest_frequency: float = 200e3
    largest_amplitude: float = 0.25

    @property
    def current_limit(self) -> float:
        """The largest current, A."""
        return self.current_ranges[-1]

    def current_range(self, current: float) -> float:
        """Return the smallest range that holds a current, A.

        Raises
        ------
        RequestRefused
            No range does.
        """
        for limit in self.current_ranges:
            if abs(current) <= limit:
                return limit
        raise RequestRefused(
            f"{self.name}: {current:g} A was asked for, the limit is {self.current_limit:g} A (its largest range); "
            "nothing was started"
        )


EMSTAT4_HR = Model("EmStat4 HR", (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3), 6.0, 200e-6)
"""Steps of 183 µV (±6 V in 16 bits)."""
NEXUS = Model("Nexus", (*EMSTAT4_HR.current_ranges, 1.0), 10.0, 400e-6)
"""Steps of 305 µV, were it 16 bits; that it measures up to 1 MHz is not used."""

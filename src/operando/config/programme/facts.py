"""What a programme must fit: the cell, the instrument that runs it, and the heater's limits."""

from dataclasses import dataclass, replace

from operando.vocabulary import ConstantCurrent, ConstantVoltage, Impedance, Rest, VoltageRamp


@dataclass(frozen=True, slots=True)
class CellFacts:
    """What is known of the cell.

    Parameters
    ----------
    counter_electrode_potential : float
        V vs Li/Li+.
    nominal_capacity : float or None
        A h; without it no C-rate.
    active_mass : float or None
        g; without it nothing per gram.
    theoretical_capacity : float or None
        A h, of the active mass.
    """

    counter_electrode_potential: float
    nominal_capacity: float | None = None
    active_mass: float | None = None
    theoretical_capacity: float | None = None


@dataclass(frozen=True, slots=True)
class InstrumentFacts:
    """What an instrument can.

    Parameters
    ----------
    name : str
        Of its driver.
    current_limit : float
        A, without its sign.
    smallest_current : float
        A, without its sign: less is lost in the smallest range.
    lowest_voltage, highest_voltage : float
        V between the terminals.
    kinds : frozenset of str
        The `kind` of every step that it can do.
    lowest_frequency, highest_frequency : float
        Hz, of an impedance spectrum.
    shortest_interval : float
        s between two samples.
    """

    name: str
    current_limit: float
    smallest_current: float
    lowest_voltage: float
    highest_voltage: float
    kinds: frozenset[str]
    lowest_frequency: float = 0.0
    highest_frequency: float = 0.0
    shortest_interval: float = 0.0

    def limited_to(self, current: float) -> "InstrumentFacts":
        """Return the same with a current limit (A) that an endstation sets below the instrument's own."""
        return replace(self, current_limit=min(current, self.current_limit))


INSTRUMENTS = {
    # EmStat4S HR, data sheet: ±6 V, 1 nA to 100 mA, impedance from 10 µHz to 200 kHz.
    "emstat4": InstrumentFacts(
        name="emstat4",
        current_limit=0.1,
        smallest_current=1e-9,
        lowest_voltage=-6.0,
        highest_voltage=6.0,
        kinds=frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage, VoltageRamp, Impedance)),
        lowest_frequency=1e-5,
        highest_frequency=2e5,
    ),
    # Nexus, palmsens.com: ±10 V, 1 A; it speaks the language of the EmStat4.
    "nexus": InstrumentFacts(
        name="nexus",
        current_limit=1.0,
        smallest_current=1e-9,
        lowest_voltage=-10.0,
        highest_voltage=10.0,
        kinds=frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage, VoltageRamp, Impedance)),
        lowest_frequency=1e-5,
        highest_frequency=2e5,
    ),
    # Model 2400, manual 2400S-900-01: 1 A at 20 V and more at no more than 0.1 A; the 1 µA range ends at 50 pA.
    "keithley2400": InstrumentFacts(
        name="keithley2400",
        current_limit=1.0,
        smallest_current=1e-9,
        lowest_voltage=-20.0,
        highest_voltage=20.0,
        kinds=frozenset(kind.kind for kind in (Rest, ConstantCurrent, ConstantVoltage)),
        shortest_interval=0.5,  # at 9600 baud, with a change of step between
    ),
}
"""By the driver that ``[potentiostat]`` names."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it.

    Parameters
    ----------
    cell : CellFacts
        What is known of the cell.
    instrument : InstrumentFacts
        What the instrument can.
    temperatures : tuple of float or None
        °C, the lowest and the highest that the heater may be sent to.
    """

    cell: CellFacts
    instrument: InstrumentFacts
    temperatures: tuple[float, float] | None = None

"""A step of each kind, and a cell that can be reckoned in the head."""

from dataclasses import replace

from instruments.virtual_bench import Bench
from sim_wires.capacitor import Capacitor

from operando.vocabulary import ConstantCurrent, ConstantVoltage, End, Impedance, Limit, Rest, VoltageRamp

TIME = Limit.TIME
REST = Rest(number=1, name="rest", ends=(End(TIME, 10.0),), sample_interval=1.0)
MAP = replace(REST, ends=(End(Limit.MEASUREMENT), End(TIME, 600.0)))
CHARGE = ConstantCurrent(
    number=2, name="charge", ends=(End(Limit.VOLTAGE, 3.68), End(TIME, 60.0)), sample_interval=1.0, current=1e-4
)
HOLD = ConstantVoltage(
    number=3,
    name="hold",
    ends=(End(Limit.CURRENT, 1e-5, below=True), End(TIME, 60.0)),
    sample_interval=1.0,
    voltage=3.68,
    current_limit=1e-3,
)
SPECTRUM = Impedance(
    number=4,
    name="spectrum",
    ends=(End(TIME, 60.0),),
    sample_interval=1.0,
    galvanostatic=False,
    amplitude=0.01,
    bias=None,
    high_frequency=1e4,
    low_frequency=10.0,
    points_per_decade=5,
    current_limit=1e-2,
)
RAMP = VoltageRamp(
    number=5,
    name="ramp",
    ends=(End(TIME, 60.0),),
    sample_interval=1.0,
    begin=None,
    end=3.0,
    rate=0.05,
    current_limit=1e-2,
)


def bench(volts: float = 3.0, farad: float = 1e-3, ohm: float = 100.0) -> Bench:
    """A capacitor that goes up by 0.1 V/s at 0.1 mA, and 10 mV at once."""
    return Bench(Capacitor(volts, farad, ohm))

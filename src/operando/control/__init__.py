"""Control law as pure step functions of (state, reading, dt): no clock, no thread, no instrument.

Each module is one law with a ``step`` of its own::

    from operando.control import ramp, regulator, settling

    setpoint = ramp.step(setpoint, dt)
    state = regulator.step(state, reading, setpoint.setpoint, dt, gains=gains, limits=limits)
    arrival = settling.step(arrival, reading, setpoint.setpoint, dt, tolerance=0.05, settle_time=2.0)
"""

from operando.control import plausibility, ramp, regulator, settling
from operando.control.plausibility import Plausibility, Repetition, judge
from operando.control.ramp import Ramp
from operando.control.regulator import DriveLimits, RegulatorGains, RegulatorState
from operando.control.settling import Settling

__all__ = [
    "DriveLimits",
    "Plausibility",
    "Ramp",
    "RegulatorGains",
    "RegulatorState",
    "Repetition",
    "Settling",
    "judge",
    "plausibility",
    "ramp",
    "regulator",
    "settling",
]

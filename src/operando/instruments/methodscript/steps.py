"""One step as MethodSCRIPT, whatever its kind: the cell is prepared, measured in a loop, and the end is said.

Sources: MethodSCRIPT manual v1.8; github.com/PalmSens/MethodSCRIPT_Examples (MSLoopExample001-LSV, 008-CA, 009-CP,
011-OCP, 012-EIS, 013-GEIS, MSExample029) and the battery template of github.com/PalmSens/PalmSens_SDK.
"""

import math
from dataclasses import dataclass

from operando.errors import RequestRefused
from operando.instruments.methodscript import counting, limits
from operando.instruments.methodscript.capabilities import (
    BANDWIDTH,
    CURRENT_RANGES,
    RAMP_RESOLUTION,
    SHORTEST_INTERVAL,
    VOLTAGE_RANGE,
    current_range,
)
from operando.instruments.methodscript.numbers import number, whole
from operando.instruments.methodscript.refusals import points
from operando.vocabulary import ConstantCurrent, ConstantVoltage, Impedance, Rest, Safety, Step, VoltageRamp

POTENTIOSTAT, GALVANOSTAT = 3, 6
"""Modes of the instrument: high-speed potentiostat, galvanostat."""
LOOK = 0.1
"""s between two looks at the limits, where samples are further apart; whole periods of mains of 50 and 60 Hz."""
ROUNDING = 1e-6
"""Of a quotient."""
OPEN_CIRCUIT_TIME = 0.1
"""s in which the open-circuit potential is measured, to begin a ramp or a spectrum with."""
DIRECT_TIME = 0.02
"""s in which the direct current is measured beside each point of a spectrum: a period of the mains."""
IMPEDANCE_BANDWIDTH = 1_000_000
"""Hz (MSLoopExample012)."""
TAPER = 100
"""A constant voltage measures down to the range that is so much finer than that of its current limit."""
MEASURED_WITH = ("potential", "current", "charge", "total")


@dataclass(frozen=True, slots=True)
class Pace:
    """How often a step looks at the cell.

    Parameters
    ----------
    interval : float
        s between two looks.
    every : int
        Looks in a sample interval.
    looks : int
        Up to the end of the step.
    """

    interval: float
    every: int
    looks: int

    @property
    def time(self) -> float:
        """How long the measurement loop may last, s: past the last look, and not as far as another one."""
        return (self.looks + 0.4) * self.interval


def pace(step: Step) -> Pace:
    """Divide a step's time into equal looks, no further apart than the sample interval and than `LOOK`."""
    longest = max(step.longest, SHORTEST_INTERVAL)
    sample = min(max(step.sample_interval, SHORTEST_INTERVAL), longest)
    every = math.ceil(sample / LOOK - ROUNDING)
    looks = math.ceil(longest * every / sample - ROUNDING)
    return Pace(longest / looks, every, looks)


def ramp_pace(step: VoltageRamp) -> Pace:
    """As `pace`, with a look for each stair of a ramp, which must not be lower than the converter's own."""
    finest = max(SHORTEST_INTERVAL, RAMP_RESOLUTION / step.rate)
    sample = max(step.sample_interval, finest)
    every = max(1, min(math.ceil(sample / LOOK - ROUNDING), math.floor(sample / finest + ROUNDING)))
    return Pace(sample / every, every, max(1, math.floor(step.longest * every / sample + ROUNDING)))


def mode(step: Step) -> int:
    """Return the mode of the instrument in which a step is measured; 0 for open circuit."""
    match step:
        case Rest():
            return 0
        case ConstantCurrent() | Impedance(galvanostatic=True):
            return GALVANOSTAT
    return POTENTIOSTAT


def script(step: Step, safety: Safety, switch: bool, counts: bool = True) -> list[str]:
    """Return the lines of a step.

    Parameters
    ----------
    step : Step
        Any.
    safety : Safety
        Of the programme.
    switch : bool
        The mode before it is another one, or not known: the cell is switched off in between.
    counts : bool
        The step is a run of its own.
    """
    return [
        *(["cell_off"] if switch else []),
        *_body(step, safety, counts),
        *counting.step_end(),
    ]


def _body(step: Step, safety: Safety, counts: bool) -> list[str]:
    match step:
        case Rest():
            return _rest(step, safety, counts)
        case ConstantCurrent():
            return _constant_current(step, safety, counts)
        case ConstantVoltage():
            return _constant_voltage(step, safety, counts)
        case VoltageRamp():
            return _ramp(step, safety, counts)
        case Impedance():
            return _impedance(step, safety, counts)
    raise RequestRefused(f"EmStat4: a step of the kind {step.kind!r} cannot be done; nothing was started")


def _rest(step: Rest, safety: Safety, counts: bool) -> list[str]:
    looks = pace(step)
    return [
        *_prepared(POTENTIOSTAT, looks.interval, 0.0),
        "store_var current 0 ba",
        *_begun(step, looks, counts),
        f"meas_loop_ocp potential {number(looks.interval)} {number(looks.time)}",
        *_looked(step, safety, looks),
    ]


def _constant_current(step: ConstantCurrent, safety: Safety, counts: bool) -> list[str]:
    looks, largest = pace(step), number(current_range(step.current))
    return [
        *_prepared(GALVANOSTAT, looks.interval, 0.0),
        f"set_range db {largest}",
        f"set_autoranging db {largest} {largest}",
        f"set_i {number(step.current)}",  # flows as soon as the cell is on
        "cell_on",
        *_begun(step, looks, counts),
        f"meas_loop_cp potential current {number(step.current)} {number(looks.interval)} {number(looks.time)}",
        *_looked(step, safety, looks),
    ]


def _constant_voltage(step: ConstantVoltage, safety: Safety, counts: bool) -> list[str]:
    looks, volts = pace(step), number(step.voltage)
    return [
        *_prepared(POTENTIOSTAT, looks.interval, step.current_limit),
        f"set_range_minmax da {volts} {volts}",
        f"set_e {volts}",
        "cell_on",
        *_begun(step, looks, counts),
        f"meas_loop_ca potential current {volts} {number(looks.interval)} {number(looks.time)}",
        *_looked(step, safety, looks),
    ]


def _ramp(step: VoltageRamp, safety: Safety, counts: bool) -> list[str]:
    looks = ramp_pace(step)
    begin = "potential" if step.begin is None else number(step.begin)
    extremes = (-VOLTAGE_RANGE, VOLTAGE_RANGE) if step.begin is None else sorted((step.begin, step.end))
    return [
        *(_open_circuit(looks.interval) if step.begin is None else []),
        *_prepared(POTENTIOSTAT, looks.interval, step.current_limit),
        f"set_range_minmax da {number(extremes[0])} {number(extremes[1])}",
        f"set_e {begin}",
        "cell_on",
        *_begun(step, looks, counts),
        f"meas_loop_lsv potential current {begin} {number(step.end)} {number(step.rate * looks.interval)} "
        f"{number(step.rate)}",
        *_looked(step, safety, looks),
    ]


def _impedance(step: Impedance, safety: Safety, counts: bool) -> list[str]:
    at_open_circuit = step.bias is None and not step.galvanostatic
    bias = "potential" if at_open_circuit else number(step.bias or 0.0)
    sweep = f"{number(step.high_frequency)} {number(step.low_frequency)} {whole(points(step))} {bias}"
    loop, settings = ("geis", _galvanostatic) if step.galvanostatic else ("eis", _potentiostatic)
    # a held voltage lets a current flow, which the spectrum does not tell
    measured = [] if step.galvanostatic else [f"meas {number(DIRECT_TIME)} current ba"]
    return [
        *(_open_circuit(OPEN_CIRCUIT_TIME) if at_open_circuit else []),
        *settings(step, bias),
        "cell_on",
        *counting.step_beginning(step.number, counts),
        f"store_var current {number(step.bias or 0.0) if step.galvanostatic else 0} ba",
        *measured,
        "copy_var current before",
        f"meas_loop_{loop} frequency real imaginary {number(step.amplitude)} {sweep}",
        *measured,
        *counting.at_each_sample(averaged=False),
        "add_var spent passed",
        *limits.spent(step.longest),
        *limits.ends(step.ends),
        *counting.packet("frequency", "real", "imaginary"),
        *limits.leave(),
        "endloop",
    ]


def _potentiostatic(step: Impedance, bias: str) -> list[str]:
    extremes = (-VOLTAGE_RANGE, VOLTAGE_RANGE) if step.bias is None else (step.bias, step.bias)
    return [
        *_prepared(POTENTIOSTAT, 0.0, step.current_limit),
        f"set_range_minmax da {number(extremes[0])} {number(extremes[1])}",
        f"set_e {bias}",
    ]


def _galvanostatic(step: Impedance, bias: str) -> list[str]:
    largest = number(current_range(max(step.current_limit, abs(step.bias or 0.0) + math.sqrt(2) * step.amplitude)))
    return [
        *_prepared(GALVANOSTAT, 0.0, 0.0),
        f"set_range db {largest}",
        f"set_autoranging db {largest} {largest}",
        f"set_i {bias}",
    ]


def _prepared(wanted: int, interval: float, current: float) -> list[str]:
    """Set mode, bandwidth and ranges; without an interval for impedance, without a current for no current range."""
    volts = number(VOLTAGE_RANGE)
    largest = current_range(current)
    finest = max(CURRENT_RANGES[0], largest / TAPER)
    return [
        f"set_pgstat_mode {wanted}",
        f"set_max_bandwidth {number(round(BANDWIDTH / interval, 3) if interval else IMPEDANCE_BANDWIDTH)}",
        # the whole range: a voltage that left a narrower one could not be recognized as beyond a limit
        f"set_range ab {volts}",
        f"set_autoranging ab {volts} {volts}",
        *(
            [f"set_range ba {number(largest)}", f"set_autoranging ba {number(finest)} {number(largest)}"]
            * (current > 0)
        ),
    ]


def _open_circuit(interval: float) -> list[str]:
    """Measure the potential at open circuit into ``potential``; the cell must be off (error 0014)."""
    time = number(OPEN_CIRCUIT_TIME)
    return [
        "cell_off",
        *_prepared(POTENTIOSTAT, interval, 0.0),
        f"meas_loop_ocp potential {time} {time}",
        "endloop",
    ]


def _begun(step: Step, looks: Pace, counts: bool) -> list[str]:
    return [*counting.step_beginning(step.number, counts), f"store_var due {looks.every}i ja"]


def _looked(step: Step, safety: Safety, looks: Pace) -> list[str]:
    """Count, judge and report at each look; close the measurement loop."""
    return [
        *counting.at_each_sample(),
        *limits.time_limit(looks.looks),
        *limits.ends(step.ends),
        *limits.safety(safety),
        *limits.report(looks.every, counting.packet(*MEASURED_WITH)),
        *limits.leave(),
        "endloop",
    ]

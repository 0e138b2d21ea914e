"""Write a compiled programme as a protocol of aurora-unicycler."""

import json
import math
from typing import Any

from operando.config.programme.unicycler import validated_protocol
from operando.config.programme.unicycler_loops import flat
from operando.errors import ConfigurationError
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    Impedance,
    Limit,
    PotentialScale,
    Step,
    VoltageRamp,
)

Table = dict[str, Any]
SAYABLE = {
    "rest": {Limit.TIME},
    "constant_current": {Limit.TIME, Limit.VOLTAGE},
    "constant_voltage": {Limit.TIME, Limit.CURRENT},
    "voltage_ramp": {Limit.TIME},
    "impedance": {Limit.TIME},
}
"""Kind of a step → the ends for which a protocol has words."""


def to_unicycler(programme: CellProgramme, *, scale: PotentialScale = PotentialScale.CELL) -> str:
    """Return the JSON of a protocol; its voltages are on one scale, which it cannot name.

    Parameters
    ----------
    programme : CellProgramme
        Compiled.
    scale : PotentialScale
        Of its voltages.

    Raises
    ------
    ConfigurationError
        A step asks for something for which a protocol has no word.
    """
    offset = programme.counter_electrode_potential if scale is PotentialScale.LITHIUM else 0.0
    safety = programme.safety
    protocol: Table = {
        "record": {"time_s": min(step.sample_interval for step in programme.steps)},
        "safety": {
            "max_voltage_V": _shifted(safety.upper_voltage, offset),
            "min_voltage_V": _shifted(safety.lower_voltage, offset),
            "max_current_mA": _milli(safety.current),
            "min_current_mA": _milli(-safety.current) if safety.current else None,
            "max_capacity_mAh": _milli(safety.charge),
            "delay_s": safety.delay,
        },
        "method": flat(programme.parts, lambda step: _entry(step, offset)),
    }
    return str(validated_protocol(json.loads(json.dumps(protocol)), programme.name).to_json())


def _entry(step: Step, offset: float) -> Table:
    for end in step.ends:
        if end.limit not in SAYABLE[step.kind]:
            raise _unsayable(step, f"until_{end.limit}")
    common = {"id": step.name}
    match step:
        case ConstantCurrent():
            volts = _shifted(_end(step, Limit.VOLTAGE), offset)
            if volts == 0.0:  # where a protocol sees no limit
                raise _unsayable(step, "until_voltage of 0 V")
            return common | {
                "step": "constant_current",
                "current_mA": _milli(step.current),
                "until_time_s": step.longest,
                "until_voltage_V": volts,
            }
        case ConstantVoltage():
            return common | {
                "step": "constant_voltage",
                "voltage_V": _shifted(step.voltage, offset),
                "until_time_s": step.longest,
                "until_current_mA": _milli(_end(step, Limit.CURRENT)),
            }
        case VoltageRamp():
            if step.begin is None:
                raise _unsayable(step, "a ramp that begins at open circuit")
            return common | {
                "step": "voltage_scan",
                "start_voltage_V": _shifted(step.begin, offset),
                "end_voltage_V": _shifted(step.end, offset),
                "scan_rate_mV_per_s": 1000.0 * step.rate,
            }
        case Impedance():
            return common | _spectrum(step)
        case _:
            return common | {"step": "open_circuit_voltage", "until_time_s": step.longest}


def _spectrum(step: Impedance) -> Table:
    if step.bias if step.galvanostatic else step.bias is not None:
        raise _unsayable(step, "bias")
    peak = math.sqrt(2.0) * step.amplitude
    amplitude = {"amplitude_mA": _milli(peak)} if step.galvanostatic else {"amplitude_V": peak}
    return amplitude | {
        "step": "impedance_spectroscopy",
        "start_frequency_Hz": step.high_frequency,
        "end_frequency_Hz": step.low_frequency,
        "points_per_decade": step.points_per_decade,
    }


def _unsayable(step: Step, what: str) -> ConfigurationError:
    return ConfigurationError(f"step {step.number} ({step.name}) {what}: aurora-unicycler has no word for it")


def _end(step: Step, limit: Limit) -> float | None:
    return next((end.value for end in step.ends if end.limit is limit), None)


def _shifted(volts: float | None, offset: float) -> float | None:
    return None if volts is None else volts + offset


def _milli(value: float | None) -> float | None:
    return None if value is None else 1000.0 * value

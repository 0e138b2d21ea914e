"""One step as MethodSCRIPT, whatever its kind: the cell is prepared, measured in a loop, and the end is said.

Sources: MethodSCRIPT manual v1.8; github.com/PalmSens/MethodSCRIPT_Examples (MSLoopExample001-LSV, 008-CA, 009-CP,
011-OCP, 012-EIS, 013-GEIS, MSExample029) and the battery template of github.com/PalmSens/PalmSens_SDK.
"""

from operando.errors import RequestRefused
from operando.instruments.methodscript import counting, limits
from operando.instruments.methodscript.capabilities import BANDWIDTH, Model
from operando.instruments.methodscript.numbers import number, whole
from operando.instruments.methodscript.pace import Pace, pace, ramp_pace
from operando.instruments.methodscript.refusals import peak, points
from operando.vocabulary import HOSTED, ConstantCurrent, ConstantVoltage, Impedance, Rest, Safety, Step, VoltageRamp

POTENTIOSTAT, GALVANOSTAT = 3, 6
"""Modes of the instrument: high-speed potentiostat, galvanostat."""
OPEN_CIRCUIT_TIME = 0.1
"""s in which the open-circuit potential is measured, to begin a ramp or a spectrum with."""
DIRECT_TIME = 0.02
"""s in which direct current or voltage is measured beside each point of a spectrum: a period of the mains."""
IMPEDANCE_BANDWIDTH = 1_000_000
"""Hz (MSLoopExample012)."""
TAPER = 100
"""A constant voltage measures down to the range that is so much finer than that of its current limit."""
MEASURED_WITH = ("potential", "current", "charge", "total")


def mode(step: Step) -> int:
    """Return the mode of the instrument in which a step is measured; 0 for open circuit."""
    match step:
        case Rest():
            return 0
        case ConstantCurrent() | Impedance(galvanostatic=True):
            return GALVANOSTAT
    return POTENTIOSTAT


class StepWriter:
    """Writes the steps of one programme.

    Parameters
    ----------
    model : Model
        The instrument.
    safety : Safety
        Of the programme.
    counts : bool
        Each step is a run of its own.
    """

    def __init__(self, model: Model, safety: Safety, counts: bool = True) -> None:
        self._model = model
        self._safety = safety
        self._counts = counts

    def lines(self, step: Step, switch: bool) -> list[str]:
        """Return the lines of a step; the cell is first switched off where the mode is to change (``switch``)."""
        return [*(["cell_off"] if switch else []), *self._body(step), *counting.step_end()]

    def _body(self, step: Step) -> list[str]:
        match step:
            case Rest():
                return self._rest(step)
            case ConstantCurrent():
                return self._constant_current(step)
            case ConstantVoltage():
                return self._constant_voltage(step)
            case VoltageRamp():
                return self._ramp(step)
            case Impedance():
                return self._impedance(step)
        raise RequestRefused(f"{self._model.name}: no step of the kind {step.kind!r} is known; nothing was started")

    def _rest(self, step: Rest) -> list[str]:
        looks = pace(step)
        return [
            *self._prepared(POTENTIOSTAT, looks.interval),
            "store_var current 0 ba",
            *self._begun(step, looks),
            *self._measured(step, looks, f"meas_loop_ocp potential {number(looks.interval)} {number(looks.time)}"),
        ]

    def _constant_current(self, step: ConstantCurrent) -> list[str]:
        looks, current = pace(step), number(step.current)
        return [
            *self._prepared(GALVANOSTAT, looks.interval),
            *self._applied_range(step.current),
            f"set_i {current}",  # flows as soon as the cell is on
            "cell_on",
            *self._begun(step, looks),
            *self._measured(
                step, looks, f"meas_loop_cp potential current {current} {number(looks.interval)} {number(looks.time)}"
            ),
        ]

    def _constant_voltage(self, step: ConstantVoltage) -> list[str]:
        looks, volts = pace(step), number(step.voltage)
        return [
            *self._prepared(POTENTIOSTAT, looks.interval, step.current_limit),
            *self._held(volts, step.voltage, step.voltage),
            *self._begun(step, looks),
            *self._measured(
                step, looks, f"meas_loop_ca potential current {volts} {number(looks.interval)} {number(looks.time)}"
            ),
        ]

    def _ramp(self, step: VoltageRamp) -> list[str]:
        looks = ramp_pace(step, self._model.ramp_resolution)
        begin = "potential" if step.begin is None else number(step.begin)
        sweep = f"{begin} {number(step.end)} {number(step.rate * looks.interval)} {number(step.rate)}"
        return [
            *counting.step_beginning(step.number, self._counts),
            *(self._open_circuit() if step.begin is None else []),
            *self._prepared(POTENTIOSTAT, looks.interval, step.current_limit),
            *self._held(begin, step.begin, step.end),
            "store_var samples 0i ja",
            f"store_var due {looks.every}i ja",
            *counting.from_now(),
            f"meas_loop_lsv potential current {sweep}",
            *self._looked(step, looks),
        ]

    def _impedance(self, step: Impedance) -> list[str]:
        at_open_circuit = step.bias is None and not step.galvanostatic
        bias = "potential" if at_open_circuit else number(step.bias or 0.0)
        sweep = f"{number(step.high_frequency)} {number(step.low_frequency)} {whole(points(step))} {bias}"
        # what is not imposed is measured beside the spectrum, which does not tell it: for charge and safety
        imposed, other = ("current", "potential ab") if step.galvanostatic else ("potential", "current ba")
        known = [] if at_open_circuit else [f"store_var {imposed} {bias} {'ba' if step.galvanostatic else 'ab'}"]
        measured = [f"meas {number(DIRECT_TIME)} {other}"]
        return [
            *counting.step_beginning(step.number, self._counts),
            *(self._open_circuit() if at_open_circuit else []),
            *(self._modulated_current(step, bias) if step.galvanostatic else self._modulated_voltage(step, bias)),
            *counting.from_now(),
            *known,
            *measured,
            "copy_var current before",
            f"meas_loop_{'geis' if step.galvanostatic else 'eis'} frequency real imaginary "
            f"{number(step.amplitude)} {sweep}",
            *measured,
            *counting.at_each_sample(averaged=False),
            "add_var spent passed",
            *limits.spent(step.longest),
            *limits.ends(step.ends),
            *limits.safety(self._safety),
            *counting.packet("frequency", "real", "imaginary"),
            *limits.leave(),
            "endloop",
        ]

    def _modulated_voltage(self, step: Impedance, bias: str) -> list[str]:
        prepared = self._prepared(POTENTIOSTAT, 0.0, step.current_limit)
        return [*prepared, *self._held(bias, step.bias, step.bias)]

    def _modulated_current(self, step: Impedance, bias: str) -> list[str]:
        largest = max(step.current_limit, abs(step.bias or 0.0) + peak(step))
        return [*self._prepared(GALVANOSTAT, 0.0), *self._applied_range(largest), f"set_i {bias}", "cell_on"]

    def _prepared(self, wanted: int, interval: float, current: float = 0.0) -> list[str]:
        """Set mode, bandwidth and ranges; without an interval for impedance, without a current for no current range."""
        volts, ranges = number(self._model.voltage_range), list[str]()
        if current:
            largest = self._model.current_range(current)
            finest = max(self._model.current_ranges[0], largest / TAPER)
            ranges = [f"set_range ba {number(largest)}", f"set_autoranging ba {number(finest)} {number(largest)}"]
        return [
            f"set_pgstat_mode {wanted}",
            f"set_max_bandwidth {number(round(BANDWIDTH / interval, 3) if interval else IMPEDANCE_BANDWIDTH)}",
            # the whole range: a voltage that left a narrower one could not be recognized as beyond a limit
            f"set_range ab {volts}",
            f"set_autoranging ab {volts} {volts}",
            *ranges,
        ]

    def _applied_range(self, current: float) -> list[str]:
        largest = number(self._model.current_range(current))
        return [f"set_range db {largest}", f"set_autoranging db {largest} {largest}"]

    def _held(self, volts: str, begin: float | None, end: float | None) -> list[str]:
        """Hold a voltage, and prepare for one that goes to another; None is one that is not known yet."""
        known = sorted((begin, end)) if begin is not None and end is not None else None
        low, high = known or (-self._model.voltage_range, self._model.voltage_range)
        return [f"set_range_minmax da {number(low)} {number(high)}", f"set_e {volts}", "cell_on"]

    def _open_circuit(self) -> list[str]:
        """Measure the potential at open circuit, which is to be imposed; the cell must be off (error 0014)."""
        time = number(OPEN_CIRCUIT_TIME)
        return [
            "cell_off",
            *self._prepared(POTENTIOSTAT, OPEN_CIRCUIT_TIME),
            # until it is measured: a host that ends this loop would have an old potential, or none, imposed
            "store_var samples 0i ja",
            "loop samples < 1i",
            f"meas_loop_ocp potential {time} {time}",
            "add_var samples 1i",
            "endloop",
            "endloop",
            *limits.before_it_is_imposed(self._safety, counting.step_end()),
        ]

    def _begun(self, step: Step, looks: Pace) -> list[str]:
        return [*counting.step_beginning(step.number, self._counts), f"store_var due {looks.every}i ja"]

    def _measured(self, step: Step, looks: Pace, loop: str) -> list[str]:
        """Measure until a condition of the step is met, or until the host tells where it is the host who knows."""
        lines = [loop, *self._looked(step, looks)]
        return lines if any(end.limit in HOSTED for end in step.ends) else limits.only_by_its_own(lines)

    def _looked(self, step: Step, looks: Pace) -> list[str]:
        """Count, judge and report at each look; close the measurement loop."""
        held = step.current_limit if isinstance(step, ConstantVoltage | VoltageRamp) else None
        return [
            *counting.at_each_sample(),
            *limits.time_limit(looks.looks),
            *limits.ends(step.ends),
            *([] if held is None else limits.current_limit(held, self._safety.delay)),
            *limits.safety(self._safety),
            *limits.report(looks.every, counting.packet(*MEASURED_WITH)),
            *limits.leave(),
            "endloop",
        ]

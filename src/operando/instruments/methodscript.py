"""Cell programmes compiled to MethodSCRIPT, with every limit inside the script.

Sources: MethodSCRIPT manual v1.8; github.com/PalmSens/MethodSCRIPT_Examples (MSLoopExample009-CP,
MSExample029-Charge_versus_cycles); the battery template of github.com/PalmSens/PalmSens_SDK.

The instrument ends each step at its voltage or its time, whether or not a host listens. Each packet carries the
time since the start, cycle and step, so that a host which comes back knows where the programme stands.
"""

from operando.errors import RequestRefused
from operando.vocabulary import ConstantCurrentCycling

CURRENT_RANGES = (100e-9, 1e-6, 10e-6, 100e-6, 1e-3, 10e-3, 100e-3)
"""A; EmStat4 HR."""
VOLTAGE_RANGE = 6.0
"""V; EmStat4 HR applies and measures ±6 V."""
LONGEST_LINE = 255
"""Characters."""
BANDWIDTH = 5.850535
"""Hz s: bandwidth for a sample interval, from the vendor's battery template."""
TIME, POTENTIAL, CURRENT, CYCLE, STEP = "eb", "ab", "ba", "ja", "jb"
"""Types of the variables in our packets."""

CELL_OFF = "cell_off"
"""A script of its own: ``on_finished`` does not run after a runtime error."""

PREFIXES = (("", 1.0), ("m", 1e-3), ("u", 1e-6), ("n", 1e-9), ("p", 1e-12))
LARGEST = 1 << 27  # of a literal, so that it also fits a packet


def number(value: float) -> str:
    """Write a number as a whole number with an SI prefix, the only kind that MethodSCRIPT has.

    Parameters
    ----------
    value : float
        In an SI unit; kept to four parts in a million (27 bits between two prefixes), or to 1e-12.

    Examples
    --------
    >>> number(3.68), number(-196.35e-6), number(36000.0), number(0.5)
    ('3680m', '-196350n', '36000', '500m')
    """
    fitting = [(symbol, round(value / scale)) for symbol, scale in PREFIXES if abs(value / scale) < LARGEST]
    if not fitting:
        raise RequestRefused(f"MethodSCRIPT: {value:g} is too large for a number; nothing was started")
    scales = dict(PREFIXES)
    for symbol, whole in fitting:
        if abs(whole * scales[symbol] - value) <= 1e-6 * abs(value):
            return f"{whole}{symbol}"
    symbol, whole = fitting[-1]
    return f"{whole}{symbol}"


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


def compile_cycling(programme: ConstantCurrentCycling) -> str:
    """Return the script of a programme, one command a line, no empty line.

    Raises
    ------
    RequestRefused
        The instrument cannot do it, or it makes no sense.
    """
    _check(programme)
    limits = f"ab {number(programme.lower_cutoff)} {number(programme.upper_cutoff)}"
    largest = number(current_range(max(programme.charge_current, programme.discharge_current)))
    lines = [
        *(f"var {name}" for name in ("potential", "current", "elapsed", "cycle", "step")),
        f"store_var cycle 1i {CYCLE}",
        f"store_var step 1i {STEP}",
        "set_pgstat_chan 0",
        "set_pgstat_mode 6",  # galvanostat
        f"set_max_bandwidth {number(round(BANDWIDTH / programme.sample_interval, 3))}",
        f"set_range_minmax {limits}",
        f"set_autoranging {limits}",
        f"set_range db {largest}",
        f"set_autoranging db {largest} {largest}",
        "set_i 0",  # the cell is switched on without current
        "cell_on",
        "timer_start",
        f"loop cycle <= {programme.cycles}i",
        *_step(programme, 1, programme.charge_current, f">= {number(programme.upper_cutoff)}"),
        *_step(programme, 2, -programme.discharge_current, f"<= {number(programme.lower_cutoff)}"),
        "add_var cycle 1i",
        "endloop",
        "on_finished:",  # at the end and after an abort, not after a runtime error
        "cell_off",
    ]
    too_long = [line for line in lines if not 0 < len(line) <= LONGEST_LINE]
    if too_long:
        raise RequestRefused(f"MethodSCRIPT: {too_long[0]!r} is no line of 1 to {LONGEST_LINE} characters")
    return "\n".join(lines) + "\n"


def _step(programme: ConstantCurrentCycling, step: int, current: float, beyond: str) -> list[str]:
    interval, longest = number(programme.sample_interval), number(programme.step_time_limit)
    return [
        f"store_var step {step}i {STEP}",
        f"meas_loop_cp potential current {number(current)} {interval} {longest}",
        "timer_get elapsed",
        "pck_start",
        *(f"pck_add {name}" for name in ("elapsed", "potential", "current", "cycle", "step")),
        "pck_end",
        f"if potential {beyond}",
        "breakloop",
        "endif",
        "endloop",
    ]


def _check(programme: ConstantCurrentCycling) -> None:
    low, high = programme.lower_cutoff, programme.upper_cutoff
    complaint = ""
    if not -VOLTAGE_RANGE <= low < high <= VOLTAGE_RANGE:
        complaint = f"cutoffs of {low:g} and {high:g} V at the terminals are not in order within ±{VOLTAGE_RANGE:g} V"
    elif not (programme.charge_current > 0 and programme.discharge_current > 0):
        complaint = (
            f"currents of {programme.charge_current:g} and {programme.discharge_current:g} A are not both positive"
        )
    elif programme.cycles < 1:
        complaint = f"{programme.cycles} cycles are less than one"
    elif not 0 < programme.sample_interval <= programme.step_time_limit:
        complaint = (
            f"a sample interval of {programme.sample_interval:g} s is not between 0 and the step time limit "
            f"of {programme.step_time_limit:g} s"
        )
    if complaint:
        raise RequestRefused(f"EmStat4: {complaint}; nothing was started")

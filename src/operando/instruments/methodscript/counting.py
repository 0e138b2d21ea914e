"""Time and charge, counted inside the script at each sample.

The instrument computes in single precision, of seven digits. So its timer starts anew every hour, and the charge is
summed with compensation (W. Kahan, Commun. ACM 8, 40, 1965): 100 000 small additions to a large sum would else cost up
to a part in a thousand of it. The charge is current times the time since the last sample, as in the vendor's battery
template: the instrument's converter averages the current over the interval.
"""

from operando.instruments.methodscript import wire
from operando.instruments.methodscript.numbers import number, whole
from operando.vocabulary import Position

VARIABLES = (
    *("potential", "current", "frequency", "real", "imaginary"),
    *("elapsed", "turn", "carry", "tick", "passed", "spent"),
    *("charge", "lost", "share", "sum", "total", "before"),
    *("cycle", "step", "run", "ended", "samples", "due", "alarm", "beyond", "over"),
)
"""Every variable of a script but the counters of its loops."""
ANY_CURRENT = -2
"""A; no instrument measures one below it."""


def beginning(at: Position) -> list[str]:
    """Set what lasts from step to step: the first cycle, and the run and the charge before the first step."""
    return [
        f"store_var cycle {whole(at.cycle)} {wire.CYCLE}",
        f"store_var run {whole(at.run)} {wire.RUN}",
        f"store_var turn 0i {wire.TURN}",
        f"store_var carry 0 {wire.TIME}",
        # how long a limit has been exceeded goes on from step to step: a step may be shorter than the delay
        f"store_var beyond 0 {wire.TIME}",
        f"store_var over 0 {wire.TIME}",
        f"store_var total {number(at.passed)} {wire.BEFORE}",
        "timer_start",
    ]


def step_beginning(number_of_step: int, counts: bool) -> list[str]:
    """Begin a step; a rest for a pause is no run of its own (``counts`` false)."""
    return [
        f"store_var step {whole(number_of_step)} {wire.STEP}",
        *(["add_var run 1i"] if counts else []),
        f"store_var ended {wire.LOOP_OVER}i {wire.ENDED}",
        "store_var samples 0i ja",
        f"store_var charge 0 {wire.CHARGE}",
        f"store_var lost 0 {wire.CHARGE}",
        f"store_var spent 0 {wire.TIME}",
        *from_now(),
    ]


def from_now() -> list[str]:
    """Count time and charge from here, not from the last sample."""
    return ["timer_get tick", "add_var tick carry"]


def at_each_sample(averaged: bool = True) -> list[str]:
    """Count time and charge up to a sample that was just measured.

    Parameters
    ----------
    averaged : bool
        ``current`` is the mean since the last sample. Else it is that of an instant, and ``before`` is the one before.
    """
    turn = number(wire.TURN_LENGTH)
    mean = [] if averaged else ["add_var share before", "div_var share 2", "copy_var current before"]
    return [
        "timer_get elapsed",
        "add_var elapsed carry",
        "copy_var elapsed passed",
        "sub_var passed tick",
        f"if elapsed >= {turn}",
        f"sub_var elapsed {turn}",
        "copy_var elapsed carry",
        "timer_start",
        "add_var turn 1i",
        "endif",
        "copy_var elapsed tick",
        "add_var samples 1i",
        "copy_var current share",
        *mean,
        f"if share >= {ANY_CURRENT}",  # not so for one that is no number, which would make none of the charge for ever
        "mul_var share passed",
        "div_var share 3600",
        "sub_var share lost",
        "copy_var charge sum",
        "add_var sum share",
        "copy_var sum lost",
        "sub_var lost charge",
        "sub_var lost share",
        "copy_var sum charge",
        "endif",
    ]


def packet(*names: str) -> list[str]:
    """Send the time, where the programme stands, and what else is named."""
    place = ("elapsed", "turn", "cycle", "step", "run")
    return ["pck_start", *(f"pck_add {name}" for name in (*place, *names)), "pck_end"]


def step_end() -> list[str]:
    """Say how the step ended; end the programme where its safety demands it."""
    return [
        "timer_get elapsed",
        "add_var elapsed carry",
        *packet("charge", "total", "ended"),
        "add_var total charge",
        f"if ended >= {wire.FIRST_SAFETY}i",
        "cell_off",
        "abort",
        "endif",
    ]

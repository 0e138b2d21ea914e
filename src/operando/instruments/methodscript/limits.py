"""What ends a step, as it stands inside a measurement loop: its ends, and the safety of the programme."""

from operando.instruments.methodscript import wire
from operando.instruments.methodscript.numbers import number
from operando.vocabulary import HOSTED, End, Limit, Safety

MEASURED = {Limit.VOLTAGE: "potential", Limit.CURRENT: "current", Limit.CHARGE: "charge"}
INRUSH = 1.0
"""s that the current of a voltage which has just been imposed may exceed its limit."""
WITHOUT_SIGN = (Limit.CURRENT, Limit.CHARGE)


def ends(conditions: tuple[End, ...]) -> list[str]:
    """Look at the conditions; of several that are met the first wins, so they are looked at from the last."""
    numbered = list(enumerate((end for end in conditions if end.limit is not Limit.TIME), start=1))
    return [
        line
        for position, end in reversed(numbered)
        if end.limit not in HOSTED
        for line in _condition(MEASURED[end.limit], end, _met(position))
    ]


def time_limit(samples: int) -> list[str]:
    """Look whether the time is over, counted in samples; any other condition that is met as well goes before it."""
    return _if(f"samples >= {samples}i", _met(wire.BY_TIME))


def spent(longest: float) -> list[str]:
    """Look whether the time is over where looks are not equally far apart, s."""
    return _if(f"spent >= {number(longest)}", _met(wire.BY_TIME))


def safety(limits: Safety) -> list[str]:
    """Look at the safety limits; one that is exceeded for longer than the delay goes before every other condition."""
    beyond = [
        *_if_any(limits.upper_voltage, "potential >", wire.UPPER_VOLTAGE),
        *_if_any(limits.lower_voltage, "potential <", wire.LOWER_VOLTAGE),
        *_outside("current", limits.current, wire.SAFE_CURRENT),
        *_outside("sum", limits.charge, wire.SAFE_CHARGE),
    ]
    if not beyond:
        return []
    total = ["copy_var total sum", "add_var sum charge"] if limits.charge is not None else []
    return ["store_var alarm 0i ja", *total, *beyond, *_lasting("beyond", limits.delay)]


def current_limit(limit: float, delay: float) -> list[str]:
    """Look whether a held voltage draws more than its step allows, for longer than the delay and `INRUSH`."""
    return [
        "store_var alarm 0i ja",
        *_outside("current", limit, wire.CURRENT_LIMIT),
        *_lasting("over", max(delay, INRUSH)),
    ]


def _lasting(time: str, delay: float) -> list[str]:
    """Take an alarm for true once it has lasted longer than a delay (s)."""
    return [
        *_if("alarm == 0i", [f"store_var {time} 0 {wire.TIME}"]),
        *_if("alarm > 0i", [f"add_var {time} passed", *_if(f"{time} > {number(delay)}", _alarmed())]),
    ]


def before_it_is_imposed(limits: Safety, end: list[str]) -> list[str]:
    """Look at a potential that is to be imposed: beyond the safety limits the step ends (``end``) before it began."""
    beyond = [
        *_if_any(limits.upper_voltage, "potential >", wire.UPPER_VOLTAGE),
        *_if_any(limits.lower_voltage, "potential <", wire.LOWER_VOLTAGE),
    ]
    if not beyond:
        return []
    return ["store_var alarm 0i ja", *beyond, *_if("alarm > 0i", [*_alarmed(), *end])]


def only_by_its_own(loop: list[str]) -> list[str]:
    """Repeat a measurement loop until a condition is met: an end that the host told too late does nothing."""
    return [f"loop ended == {wire.LOOP_OVER}i", *loop, "endloop"]


def leave() -> list[str]:
    """End the measurement loop where a condition was met."""
    return _if(f"ended != {wire.LOOP_OVER}i", ["breakloop"])


def report(every: int, lines: list[str]) -> list[str]:
    """Send a packet with every so-manieth sample, and with the last one of a step."""
    if every == 1:
        return lines
    return [
        *_if(f"ended != {wire.LOOP_OVER}i", ["store_var due 0i ja"]),
        *_if("samples >= due", [*lines, f"add_var due {every}i"]),
    ]


def _condition(measured: str, end: End, then: list[str]) -> list[str]:
    limit = number(end.value)
    if end.limit not in WITHOUT_SIGN:
        return _if(f"{measured} {'<=' if end.below else '>='} {limit}", then)
    if end.below:
        return _if(f"{measured} <= {limit}", _if(f"{measured} >= -{limit}", then))
    return [*_if(f"{measured} >= {limit}", then), *_if(f"{measured} <= -{limit}", then)]


def _outside(measured: str, limit: float | None, alarm: int) -> list[str]:
    if limit is None:
        return []
    return [*_if_any(limit, f"{measured} >", alarm), *_if_any(-limit, f"{measured} <", alarm)]


def _if_any(limit: float | None, comparison: str, alarm: int) -> list[str]:
    return [] if limit is None else _if(f"{comparison} {number(limit)}", [f"store_var alarm {alarm}i ja"])


def _alarmed() -> list[str]:
    return ["copy_var alarm ended", f"alter_vartype ended {wire.ENDED}"]


def _met(code: int) -> list[str]:
    return [f"store_var ended {code}i {wire.ENDED}"]


def _if(condition: str, then: list[str]) -> list[str]:
    return [f"if {condition}", *then, "endif"]

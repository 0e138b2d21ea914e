"""Programmes out of a generator: sensible ones, sensible ones with one thing wrong, wild ones, scrambled ones.

All are what an author writes: tables as TOML or JSON gives them, for `operando.config.programme.validated`.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from programme.nonsense import COUNTER, NONSENSE, Table, potential

from operando.config.programme import INSTRUMENTS, CellFacts, Facts

FACTS = Facts(CellFacts(COUNTER, 0.7854e-3, 3.927e-3, 1.082e-3), INSTRUMENTS["emstat4"], (15.0, 100.0))
"""Of the simulated endstation's cell, on an EmStat4 without a limit of the endstation's own."""
LOWER, UPPER = (2.0, 2.6), (3.2, 3.9)
"""V between the terminals: in the first every discharge ends, in the second every charge."""
SAFE = (1.6, 4.3)
"""V between the terminals: beyond every end, hold, ramp and modulation."""


def number(low: float, high: float) -> st.SearchStrategy[float]:
    """Return numbers of four digits, each decade as likely as the others."""
    exponents = st.floats(0.0, 1.0)
    return exponents.map(lambda share: min(max(float(f"{low * (high / low) ** share:.4g}"), low), high))


@st.composite
def potentials(draw: st.DrawFn, low: float, high: float) -> Table:
    """Draw a potential between two voltages (V) at the terminals, on one of the scales."""
    return potential(round(draw(st.floats(low, high)), 3), draw(st.sampled_from(["cell", "Li/Li+"])))


@st.composite
def amounts(draw: st.DrawFn, stem: str, low: float, high: float, sign: float = 1.0) -> Table:
    """Draw a current between two (A) in one of the ways to write it."""
    amperes = sign * draw(number(low, high))
    ending, factor = draw(st.sampled_from([("_A", 1.0), ("_mA_per_g", 1e3 / 3.927e-3), ("_C_rate", 1.0 / 0.7854e-3)]))
    return {stem + ending: amperes * factor}


def times(longest: float) -> st.SearchStrategy[float]:
    """Return durations (s) of at least one sample."""
    return number(2.0, longest)


@st.composite
def rests(draw: st.DrawFn, longest: float) -> Table:
    """Draw a rest; some wait for somebody."""
    others = st.fixed_dictionaries(
        {},
        optional={
            "until_temperature_above_C": st.floats(20.0, 99.0),
            "until_measurement": st.just(True),
            "until_voltage_above": potentials(*UPPER),
            "until_voltage_below": potentials(*LOWER),
        },
    )
    return {"kind": "rest", "until_time_s": draw(times(longest)), **draw(others)}


@st.composite
def currents(draw: st.DrawFn, longest: float) -> Table:
    """Draw a constant current: it ends at a voltage on its side, after a charge, after a time."""
    charging = draw(st.booleans())
    applied = draw(amounts("current", 1e-6, 2e-2, 1.0 if charging else -1.0))
    step = {"kind": "constant_current", **applied, "until_time_s": draw(times(longest))}
    step |= {"until_voltage_above": draw(potentials(*UPPER))} if charging else {}
    step |= {} if charging else {"until_voltage_below": draw(potentials(*LOWER))}
    if draw(st.booleans()):
        possible = min(1.0, amperes(step, "current") * step["until_time_s"] / 3.6)
        step["until_charge_mAh"] = possible * draw(st.floats(0.05, 0.95))
    return step


def amperes(step: Table, stem: str) -> float:
    """Return the current (A, without its sign) that a step names."""
    factors = {"_A": 1.0, "_mA_per_g": 3.927e-6, "_C_rate": 0.7854e-3}
    return next(abs(step[stem + ending]) * factor for ending, factor in factors.items() if stem + ending in step)


@st.composite
def holds(draw: st.DrawFn, longest: float) -> Table:
    """Draw a constant voltage with its taper."""
    limit, share = draw(number(1e-4, 2e-2)), draw(st.floats(0.01, 0.9))
    return {
        "kind": "constant_voltage",
        "voltage": draw(potentials(2.7, 3.1)),
        "current_limit_A": limit,
        "until_current_below_A": float(f"{limit * share:.3g}"),
        "until_time_s": draw(times(longest)),
    }


@st.composite
def charges_with_hold(draw: st.DrawFn, longest: float) -> Table:
    """Draw a constant current with the constant voltage behind it."""
    charging = draw(st.booleans())
    applied = draw(amounts("current", 1e-5, 2e-2, 1.0 if charging else -1.0))
    (key, value), share = next(iter(applied.items())), draw(st.floats(0.05, 0.8))
    return {
        "kind": "cc_cv",
        **applied,
        "voltage": draw(potentials(*(UPPER if charging else LOWER))),
        key.replace("current", "until_current_below"): abs(value) * share,
        "current_time_s": draw(times(longest)),
        "hold_time_s": draw(times(longest)),
    }


@st.composite
def titrations(draw: st.DrawFn, longest: float) -> Table:
    """Draw a few pulses."""
    charging = draw(st.booleans())
    return {
        "kind": "gitt",
        **draw(amounts("current", 1e-6, 5e-3, 1.0 if charging else -1.0)),
        "pulses": draw(st.integers(1, 4)),
        "pulse_time_s": draw(times(longest / 4)),
        "rest_time_s": draw(times(longest / 4)),
        "until_voltage_above" if charging else "until_voltage_below": draw(potentials(*(UPPER if charging else LOWER))),
    }


@st.composite
def ramps(draw: st.DrawFn, longest: float) -> Table:
    """Draw a ramp that its time is enough for."""
    begin, end = draw(st.tuples(st.floats(2.65, 2.85), st.floats(2.95, 3.15)))
    begin, end = (begin, end) if draw(st.booleans()) else (end, begin)
    rate = 1000.0 * abs(end - begin) / (draw(st.floats(0.1, 0.8)) * longest)
    step: Table = {"kind": "voltage_ramp", "end": potential(round(end, 3), "cell"), "rate_mV_per_s": rate}
    if draw(st.booleans()):
        step["begin"] = potential(round(begin, 3), "cell")
    return {**step, "current_limit_A": draw(number(1e-4, 2e-2)), "until_time_s": longest}


@st.composite
def spectra(draw: st.DrawFn, longest: float) -> Table:
    """Draw a spectrum, potentiostatic or galvanostatic, that its time is enough for."""
    low = draw(number(10.0, 100.0))
    step: Table = {
        "high_frequency_Hz": low * draw(number(10.0, 1000.0)),
        "low_frequency_Hz": low,
        "points_per_decade": draw(st.integers(1, 8)),
        "until_time_s": max(longest, 30.0),
    }
    if draw(st.booleans()):
        return step | {"kind": "geis", "amplitude_A": draw(number(1e-6, 1e-3))}
    step |= {"kind": "eis", "amplitude_mV": draw(number(1.0, 20.0)), "current_limit_A": draw(number(1e-4, 2e-2))}
    return step | ({"bias": draw(potentials(2.7, 3.1))} if draw(st.booleans()) else {})


def steps(longest: float) -> st.SearchStrategy[Table]:
    """Return single entries, but for loops."""
    kinds = (rests, currents, holds, charges_with_hold, titrations, ramps, spectra)
    return st.one_of([kind(longest) for kind in kinds])


def entries(longest: float) -> st.SearchStrategy[list[Table]]:
    """Return lists of steps and loops, loops in loops among them."""
    return st.lists(
        st.recursive(
            steps(longest),
            lambda inner: st.builds(
                lambda passes, parts: {"kind": "loop", "passes": passes, "steps": parts},
                st.integers(1, 3),
                st.lists(inner, min_size=1, max_size=3),
            ),
            max_leaves=4,
        ),
        min_size=1,
        max_size=3,
    )


@st.composite
def sensible(draw: st.DrawFn, longest: float = 60.0) -> Table:
    """Draw a programme that must compile for `FACTS`.

    Parameters
    ----------
    longest : float
        s, of each step.
    """
    safety: Table = {
        "upper_voltage": potential(SAFE[1], "Li/Li+"),
        "lower_voltage": potential(SAFE[0], "cell"),
        "delay_s": draw(st.sampled_from([0.0, 1.0, 5.0])),
    }
    return {
        "name": "generated",
        "step_time_limit_s": max(longest, 30.0),
        "sample_interval_s": draw(st.sampled_from([each for each in (0.1, 0.25, 0.5, 2.0) if each <= longest / 10])),
        "safety": safety if draw(st.booleans()) else {},
        "steps": draw(entries(longest)),
    }


@st.composite
def nonsensical(draw: st.DrawFn, longest: float = 60.0) -> tuple[Table, str]:
    """Draw a sensible programme with something wrong put into it, and what must be said."""
    programme = draw(sensible(longest))
    wrong, says = NONSENSE[draw(st.sampled_from(sorted(NONSENSE)))]
    programme |= {"safety": {}, "step_time_limit_s": 60.0}
    # In front: what precedes it cannot hide that, say, two limits cross.
    return programme | {"steps": [*deepcopy(wrong), *programme["steps"]]}, says


ODD_NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([0.0, -0.0, 1e-300, 1e300, -1.0, 0.05, 3.68, 4.3]),
    st.integers(-10, 10_000),
)


ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, "", "C/4", "rest", "loop", [], {}, [None], [{}], {"kind": "rest"}, {"value_V": 4.3}]),
    st.text(max_size=5),
    ODD_NUMBERS,
)


@st.composite
def wild(draw: st.DrawFn, longest: float = 60.0) -> Table:
    """Draw a sensible programme in which any one number of any step is another."""
    programme = deepcopy(draw(sensible(longest)))
    places = [place for place in _places(programme["steps"]) if _is_number(place[0][place[1]])]
    here, key = draw(st.sampled_from(places))
    here[key] = draw(ODD_NUMBERS)
    return programme


@st.composite
def scrambled(draw: st.DrawFn, longest: float = 60.0) -> Table:
    """Draw a sensible programme in which something is anything else that a file may hold, or is gone."""
    programme = deepcopy(draw(sensible(longest)))
    here, key = draw(st.sampled_from(list(_places(programme))))
    if draw(st.booleans()):
        here[key] = draw(ODD_VALUES)
    else:
        del here[key]
    return programme


def _places(here: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every table or list, with each of its keys."""
    for key, value in list(here.items() if isinstance(here, dict) else enumerate(here)):
        yield here, key
        if isinstance(value, dict | list):
            yield from _places(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def programmes(longest: float = 60.0) -> st.SearchStrategy[Table]:
    """Return all of them."""
    return st.one_of(sensible(longest), nonsensical(longest).map(lambda it: it[0]), wild(longest), scrambled(longest))

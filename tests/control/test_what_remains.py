"""What remains of a cell programme, wherever it was interrupted: the same steps, in the same order, no more."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operando.control.remainder import located, remainder
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Loop,
    Position,
    Rest,
    Safety,
    Step,
    VoltageRamp,
    begun,
)


def ends(seconds: float, *others: End) -> tuple[End, ...]:
    return (*others, End(Limit.TIME, seconds))


def charge(number: int) -> ConstantCurrent:
    found = ends(100.0, End(Limit.VOLTAGE, 3.68), End(Limit.CHARGE, 1e-3))
    return ConstantCurrent(number=number, name="charge", ends=found, sample_interval=1.0, current=0.1)


def rest(number: int) -> Rest:
    return Rest(number=number, name="rest", ends=ends(60.0), sample_interval=1.0)


def programme(*parts: Step | Loop) -> CellProgramme:
    return CellProgramme("test", parts, Safety(), "", "", 0.62)


def walk(parts: Sequence[Step | Loop], cycle: list[int]) -> Iterator[tuple[int, int]]:
    """The steps as an instrument would do them, each with its cycle: written down once more, without cleverness."""
    for part in parts:
        if isinstance(part, Loop):
            for _ in range(part.passes):
                yield from walk(part.parts, cycle)
                cycle[0] += part.cycles
        else:
            yield part.number, cycle[0]


def test_a_programme_that_has_not_begun_remains_whole() -> None:
    whole = programme(rest(1), Loop(3, (charge(2),), cycles=True))
    assert remainder(whole, Position()) == whole


def test_the_rest_of_a_pass_is_done_before_the_passes_that_are_left() -> None:
    inner = Loop(5, (charge(2), rest(3)))
    whole = programme(Loop(4, (rest(1), inner, charge(4)), cycles=True), rest(5))
    at = Position((2, 3), 3, cycle=2, run=18, elapsed=20.0)
    left = remainder(whole, at).parts
    assert left[0] == Loop(1, (replace(rest(3), ends=ends(40.0)), Loop(2, inner.parts), charge(4)), cycles=True)
    assert left[1:] == (Loop(2, (rest(1), inner, charge(4)), cycles=True), rest(5))


def test_time_and_charge_that_passed_are_not_asked_for_again() -> None:
    (left,) = remainder(programme(charge(1)), Position((), 1, elapsed=30.0, charge=-4e-4)).parts
    assert isinstance(left, ConstantCurrent)
    assert left.longest == 70.0
    assert left.ends[0] == End(Limit.VOLTAGE, 3.68)
    assert left.ends[1].value == pytest.approx(6e-4)


@pytest.mark.parametrize("at", [Position((), 1, elapsed=99.5), Position((), 1, charge=1e-3)])
def test_a_step_that_is_spent_becomes_the_shortest_rest(at: Position) -> None:
    left = remainder(programme(charge(1), rest(2)), at).parts
    assert left == (Rest(number=1, name="charge", ends=ends(1.0), sample_interval=1.0), rest(2))


def test_a_ramp_goes_on_from_its_voltage() -> None:
    ramp = VoltageRamp(
        number=1, name="", ends=ends(90.0), sample_interval=1.0, begin=3.0, end=2.5, rate=0.01, current_limit=0.1
    )
    (left,) = remainder(programme(ramp), Position((), 1, elapsed=20.0)).parts
    assert isinstance(left, VoltageRamp)
    assert (left.begin, left.end, left.longest) == (pytest.approx(2.8), 2.5, 70.0)
    (spent,) = remainder(programme(ramp), Position((), 1, elapsed=50.0)).parts
    assert isinstance(spent, Rest)
    (unknown,) = remainder(programme(replace(ramp, begin=None)), Position((), 1, elapsed=20.0)).parts
    assert unknown == replace(ramp, begin=None, ends=ends(70.0))


def test_a_spectrum_is_measured_anew() -> None:
    eis = Impedance(
        number=1, name="", ends=ends(60.0), sample_interval=1.0, galvanostatic=False, amplitude=0.01, bias=None,
        high_frequency=1e5, low_frequency=0.1, points_per_decade=5, current_limit=0.01,
    )  # fmt: skip
    assert remainder(programme(eis), Position((), 1, elapsed=50.0)).parts == (eis,)


def test_a_held_voltage_keeps_its_taper() -> None:
    taper = End(Limit.CURRENT, 1e-3, below=True)
    hold = ConstantVoltage(
        number=1, name="", ends=ends(60.0, taper), sample_interval=1.0, voltage=3.68, current_limit=0.1
    )
    (left,) = remainder(programme(hold), Position((), 1, elapsed=10.0, charge=1e-4)).parts
    assert left == replace(hold, ends=ends(50.0, taper))


@pytest.mark.parametrize("at", [Position((), 7), Position((), 1), Position((5,), 1), Position((1, 1), 1)])
def test_a_position_that_is_none_is_refused(at: Position) -> None:
    with pytest.raises(ValueError, match="has no step"):
        remainder(programme(Loop(4, (charge(1),))), at)


@pytest.mark.parametrize("ordinal", [0, 5])
def test_more_steps_than_there_are_have_not_begun(ordinal: int) -> None:
    with pytest.raises(ValueError, match="begins 4 steps"):
        located(programme(Loop(4, (charge(1),))), ordinal)


def loops(inside: st.SearchStrategy[Step | Loop]) -> st.SearchStrategy[Step | Loop]:
    return st.builds(Loop, st.integers(1, 4), st.lists(inside, min_size=1, max_size=3).map(tuple), st.booleans())


@st.composite
def programmes(draw: st.DrawFn) -> CellProgramme:
    parts = draw(st.lists(st.recursive(st.just(rest(0)), loops, max_leaves=5), min_size=1, max_size=3))
    numbers = iter(range(1, 100))

    def numbered(part: Step | Loop) -> Step | Loop:
        if isinstance(part, Loop):
            return replace(part, parts=tuple(map(numbered, part.parts)))
        return rest(next(numbers))

    return programme(*map(numbered, parts))


@given(programmes(), st.data())
def test_wherever_a_programme_is_interrupted_the_same_steps_follow(whole: CellProgramme, data: st.DataObject) -> None:
    story = list(walk(whole.parts, [1]))
    assert len(story) == begun(whole.parts)
    ordinal = data.draw(st.integers(1, len(story)))
    at = located(whole, ordinal)
    assert (at.step, at.cycle) == story[ordinal - 1]
    assert list(walk(remainder(whole, at).parts, [at.cycle])) == story[ordinal - 1 :]

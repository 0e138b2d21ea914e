"""A pause that comes between two steps, or into a spectrum: where the programme goes on, and what passed."""

import pytest
from environment.talking_potentiostat import DISCHARGE, HOLD, UPPER, Bench

from operando.vocabulary import Position


def stands(bench: Bench) -> Position:
    return bench.potentiostat.started[-1][1]


def test_a_second_pause_goes_on_where_it_came_and_not_a_step_before() -> None:
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    bench.pause()
    bench.resume()
    assert stands(bench).step == HOLD.number
    bench.begin()
    for _ in range(7):
        bench.sample(HOLD.number, 0.05)
        bench.step()
    bench.pause()
    bench.resume()
    assert (stands(bench).step, stands(bench).elapsed) == (HOLD.number, pytest.approx(7.0, abs=0.1))
    assert bench.potentiostat.started[-1][0].steps[0].longest == pytest.approx(HOLD.longest - 7.0, abs=0.1)


def test_what_a_step_passed_before_its_first_sample_is_counted() -> None:
    bench = Bench()
    bench.start()
    for number, current in ((1, 0.1), (2, 0.05), (3, 0.0)):
        bench.do(number, current, 20, UPPER)
    before = bench.values("charge")[-1]
    bench.pass_time(0.5)
    bench.pause()
    assert stands(bench).step == 0  # nothing but the first start yet
    bench.resume()
    assert stands(bench).passed == pytest.approx(before + DISCHARGE.current * 0.5 / 3600)


def test_an_interrupted_spectrum_leaves_the_charge_in_doubt() -> None:
    """The current that a held voltage drew in it is told at its end alone."""
    bench = Bench()
    bench.start()
    bench.do(1, 0.1, 20, UPPER)
    for number in (2, 3, 4):
        bench.do(number, 0.0, 1, UPPER)
    bench.begin()
    bench.point(1e4)
    bench.step()
    bench.pause()
    bench.begin()
    bench.sample(0, 0.0)
    bench.step()
    assert bench.samples[-1]["charge"].quality == 1

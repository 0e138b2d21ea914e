"""Charge accounting as a battery scientist would check it: coulombs, half-cycles, efficiency, rests, gaps."""

import math
from dataclasses import replace

import pytest

from operando.control.accounting import Account, negligible
from operando.vocabulary import (
    CellProgramme,
    ConstantCurrent,
    ConstantVoltage,
    End,
    Impedance,
    Limit,
    Rest,
    Safety,
    Step,
)

HOUR = 3600.0
NS = 1_000_000_000
LONG = (End(Limit.TIME, 1e5),)
CHARGE = ConstantCurrent(number=1, name="charge", ends=LONG, sample_interval=1.0, current=0.1)
HOLD = ConstantVoltage(number=2, name="hold", ends=LONG, sample_interval=1.0, voltage=3.68, current_limit=0.1)
REST = Rest(number=3, name="rest", ends=LONG, sample_interval=1.0)
DISCHARGE = ConstantCurrent(number=4, name="discharge", ends=LONG, sample_interval=1.0, current=-0.1)
EIS = Impedance(
    number=5, name="eis", ends=LONG, sample_interval=1.0, galvanostatic=True, amplitude=0.01, bias=None,
    high_frequency=1e4, low_frequency=1.0, points_per_decade=5, current_limit=0.1,
)  # fmt: skip
SMALLEST = negligible(CellProgramme("", (CHARGE, HOLD, REST, DISCHARGE), Safety(), "", "", 0.62))


class Counting:
    """An account, fed as an instrument would feed it."""

    def __init__(self, account: Account | None = None) -> None:
        self.account = account or Account()
        self.run = self.account.run
        self.clock = self.own = 0.0

    def do(self, step: Step, *currents: float, end: float = 0.0, silent: range = range(0), own: bool = True) -> None:
        """Do a step of samples 1 s apart, and an end ``end`` s behind the last, in a rectangle each."""
        self.run += 1
        self.own = 0.0
        for number, current in enumerate(currents):
            self.clock += 1.0
            self.own += current / HOUR
            if number not in silent:
                told = self.own if own else math.nan
                self.account = self.account.sampled(
                    step, self.run, self.clock, current, told, round(self.clock * NS), SMALLEST
                )
        self.clock += end
        self.own += (currents or (0.0,))[-1] * end / HOUR
        told = self.own if own else math.nan
        self.account = self.account.step_ended(step, self.run, self.clock, told, round(self.clock * NS), SMALLEST)


def test_charge_and_discharge_return_to_nothing() -> None:
    counting = Counting()
    counting.do(CHARGE, *[0.1] * 10)
    assert counting.account.charge == pytest.approx(1.0 / HOUR)
    assert counting.account.step_charge == pytest.approx(1.0 / HOUR)
    counting.do(DISCHARGE, *[-0.1] * 10)
    assert counting.account.charge == pytest.approx(0.0, abs=1e-15)
    assert counting.account.step_charge == pytest.approx(-1.0 / HOUR)
    assert not counting.account.doubtful


def test_the_last_current_of_a_step_flows_until_its_end() -> None:
    for own in (True, False):
        counting = Counting()
        counting.do(CHARGE, 0.1, end=0.5, own=own)
        counting.do(DISCHARGE, -0.1, own=own)
        assert counting.account.charge == pytest.approx(0.05 / HOUR)


def test_a_taper_is_its_integral() -> None:
    counting = Counting()
    currents = [0.1 * math.exp(-second / 100.0) for second in range(1, 501)]
    counting.do(HOLD, *currents, own=False)  # of an instrument that does not count
    exact = 0.1 * 100.0 * (math.exp(-0.01) - math.exp(-5.0)) + 0.1 * math.exp(-0.01)
    assert counting.account.charge * HOUR == pytest.approx(exact, rel=1e-5)


def test_open_circuit_carries_no_charge_whatever_is_measured() -> None:
    counting = Counting()
    counting.do(REST, *[1e-4] * 100)
    assert counting.account.charge == 0.0
    assert math.isnan(counting.account.rest_age(10 * NS))


def test_a_current_that_is_not_a_number_is_bridged() -> None:
    counting = Counting()
    counting.do(CHARGE, 0.1, math.nan, 0.1, own=False)
    assert counting.account.charge == pytest.approx(0.3 / HOUR)


def test_half_cycles_turn_with_the_current_and_not_with_rests() -> None:
    counting = Counting()
    counting.do(REST, 0.0)
    counting.do(CHARGE, 0.1, 0.1)
    counting.do(HOLD, 0.05, 0.01, 1e-5, -1e-5)  # its noise turns nothing
    counting.do(REST, 0.0)
    assert counting.account.half_cycle == 1
    assert counting.account.capacity == pytest.approx(0.26 / HOUR)
    counting.do(DISCHARGE, -0.1)
    assert counting.account.half_cycle == 2
    assert counting.account.capacity == pytest.approx(0.1 / HOUR)


def test_efficiency_is_a_discharge_over_the_charge_before_it() -> None:
    counting = Counting()
    counting.do(CHARGE, *[0.1] * 196)
    counting.do(DISCHARGE, *[-0.1] * 140)
    assert math.isnan(counting.account.efficiency)  # the discharge is not complete
    assert counting.account.closed().efficiency == pytest.approx(140 / 196)
    counting.do(CHARGE, *[0.1] * 150)
    assert counting.account.efficiency == pytest.approx(140 / 196)
    counting.do(DISCHARGE, *[-0.1] * 148)
    assert counting.account.closed().efficiency == pytest.approx(148 / 150)


def test_a_discharge_without_a_charge_has_no_efficiency() -> None:
    counting = Counting()
    counting.do(DISCHARGE, -0.1)
    counting.do(CHARGE, 0.1)
    assert math.isnan(counting.account.closed().efficiency)


def test_a_rest_grows_old_from_the_last_current_on() -> None:
    counting = Counting()
    counting.do(CHARGE, 0.1, 0.1, end=0.5)
    counting.do(REST, *[0.0] * 10)
    counting.do(EIS)  # what is modulated has no mean
    assert counting.account.rest_age(round(counting.clock * NS)) == pytest.approx(10.0)


def test_what_passed_in_a_gap_is_the_instruments_own_count() -> None:
    counting = Counting()
    counting.do(HOLD, 0.1, 0.1, *[0.05] * 50, 0.01, 0.01, silent=range(2, 52))
    assert counting.account.charge == pytest.approx((0.2 + 2.5 + 0.02) / HOUR)
    assert not counting.account.doubtful


def test_a_gap_that_nobody_counted_is_doubtful() -> None:
    counting = Counting()
    counting.do(HOLD, 0.1, *[0.05] * 50, 0.01, silent=range(1, 51), own=False)
    assert counting.account.doubtful


def test_a_gap_over_the_end_of_a_step_is_estimated_and_doubtful() -> None:
    account = Account(charge=1.0, run=1, elapsed=10.0, current=0.1, bounded=False, direction=1)
    found = account.sampled(DISCHARGE, 2, 110.0, -0.1, -4.0 / HOUR, NS, SMALLEST)  # which began 40 s before
    assert found.charge == pytest.approx(1.0 + (6.0 - 4.0) / HOUR)
    assert found.doubtful
    assert found.half_cycle == 2


def test_what_passed_in_steps_that_nobody_saw_is_the_instruments_own_count() -> None:
    account = Account(charge=1.0, run=1, elapsed=10.0, current=0.1, bounded=False, direction=1)
    found = account.sampled(DISCHARGE, 7, 110.0, -0.1, -4.0 / HOUR, NS, SMALLEST, before=1.5)
    assert found.charge == pytest.approx(1.5 - 4.0 / HOUR)
    assert not found.doubtful


def test_an_end_that_was_missed_costs_no_charge_and_no_doubt() -> None:
    account = Account(charge=1.0, run=1, elapsed=10.0, current=0.1, bounded=False, direction=1)
    found = account.sampled(DISCHARGE, 2, 11.0, -0.1, -0.06 / HOUR, NS, SMALLEST)
    assert found.charge == pytest.approx(1.0 + (0.04 - 0.06) / HOUR)
    assert not found.doubtful


def test_a_step_goes_on_behind_a_pause_with_a_clock_of_its_own() -> None:
    counting = Counting()
    counting.do(CHARGE, 0.1, 0.1)
    counting.account, counting.clock = counting.account.restarted(), 0.0
    counting.do(CHARGE, 0.1)
    assert counting.account.charge == pytest.approx(0.3 / HOUR)
    assert counting.account.half_cycle == 1


def test_a_bias_passes_charge() -> None:
    assert Account().measured(replace(EIS, bias=0.01), 1, 10.0).charge == pytest.approx(0.1 / HOUR)


@pytest.mark.parametrize(("own", "doubtful"), [(2e-6, False), (math.nan, True)])
def test_what_a_held_voltage_draws_in_a_spectrum_only_the_instrument_knows(own: float, doubtful: bool) -> None:
    held = replace(EIS, bias=3.0, galvanostatic=False)
    account = Account().measured(held, 1, 10.0).step_ended(held, 1, 11.0, own, NS, SMALLEST)
    assert account.doubtful is doubtful
    assert account.charge == (0.0 if doubtful else 2e-6)


def test_a_step_shorter_than_a_sample_interval_is_counted() -> None:
    for own in (0.05 / HOUR, math.nan):
        account = Account().step_ended(CHARGE, 1, 0.5, own, NS, SMALLEST)
        assert account.charge == pytest.approx(0.05 / HOUR)
        assert account.direction == 1


def test_a_half_cycle_that_nobody_saw_has_a_number_and_no_capacity() -> None:
    account = Account(charge=1.0, run=1, half_cycle=1, direction=1).unseen(REST).unseen(DISCHARGE).unseen(CHARGE)
    assert (account.half_cycle, account.direction) == (3, 1)
    assert math.isnan(account.capacity)
    assert account.unseen(CHARGE) == account

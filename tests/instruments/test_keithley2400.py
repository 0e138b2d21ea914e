"""A source meter as galvanostat: the host runs the programme, and the instrument keeps the limits without it."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from instruments.source_meter_bench import SourceMeterBench
from instruments.virtual_bench import ends, programme, samples
from sim_wires.capacitor import Capacitor

from operando.errors import InstrumentRefused, NoReply, RequestRefused
from operando.vocabulary import (
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
)

UPPER, LOWER = 3.68, 2.18
CURRENT = 1e-4


def step(kind: type[Step], number: int, *ends: End, longest: float = 3600.0, **values: Any) -> Any:
    ends = (*ends, End(Limit.TIME, longest))
    return kind(number=number, name=f"step {number}", ends=ends, sample_interval=0.5, **values)


def charge(number: int = 1, upper: float = UPPER, **values: Any) -> Any:
    return step(ConstantCurrent, number, End(Limit.VOLTAGE, upper), current=CURRENT, **values)


def discharge(number: int = 2, lower: float = LOWER) -> Any:
    return step(ConstantCurrent, number, End(Limit.VOLTAGE, lower, below=True), current=-CURRENT)


@pytest.fixture
def bench() -> SourceMeterBench:
    """A cell of 500 Ω that takes 0.1 mA for 10 s a volt."""
    return SourceMeterBench(Capacitor(voltage=3.0, farad=1e-3, ohm=500.0))


def test_a_cycle_ends_each_step_at_its_voltage_and_counts_what_passed(bench: SourceMeterBench) -> None:
    hold = step(ConstantVoltage, 3, End(Limit.CURRENT, CURRENT / 10, below=True), voltage=LOWER, current_limit=CURRENT)
    said = bench.run(programme(Loop(2, (charge(), discharge(), hold, step(Rest, 4, longest=2.0)), cycles=True)))
    assert bench.driver.ended() is not None
    assert bench.driver.ended().finished
    ended = ends(said)
    assert [(end.run, end.cycle, end.step) for end in ended] == [
        (run, 1 + (run > 4), 1 + (run - 1) % 4) for run in range(1, 9)
    ]
    limits = [Limit.VOLTAGE, Limit.VOLTAGE, Limit.CURRENT, Limit.TIME] * 2
    assert [end.end.limit for end in ended if end.end] == limits
    assert all(LOWER - 1e-3 < sample.voltage < UPPER + 1e-3 for sample in samples(said))
    passed = sum(end.step_charge for end in ended)
    throughput = sum(abs(end.step_charge) for end in ended)
    assert passed == pytest.approx(bench.cell.passed, abs=2e-3 * throughput)
    assert ended[-1].charge_before + ended[-1].step_charge == pytest.approx(passed)
    assert bench.cell.state == "open"


def test_samples_come_at_their_interval_with_time_and_place(bench: SourceMeterBench) -> None:
    found = samples(bench.run(programme(step(Rest, 1, longest=10.0)), at=Position(cycle=3, run=7)))
    assert {(sample.cycle, sample.step, sample.run) for sample in found} == {(3, 1, 8)}
    times = [sample.elapsed for sample in found]
    assert len(times) == pytest.approx(20, abs=2)
    assert all(0.3 < later - earlier < 0.8 for earlier, later in pairwise(times[:-1]))
    errors = [sample.time_ns - sample.arrival_ns for sample in found]
    assert all(abs(error) < 0.1e9 for error in errors)
    assert all(sample.uncertainty_ns > 0 for sample in found)
    assert all(sample.voltage == pytest.approx(3.0, abs=1e-3) for sample in found)
    assert all(abs(sample.current) < 1e-9 for sample in found)


def test_a_step_ends_by_its_time_and_by_its_charge(bench: SourceMeterBench) -> None:
    by_charge = step(ConstantCurrent, 2, End(Limit.VOLTAGE, UPPER), End(Limit.CHARGE, 1e-7), current=CURRENT)
    said = bench.run(programme(charge(longest=2.0), by_charge))
    first, second = ends(said)
    assert (first.end, second.end) == (End(Limit.TIME, 2.0), End(Limit.CHARGE, 1e-7))
    assert first.elapsed == pytest.approx(2.0, abs=0.6)
    assert second.step_charge == pytest.approx(1e-7, abs=0.6 * CURRENT / 3600)


def test_a_dead_host_leaves_a_cell_at_its_limit_with_no_current(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(charge()))
    bench.go_on(lambda: bench.now > 2.0)
    bench.pass_time(3600.0)
    assert bench.cell.voltage == pytest.approx(UPPER, abs=1e-3)
    assert abs(bench.cell.current) < CURRENT / 1000


def test_a_restarted_host_finds_the_step_and_goes_on(bench: SourceMeterBench) -> None:
    whole = programme(Loop(3, (charge(upper=3.3), discharge(lower=2.7)), cycles=True))
    bench.driver.start(whole)
    bench.go_on(lambda: bench.driver.running() and bench.cell.current < 0)
    before = bench.cell.passed
    bench.restarted().adopt(whole)
    bench.pass_time(1.0)
    said = bench.go_on(lambda: not bench.driver.running())
    assert [(end.run, end.cycle, end.step) for end in ends(said)] == [
        (2, 1, 2), (3, 2, 1), (4, 2, 2), (5, 3, 1), (6, 3, 2),
    ]  # fmt: skip
    assert bench.driver.ended().finished
    first = ends(said)[0]
    assert first.charge_before + first.step_charge == pytest.approx(before + first.step_charge, rel=0.1)
    assert first.step_charge == pytest.approx(-6e-4 * 1e-3 * 1000 / 3600, rel=0.2), "it was constant all the time"


def test_a_pause_is_found_again_as_well(bench: SourceMeterBench) -> None:
    bench.driver.rest(0.5, Position(cycle=2, run=5))
    bench.go_on(lambda: bench.now > 2.0)
    bench.restarted().adopt(programme(charge()))
    found = samples(bench.go_on(lambda: bench.now > 5.0))
    assert {(sample.cycle, sample.step, sample.run) for sample in found} == {(2, 0, 5)}


def test_what_nobody_knows_is_switched_off(bench: SourceMeterBench) -> None:
    bench.instrument.receive(b":OUTP:SMOD HIMP;:SOUR:FUNC VOLT;:SENS:CURR:PROT 1E-4;:SOUR:VOLT 3.5;:OUTP ON\r", 0.0)
    with pytest.raises(InstrumentRefused, match="output was found on, and for what is not known; it is off now"):
        bench.driver.poll()
    assert bench.cell.state == "open"
    assert bench.driver.poll() == []


def test_a_mode_that_drains_the_cell_is_mended_at_the_first_look(bench: SourceMeterBench) -> None:
    bench.instrument.cycle_power()
    bench.driver.poll()
    assert bench.cell.state == "open"
    assert math.isnan(bench.driver.verify_open())


def test_the_safe_state_is_read_back(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(charge()))
    with pytest.raises(InstrumentRefused, match="a programme is running"):
        bench.driver.verify_open()
    bench.driver.cell_off()
    assert math.isnan(bench.driver.verify_open())
    assert not bench.driver.running()
    assert bench.driver.ended().finished is False
    bench.instrument.receive(b":OUTP ON\r", bench.now)
    with pytest.raises(InstrumentRefused, match="'1;HIMP'; '0;HIMP' is an open circuit"):
        bench.driver.verify_open()
    bench.cut = True
    with pytest.raises(NoReply):
        bench.driver.verify_open()


def test_a_silent_instrument_is_said_and_goes_on_when_it_speaks_again(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(charge(), discharge()))
    bench.go_on(lambda: bench.now > 2.0)
    bench.cut = True
    with pytest.raises(NoReply):
        bench.go_on(lambda: False)
    assert bench.driver.running()
    bench.cut = False
    said = bench.go_on(lambda: not bench.driver.running())
    assert [end.step for end in ends(said)] == [1, 2]


def test_an_output_that_somebody_switches_off_ends_the_programme(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(charge()))
    bench.go_on(lambda: bench.now > 2.0)
    bench.instrument.cycle_power()
    with pytest.raises(InstrumentRefused, match="its output was found off; the relay is open now"):
        bench.go_on(lambda: False)
    assert bench.driver.ended().error == "the output was switched off at the instrument"
    assert bench.cell.state == "open"


def test_the_host_ends_a_step(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(step(Rest, 1), charge(2)))
    bench.go_on(lambda: bench.now > 2.0)
    bench.driver.end_step()
    said = bench.go_on(lambda: not bench.driver.running())
    assert ends(said)[0].told
    assert [end.step for end in ends(said)] == [1, 2]
    with pytest.raises(InstrumentRefused, match="no programme runs"):
        bench.driver.end_step()


def test_a_pause_rests_with_samples_and_the_rest_of_the_programme_can_follow(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(charge()))
    bench.go_on(lambda: bench.now > 2.0)
    bench.driver.rest(0.5, Position(cycle=1, run=1))
    passed = bench.cell.passed
    found = samples(bench.go_on(lambda: bench.now > 6.0))
    assert {sample.step for sample in found} == {0}
    assert bench.cell.passed == passed
    bench.driver.abort()
    bench.driver.start(programme(charge()), Position(cycle=1, run=1, passed=passed))
    (end,) = ends(bench.go_on(lambda: not bench.driver.running()))
    assert end.run == 2
    assert end.charge_before == passed


@pytest.mark.parametrize(
    ("safety", "words"),
    [
        (Safety(upper_voltage=3.2), "upper voltage beyond its safety limit"),
        (Safety(upper_voltage=5.0, charge=1e-7), "charge beyond its safety limit"),
    ],
)
def test_safety_ends_the_programme_at_open_circuit(bench: SourceMeterBench, safety: Safety, words: str) -> None:
    said = bench.run(programme(charge(), discharge(), safety=safety))
    (end,) = ends(said)
    assert end.safety == words
    assert bench.driver.ended().finished is False
    assert words in bench.driver.ended().error
    assert bench.cell.state == "open"
    assert bench.cell.voltage < 3.2 + 1e-3 or safety.charge


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (
            step(
                Impedance, 1, galvanostatic=False, amplitude=0.01, bias=None, high_frequency=1e5, low_frequency=1.0,
                points_per_decade=5, current_limit=1e-3,
            ),
            "it can do no impedance; nothing was started",
        ),
        (step(ConstantCurrent, 1, current=CURRENT), "without an upper limit of the voltage"),
        (step(ConstantCurrent, 1, End(Limit.VOLTAGE, 4.0), current=-CURRENT), "without a lower limit of the voltage"),
        (charge(upper=30.0), "30 V and 0.0001 A were asked for; the limits are 20 V and 1 A"),
        (step(ConstantVoltage, 1, voltage=4.0, current_limit=2.0), "the limits are 20 V and 1 A"),
        (replace(charge(), sample_interval=0.1), "a sample interval of 0.1 s; it needs 0.5 s"),
    ],
)  # fmt: skip
def test_what_it_cannot_do_is_refused_before_anything_is_sent(bench: SourceMeterBench, wrong: Step, words: str) -> None:
    with pytest.raises(RequestRefused, match=words):
        bench.driver.start(programme(wrong))
    assert bench.now == 0.0


def test_a_setting_that_is_not_taken_switches_off(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(step(Rest, 1), charge(2)))
    bench.instrument.refuses = True
    with pytest.raises((InstrumentRefused, NoReply)):
        bench.driver.end_step()
    bench.instrument.refuses = False
    bench.driver.cell_off()
    assert bench.cell.state == "open"


def test_a_lead_that_is_off_is_an_overload_at_rest(bench: SourceMeterBench) -> None:
    bench.driver.start(programme(step(Rest, 1)))
    bench.go_on(lambda: bench.now > 2.0)
    bench.instrument.overloaded = True
    found = samples(bench.go_on(lambda: bench.now > 4.0))
    assert found[-1].status == 2


def test_a_clock_that_drifts_is_measured(bench: SourceMeterBench) -> None:
    fast = SourceMeterBench(Capacitor(voltage=3.0, farad=1.0, ohm=500.0), tick=1.0, clock_error=2e-4)
    fast.driver.start(programme(step(Rest, 1, longest=7200.0)))
    fast.go_on(lambda: fast.now > 600.0)
    clock = fast.driver.clock()
    assert clock is not None
    assert not clock.arrival_only
    assert clock.drift == pytest.approx(-2e-4, abs=1e-4)

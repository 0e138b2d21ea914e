"""Programmes of every kind in the simulated instrument, in virtual time: ends, counts, pauses, a dead host."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from instruments.steps_to_run import CHARGE, HOLD, MAP, RAMP, REST, SPECTRUM, TIME, bench
from instruments.virtual_bench import START_NS, Bench, ends, points, programme, samples
from sim_wires.capacitor import Capacitor

from operando.errors import InstrumentRefused
from operando.instruments import EmStat4
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.vocabulary import End, Limit, Loop, Position


def test_every_kind_of_step_ends_as_it_should() -> None:
    rig = bench()
    said = rig.run(programme(REST, CHARGE, HOLD, SPECTRUM, RAMP))
    time, voltage, taper, spectrum, ramp = ends(said)
    assert time.end == REST.ends[0]
    assert time.elapsed == pytest.approx(10.0, abs=1e-3)
    assert voltage.end == CHARGE.ends[0]
    assert taper.end == HOLD.ends[0]
    assert spectrum.complete
    assert ramp.complete
    assert rig.cell.voltage == pytest.approx(3.0, abs=6e-3)  # 0.1 s behind a ramp of 50 mV/s
    end = rig.driver.ended()
    assert end is not None
    assert end.finished
    assert rig.cell.state == "open"


def test_charging_stops_within_a_tenth_of_a_second_however_rare_the_samples() -> None:
    rig = bench()
    said = rig.run(programme(replace(CHARGE, sample_interval=30.0)))
    (last,) = samples(said)
    assert 3.68 <= last.voltage <= 3.68 + 0.011  # 0.1 V/s
    assert last.step_charge == pytest.approx(1e-4 * last.elapsed / 3600, rel=1e-5)


def test_four_point_three_volts_against_lithium_stop_the_cell_at_its_terminals() -> None:
    """NMC811 against Li-In (0.62 V vs Li/Li+) at 25 mA/g."""
    cell = Electrochemistry(10.0, 0.785, 0.62, 250.0)
    rig = Bench(cell)
    charge = replace(CHARGE, ends=(End(Limit.VOLTAGE, 4.3 - 0.62), End(TIME, 3600.0)), current=25e-3 * 250 * 4e-3)
    (end,) = ends(rig.run(programme(charge), poll=1.0))
    assert end.end == charge.ends[0]
    last = samples(rig.said)[-1]
    assert last.voltage == pytest.approx(3.68, abs=2e-3)


def test_samples_come_at_their_interval_and_at_the_end_of_the_step() -> None:
    said = bench().run(programme(replace(CHARGE, ends=(End(TIME, 7.5),), sample_interval=2.0)))
    assert [each.elapsed for each in samples(said)] == pytest.approx([2.0, 4.0, 6.0, 7.5], abs=1e-3)


def test_of_several_conditions_the_first_that_is_met_is_named() -> None:
    both = (End(Limit.CHARGE, 1e-7), End(Limit.VOLTAGE, 2.0), End(TIME, 60.0))
    (charge,) = ends(bench(1.0).run(programme(replace(CHARGE, ends=both))))
    assert charge.end == both[0]
    (voltage,) = ends(bench(2.0).run(programme(replace(CHARGE, ends=both))))
    assert voltage.end == both[1]
    same = (End(Limit.VOLTAGE, 3.2), End(Limit.VOLTAGE, 3.1), End(TIME, 60.0))
    (first,) = ends(bench(4.0).run(programme(replace(CHARGE, ends=same))))
    assert first.end == same[0]


def test_loops_in_loops_count_cycles_and_runs() -> None:
    pulse = replace(CHARGE, ends=(End(TIME, 1.0),), current=1e-5)
    titration = Loop(2, (pulse, replace(REST, ends=(End(TIME, 1.0),))))
    said = bench().run(programme(Loop(2, (titration, replace(HOLD, ends=(End(TIME, 1.0),))), cycles=True)))
    found = [(each.cycle, each.step, each.run) for each in ends(said)]
    steps = [2, 1, 2, 1, 3]
    assert found == [(1, step, run) for run, step in enumerate(steps, 1)] + [
        (2, step, run) for run, step in enumerate(steps, 6)
    ]
    assert {(each.cycle, each.step, each.run) for each in samples(said)} == set(found)


def test_what_remains_goes_on_counting() -> None:
    rig = bench()
    rig.driver.start(programme(REST), Position(cycle=4, run=11))
    (end,) = ends(rig.go_on(lambda: not rig.driver.running()))
    assert (end.cycle, end.run) == (4, 12)


def test_the_host_ends_a_rest_when_its_measurement_is_done() -> None:
    rig = bench()
    rig.driver.start(programme(MAP, replace(CHARGE, ends=(End(TIME, 1.0),))))
    rig.go_on(lambda: rig.now >= 5.0)
    rig.driver.end_step()
    rest, charge = ends(rig.go_on(lambda: not rig.driver.running()))
    assert rest.told
    assert rest.elapsed == pytest.approx(5.0, abs=0.1)
    assert charge.end == End(TIME, 1.0)


def test_a_rest_that_nobody_ends_is_ended_by_its_time() -> None:
    (end,) = ends(bench().run(programme(replace(MAP, ends=(End(Limit.MEASUREMENT), End(TIME, 20.0))))))
    assert end.end == End(TIME, 20.0)


def test_a_pause_rests_with_samples_and_what_remains_is_started_behind_it() -> None:
    rig = bench()
    rig.driver.start(programme(CHARGE))
    rig.go_on(lambda: rig.now >= 3.0)
    rig.driver.rest(0.5, Position(cycle=1, step=2, run=1))
    assert rig.cell.state == "open"
    before = rig.cell.passed
    paused = samples(rig.go_on(lambda: rig.now >= 10.0))
    assert rig.cell.passed == before
    resting = [each for each in paused if each.step == 0]
    assert len(resting) >= 12
    assert {(each.cycle, each.run, each.current) for each in resting} == {(1, 1, 0.0)}
    rig.driver.abort()
    rig.driver.poll()
    rig.driver.start(programme(CHARGE), Position(cycle=1, run=1))
    (end,) = ends(rig.go_on(lambda: not rig.driver.running()))
    assert (end.run, end.end) == (2, CHARGE.ends[0])


def test_a_dead_host_changes_nothing() -> None:
    rig = bench()
    rig.driver.start(programme(CHARGE, HOLD))
    rig.pass_time(300.0)  # nobody listens
    assert rig.cell.state == "open"
    assert rig.cell.voltage == pytest.approx(3.68, abs=0.011)
    voltage, taper = ends(rig.driver.poll())
    assert (voltage.end, taper.end) == (CHARGE.ends[0], HOLD.ends[0])


def test_a_host_that_comes_back_finds_the_programme_and_the_charge_of_the_gap() -> None:
    rig = bench()
    rig.driver.start(programme(CHARGE, HOLD))
    rig.go_on(lambda: rig.now >= 1.5)
    rig.read_available()
    rig.pass_time(2.0)
    rig.read_available()  # what was said while no host was there is lost
    rig.driver = EmStat4(rig, now_ns=rig.now_ns)
    rig.driver.adopt(programme(CHARGE, HOLD))
    first = samples(rig.go_on(lambda: bool(rig.said) and rig.now >= 4.6, poll=0.2))[-1]
    assert (first.cycle, first.step, first.run) == (1, 2, 1)
    assert first.step_charge == pytest.approx(1e-4 * first.elapsed / 3600, rel=1e-5)
    voltage, taper = ends(rig.go_on(lambda: not rig.driver.running()))
    assert (voltage.end, taper.end) == (CHARGE.ends[0], HOLD.ends[0])


def test_an_open_cell_is_verified_and_a_connected_one_is_not() -> None:
    rig = bench(3.1)
    assert rig.driver.verify_open() == pytest.approx(3.1, abs=1e-3)
    rig.instrument.pgstat.switch(True)
    with pytest.raises(InstrumentRefused, match="needs the cell off"):
        rig.driver.verify_open()
    rig.pass_time(0.2)  # deaf after the error
    rig.driver.cell_off()
    assert rig.driver.verify_open() == pytest.approx(rig.cell.voltage, abs=1e-3)


def test_a_cell_is_not_looked_at_while_a_programme_runs() -> None:
    rig = bench()
    rig.driver.start(programme(CHARGE))
    with pytest.raises(InstrumentRefused, match="a programme is running"):
        rig.driver.verify_open()


@pytest.mark.parametrize("galvanostatic", [False, True])
def test_a_spectrum_is_that_of_the_cell(galvanostatic: bool) -> None:
    rig = bench(farad=1e-5)
    step = replace(SPECTRUM, galvanostatic=galvanostatic, amplitude=1e-4 if galvanostatic else 0.01)
    found = points(rig.run(programme(step)))
    assert [each.frequency for each in found] == pytest.approx([10 ** (4 - index / 5) for index in range(16)], rel=1e-5)
    for each in found:
        wanted = rig.cell.impedance(each.frequency)
        assert complex(each.real, each.imaginary) == pytest.approx(wanted, rel=0.01)
    assert all(left.time_ns < right.time_ns for left, right in pairwise(found))


def test_half_an_hour_of_single_precision_counts_the_charge_to_a_part_in_a_hundred_thousand() -> None:
    rig = bench(farad=1.0, ohm=1.0)
    charge = replace(CHARGE, ends=(End(TIME, 1800.0),), sample_interval=60.0, current=1.2345e-4)
    (end,) = ends(rig.run(programme(charge), poll=60.0))
    assert end.step_charge == pytest.approx(rig.cell.passed, rel=1e-5)


def test_the_time_beyond_an_hour_goes_on() -> None:
    rig = bench(farad=10.0)
    said = rig.run(programme(replace(REST, ends=(End(TIME, 3605.0),), sample_interval=600.0)), poll=30.0)
    assert samples(said)[-1].elapsed == pytest.approx(3605.0, abs=2e-3)
    assert ends(said)[0].end == End(TIME, 3605.0)


@pytest.mark.parametrize("error", [50e-6, -50e-6])
def test_a_clock_that_runs_wrong_is_measured_and_the_times_are_right(error: float) -> None:
    rig = Bench(Capacitor(3.0, 10.0, 1.0), clock_error=error)
    rig.driver.start(programme(replace(REST, ends=(End(TIME, 900.0),), sample_interval=1.0)))
    said = samples(rig.go_on(lambda: not rig.driver.running(), poll=0.37))
    reading = rig.driver.clock()
    assert reading is not None
    assert reading.drift == pytest.approx(-error, abs=3 * reading.drift_uncertainty)
    assert not reading.arrival_only
    for each in said[60:]:
        truth_ns = START_NS + each.elapsed / (1 + error) * 1e9
        assert abs(each.time_ns - truth_ns) <= 2 * each.uncertainty_ns
    assert math.isfinite(said[0].step_charge)

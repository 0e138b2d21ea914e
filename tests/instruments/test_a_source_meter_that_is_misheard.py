"""What the host did not hear of a source meter, or heard wrong, is neither time nor charge of the cell."""

import math
import os
import random
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from instruments.source_meter_bench import SourceMeterBench
from instruments.test_keithley2400 import CURRENT, LOWER, UPPER, charge, discharge, step
from instruments.virtual_bench import ends, programme, samples
from sim_wires.capacitor import Capacitor

from operando.errors import InstrumentError
from operando.instruments.step_timer import StepTimer
from operando.vocabulary import CellProgramme, ConstantVoltage, End, Limit, Loop, Rest, Safety, Step

LIVES = 2_000 if os.environ.get("OPERANDO_FULL") else 25


def test_on_a_noisy_line_every_error_is_typed_and_the_cell_stays_inside_its_limits() -> None:
    outcomes: Counter[str] = Counter()
    for life in range(LIVES):
        bench = SourceMeterBench(Capacitor(voltage=3.0, farad=5e-4, ohm=500.0))
        bench.driver.poll()
        bench.dice = random.Random(life)
        whole = programme(Loop(2, (charge(), step(Rest, 3, longest=1.0), discharge()), cycles=True))
        started, begun, before, errors = False, 0.0, 0.0, 0
        lived, counted = [0.0], [0.0]
        while bench.now < 40.0:
            try:
                if not bench.driver.running() and not started:
                    bench.driver.start(whole)
                    started, begun, before = True, bench.now, 0.0
                    lived, counted = [0.0], [bench.cell.passed]
                for end in ends(bench.driver.poll()):
                    # a begin that was not acknowledged is taken for the next attempt; a wrong digit may go unseen
                    late = 1.5 + 2.5 * errors
                    assert bench.now - begun - late < end.elapsed < bench.now - begun + 1.5
                    lived.append(bench.now - begun)
                    counted.append(bench.cell.passed)
                    passed = np.diff(np.interp([before, end.elapsed], lived, counted))[0]
                    assert end.step_charge == pytest.approx(passed, abs=2 * late * CURRENT / 3600), (life, end)
                    before, errors = end.elapsed, 0
                outcomes["good"] += 1
            except InstrumentError as error:
                outcomes[type(error).__name__] += 1
                errors += 1
            bench.pass_time(0.05)
            lived.append(bench.now - begun)
            counted.append(bench.cell.passed)
            assert LOWER - 2e-3 < bench.cell.voltage < UPPER + 2e-3
            assert abs(bench.cell.current) <= CURRENT * 1.001
        bench.dice = None
        bench.driver.cell_off()
        assert math.isnan(bench.driver.verify_open())
        assert bench.cell.state == "open"
    assert {"good", "NoReply", "BadReply", "InstrumentRefused"} <= set(outcomes)


def test_a_timer_that_was_set_to_zero_unheard_has_not_turned() -> None:
    timer = StepTimer(100_000.0)
    timer.begin(0.0, 0.0, 0.0)
    assert timer.elapsed(40.0, 40.1) == 40.0
    assert timer.elapsed(1.5, 42.6) == pytest.approx(42.5)  # the answer to what set it to zero was lost, at 41 s
    assert timer.zeroed(7.0, 43.6) == pytest.approx(43.5)  # and this one was garbled
    assert timer.elapsed(99_999.0, 100_042.7) == pytest.approx(100_042.5)
    assert timer.elapsed(1.0, 100_044.7) == pytest.approx(100_044.5)  # it has turned


def held_and_found(bench: SourceMeterBench, *parts: Step | Loop, safety: Safety = Safety()) -> CellProgramme:  # noqa: B008 - frozen
    """Run a programme until it holds its voltage, and have another host find it."""
    whole = programme(*parts, safety=safety)
    bench.driver.start(whole)
    bench.go_on(lambda: bench.now > 5.0)
    bench.restarted().adopt(whole)
    bench.pass_time(2.0)
    return whole


HOLD = step(ConstantVoltage, 1, voltage=UPPER, current_limit=CURRENT)


def test_after_a_restart_in_a_held_voltage_the_charge_is_not_known_and_its_limits_are_kept() -> None:
    bench = SourceMeterBench(Capacitor(voltage=3.0, farad=1e-2, ohm=500.0))
    held_and_found(bench, HOLD, safety=Safety(upper_voltage=5.0, charge=3e-7))
    before = bench.cell.passed
    said = bench.go_on(lambda: not bench.driver.running())
    (end,) = ends(said)
    assert end.safety == "charge beyond its safety limit"
    assert bench.cell.passed - before == pytest.approx(3e-7, rel=0.1)
    assert math.isnan(end.step_charge)
    assert all(math.isnan(sample.step_charge) for sample in samples(said))


def test_what_was_not_counted_stays_unknown_through_steps_and_restarts() -> None:
    bench = SourceMeterBench(Capacitor(voltage=3.0, farad=1e-2, ohm=500.0))
    short = replace(HOLD, ends=(End(Limit.TIME, 10.0),))
    whole = held_and_found(bench, short, step(Rest, 2), charge(3))
    bench.go_on(lambda: bench.now > 15.0)
    assert bench.cell.state != "voltage"
    bench.restarted().adopt(whole)
    bench.go_on(lambda: bench.now > 16.0)
    bench.driver.end_step()
    bench.go_on(lambda: bench.now > 20.0)
    bench.driver.end_step()
    said = bench.go_on(lambda: not bench.driver.running())
    assert bench.driver.ended().finished
    (end,) = ends(said)
    assert end.step == 3
    assert math.isnan(end.charge_before)
    assert math.isfinite(end.step_charge)

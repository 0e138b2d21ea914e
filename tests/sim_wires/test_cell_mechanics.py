"""Piezo, frame and breathing: the numbers of the rig, and the signs that a regulator relies on."""

import dataclasses

import numpy as np
import pytest

from operando.sim.cell.amplifier import HIGH, LEAST_STEP, LOW, Amplifier
from operando.sim.cell.frame import LoadedFrame
from operando.sim.cell.hysteresis import Creep, PiezoStack, PrandtlIshlinskii
from operando.sim.cell.imperfections import PERFECT
from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup


@pytest.fixture
def setup(setup: Setup) -> Setup:
    """A rig without the imperfections of `test_cell_imperfections`."""
    return dataclasses.replace(setup, imperfections=PERFECT)


def settled(rig: Rig, drive: float, seconds: float = 0.3) -> float:
    rig.amplifier.setpoint = drive
    for _ in range(round(seconds / 0.005)):
        rig.step(0.005)
    return rig.pressure


def test_springs_in_series_give_the_pressure_of_a_micrometre() -> None:
    frame = LoadedFrame(10.0, 84.0, 6.0, 25.0)
    assert frame.stiffness == pytest.approx(122.4, abs=0.1)
    assert frame.pressure_per_micrometre == pytest.approx(1.56, abs=0.005)
    (before, _), (after, on_cell) = (frame.forces(stroke, 0.0, 25.0) for stroke in (6.0, 7.0))
    assert (after - before) / frame.area == pytest.approx(1.56, abs=0.005)
    assert after == pytest.approx(on_cell)


def test_a_wider_electrode_is_pressed_less() -> None:
    narrow, wide = (LoadedFrame(diameter, 50.0, 0.0, 25.0) for diameter in (5.0, 10.0))
    assert narrow.pressure_per_micrometre == pytest.approx(4.0 * wide.pressure_per_micrometre)


def test_a_kelvin_moves_the_pressure_by_three_quarters_of_a_megapascal() -> None:
    frame = LoadedFrame(10.0, 84.0, 0.0, 25.0)
    assert frame.forces(0.0, 0.0, 26.0)[1] / frame.area - 84.0 == pytest.approx(0.78, abs=0.005)


def test_a_stack_cannot_be_pulled() -> None:
    assert LoadedFrame(10.0, 1.0, 10.0, 25.0).forces(0.0, 0.0, 25.0) == (0.0, 0.0)


def test_the_full_stroke_is_fifteen_micrometres_in_a_loop_twelve_percent_wide() -> None:
    piezo = PrandtlIshlinskii(0.0)
    rising = [piezo.drive(volts) for volts in np.linspace(0.0, 150.0, 301)]
    falling = [piezo.drive(volts) for volts in np.linspace(150.0, 0.0, 301)]
    rising = [piezo.drive(volts) for volts in np.linspace(0.0, 150.0, 301)]
    stroke = max(rising) - min(rising)
    assert stroke == pytest.approx(15.0, rel=0.01)
    width = max(down - up for up, down in zip(rising, reversed(falling), strict=True))
    assert width / stroke == pytest.approx(0.12, abs=0.01)


def test_small_moves_travel_less_for_a_volt_than_the_full_stroke() -> None:
    piezo = PrandtlIshlinskii(60.0)
    small = [piezo.drive(volts) for volts in (61.0, 60.0, 61.0)]
    per_volt = small[2] - small[1]
    assert 0.07 < per_volt < 0.1


def test_creep_adds_the_same_share_in_each_decade_of_time() -> None:
    creep = Creep(0.0)
    passed, added = 0.0, []
    for until in (1.0, 10.0, 100.0):
        while passed < until:
            last = creep.step(10.0, until / 200.0)
            passed += until / 200.0
        added.append(last)
    decades = np.diff(added)
    assert decades == pytest.approx([0.15, 0.15], abs=0.03)  # µm: 1.5 % of 10 µm


def test_what_has_rested_for_long_does_not_creep() -> None:
    piezo = PiezoStack(60.0)
    before = piezo.displacement
    assert piezo.step(60.0, 1000.0) == pytest.approx(before)


def test_the_converter_has_sixteen_bits() -> None:
    amplifier = Amplifier(0.0)
    amplifier.setpoint = 10.001
    for _ in range(100):
        amplifier.step(0.005)
    steps = (amplifier.output - LOW) / LEAST_STEP
    assert pytest.approx((HIGH - LOW) / 65536) == LEAST_STEP
    assert steps == pytest.approx(round(steps), abs=1e-6)
    assert amplifier.output == pytest.approx(10.001, abs=LEAST_STEP)


def test_a_step_asked_for_comes_no_faster_than_the_slew_limit() -> None:
    amplifier = Amplifier(60.0)
    amplifier.slew = 100.0 / 150.0 / 10.0  # 100 V/s as % of 150 V in a millisecond
    amplifier.setpoint = 110.0
    seen = [amplifier.output] + [amplifier.step(0.005) for _ in range(60)]
    assert max(np.diff(seen)) <= 0.5 + 1e-9
    assert seen[60] < 90.0
    for _ in range(100):
        amplifier.step(0.005)
    assert amplifier.output == pytest.approx(110.0, abs=0.01)


def test_the_rig_starts_where_the_screw_left_it_and_stays(setup: Setup) -> None:
    rig = Rig(setup)
    assert settled(rig, 60.0, seconds=1.0) == pytest.approx(84.0, abs=0.03)
    assert rig.force == pytest.approx(84.0 * 78.54, rel=1e-3)


def test_more_voltage_is_more_pressure(setup: Setup) -> None:
    rig = Rig(setup)
    before = settled(rig, 60.0)
    assert settled(rig, 70.0) - before == pytest.approx(1.6, abs=0.3)


def test_pressure_rises_on_charge_at_constant_drive_and_falls_back_on_discharge(setup: Setup) -> None:
    rig = Rig(dataclasses.replace(setup, speed=250.0))
    start = rig.pressure
    rig.electrochemistry.impose_current(0.049)
    for _ in range(500):
        rig.step(0.05)
    areal = rig.electrochemistry.extracted / 0.7854
    assert rig.pressure - start == pytest.approx(2.5 * areal * 1.56, abs=0.08)
    rig.electrochemistry.impose_current(-0.049)
    for _ in range(500):
        rig.step(0.05)
    assert rig.pressure == pytest.approx(start, abs=0.08)


def test_a_whole_charge_leaves_the_drive_within_its_range(setup: Setup) -> None:
    rig = Rig(setup)
    settled(rig, 60.0 + 10.0)
    raised = rig.pressure
    rig.electrochemistry.extracted = 0.7854
    needed = next(volts for volts in np.arange(70.0, LOW, -0.5) if settled(rig, float(volts), 0.05) <= raised)
    assert LOW + 20.0 < needed < 60.0


def test_one_seed_is_one_history(setup: Setup) -> None:
    histories = []
    for _ in range(2):
        rig = Rig(setup)
        for _ in range(50):
            rig.step(0.02)
        histories.append(rig.snapshot(0))
    assert histories[0] == histories[1]


def test_a_long_step_is_divided(setup: Setup) -> None:
    coarse, fine = Rig(setup), Rig(setup)
    for rig in (coarse, fine):
        rig.amplifier.setpoint = 80.0
    coarse.step(0.1)
    for _ in range(20):
        fine.step(0.005)
    assert coarse.snapshot(0) == fine.snapshot(0)

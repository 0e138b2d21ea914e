"""What the load cell does not tell of the cell: friction, area, zero."""

import dataclasses

import numpy as np
import pytest

from operando.sim.cell.guide import PRESLIDING_STIFFNESS, Guide
from operando.sim.cell.imperfections import PERFECT, Imperfections
from operando.sim.cell.load_cell import LoadCellZero
from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup

ABOVE, BELOW = 400.0, 176.5  # N/µm
SERIES = ABOVE * BELOW / (ABOVE + BELOW)


def friction(guide: Guide, stroke: float) -> float:
    above, below = guide.forces(stroke, 0.0)
    return above - below


def test_without_friction_both_sides_feel_the_springs_in_series() -> None:
    assert Guide(ABOVE, BELOW, 0.0).forces(1.0, 0.5) == pytest.approx((1.5 * SERIES, 1.5 * SERIES))


def test_friction_is_a_loop_no_wider_than_breakaway() -> None:
    guide = Guide(ABOVE, BELOW, 30.0)
    rising = [friction(guide, stroke) for stroke in np.linspace(0.0, 5.0, 501)]
    falling = [friction(guide, stroke) for stroke in np.linspace(5.0, 0.0, 501)]
    assert max(rising) == pytest.approx(30.0, abs=0.5)
    assert min(falling) == pytest.approx(-30.0, abs=0.5)
    assert max(map(abs, rising + falling)) <= 30.0
    assert falling[-1] < 0.0 < rising[-1]  # the same stroke, another force on the cell


def test_the_piston_sticks_and_slips() -> None:
    guide = Guide(ABOVE, BELOW, 30.0)
    steps = np.diff([guide.forces(stroke, 0.0)[0] for stroke in np.linspace(0.0, 5.0, 5001)])
    stuck = ABOVE * (BELOW + PRESLIDING_STIFFNESS) / (ABOVE + BELOW + PRESLIDING_STIFFNESS) * 0.001
    assert np.median(steps) == pytest.approx(stuck, rel=1e-6)
    slips = steps[steps < 0.0]
    assert len(slips) > 10
    assert slips.min() > -1.0  # N: 13 kPa at the load cell


def test_breathing_below_a_stuck_piston_reaches_the_load_cell_in_part() -> None:
    on_load_cell, on_cell = Guide(ABOVE, BELOW, 30.0).forces(0.0, 0.1)
    assert 0.0 < on_load_cell < 0.1 * SERIES < on_cell


def test_the_zero_follows_a_heater_slowly() -> None:
    zero = LoadCellZero(Imperfections(zero_wander=0.0), 25.0, np.random.default_rng(1))
    early = zero.step(10.0, 45.0)
    for _ in range(1000):
        late = zero.step(10.0, 45.0)
    assert abs(early) < 0.05
    assert late == pytest.approx(2.0, rel=0.01)  # 0.02 % of 10 kN for the 10 K that reach the load cell


def test_the_zero_wanders_within_hours_not_seconds() -> None:
    zero = LoadCellZero(Imperfections(), 25.0, np.random.default_rng(2))
    values = np.array([zero.step(600.0, 25.0) for _ in range(20_000)])
    assert np.std(values) == pytest.approx(1.0, abs=0.15)
    assert np.std(np.diff(values)) < 0.25


def test_the_true_electrode_is_within_its_tolerance_and_drawn_by_the_seed(setup: Setup) -> None:
    areas = [Rig(dataclasses.replace(setup, seed=seed)).area for seed in range(50)]
    diameters = np.sqrt(np.array(areas) * 4.0 / np.pi)
    assert np.ptp(diameters) > 0.02
    assert np.all(np.abs(diameters - 10.0) <= 0.02)
    assert Rig(dataclasses.replace(setup, seed=7)).area == areas[7]


def test_what_the_load_cell_tells_is_not_what_the_cell_feels(setup: Setup) -> None:
    rig = Rig(setup)
    told, true = [], []
    for volts in [*np.linspace(60.0, 110.0, 100), *np.linspace(110.0, 20.0, 200)]:
        rig.amplifier.setpoint = float(volts)
        rig.step(0.05)
        told.append(rig.force / (np.pi * 25.0))
        true.append(rig.pressure)
    gap = np.array(told) - np.array(true)
    assert gap.max() - gap.min() == pytest.approx(2 * 30.0 / 78.54, rel=0.1)
    assert np.abs(gap).max() < 1.0


def test_a_perfect_rig_has_none_of_it(setup: Setup) -> None:
    rig = Rig(dataclasses.replace(setup, imperfections=PERFECT))
    for volts in (100.0, 40.0, 70.0):
        rig.amplifier.setpoint = volts
        rig.step(0.5)
        assert rig.force / (np.pi * 25.0) == pytest.approx(rig.pressure, rel=1e-12)

"""Voltage against charge, and what ``speed`` changes and what not."""

import dataclasses
import math

import numpy as np
import pytest

from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.cell.lattice import Lattice
from operando.sim.cell.material import LCO, MATERIALS, Material, lco, nmc811
from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup

UPPER = 4.3 - 0.62  # V at the terminals against Li-In


def cell(speed: float = 1.0) -> Electrochemistry:
    return Electrochemistry(10.0, 0.7854, 0.62, speed)


def pass_current(subject: Electrochemistry, ampere: float, until: float, dt: float) -> list[tuple[float, float]]:
    """Impose a current until the voltage has crossed ``until``; charge and voltage on the way."""
    subject.impose_current(ampere)
    curve = []
    while (subject.voltage - until) * ampere < 0:
        subject.step(dt)
        curve.append((subject.charge, subject.voltage))
    return curve


def first_cycle(subject: Electrochemistry, rate: float, upper: float, lower: float) -> tuple[float, float]:
    """Charge and discharge at ``rate`` (mA/g) between potentials vs Li/Li+; both capacities, mA h/g."""
    ampere = rate * 1e-3 * subject.mass
    charged = pass_current(subject, ampere, upper - 0.62, 5.0)[-1][0]
    return charged, charged - pass_current(subject, -ampere, lower - 0.62, 5.0)[-1][0]


@pytest.mark.parametrize("material", MATERIALS.values(), ids=lambda material: material.name)
def test_the_equilibrium_potential_rises_everywhere(material: Material) -> None:
    potentials = [material.open_circuit_potential(charge) for charge in np.linspace(-15.0, 245.0, 1000)]
    assert min(np.diff(potentials)) > 0.0
    assert potentials[-1] < 4.7


@pytest.mark.parametrize("material", MATERIALS.values(), ids=lambda material: material.name)
def test_whatever_is_done_to_a_cell_it_has_a_voltage(material: Material) -> None:
    for ampere in (0.1, -0.1):
        subject = Electrochemistry(10.0, 0.7854, 0.62, 250.0, material)
        subject.impose_current(ampere)
        for _ in range(2000):
            subject.step(10.0)
            assert math.isfinite(subject.voltage)
            assert np.isfinite(subject.impedance(1.0))


def test_equilibrium_potentials_are_where_those_of_the_materials_are() -> None:
    assert nmc811(10.0) == pytest.approx(3.6, abs=0.05)
    assert [lco(charge) for charge in (20.0, 60.0)] == pytest.approx([3.92, 3.92], abs=0.02)  # two phases
    assert lco(157.0) == pytest.approx(4.3, abs=0.03)


def test_the_terminals_show_less_than_the_potential_by_that_of_the_counter_electrode() -> None:
    subject = cell()
    assert subject.voltage == pytest.approx(nmc811(0.0) - 0.62)


def test_the_first_cycle_of_nmc811_has_the_capacities_of_the_paper() -> None:
    charged, discharged = first_cycle(cell(), 25.0, 4.3, 2.8)
    assert charged == pytest.approx(196.0, abs=1.0)
    assert discharged == pytest.approx(140.0, abs=1.0)
    assert discharged / charged == pytest.approx(0.714, abs=0.003)


def test_lithium_cobalt_oxide_cycles_at_45_degrees_and_55_megapascal() -> None:
    subject = Electrochemistry(10.0, 0.7854, 0.62, material=LCO, active_mass=3.927e-3)
    subject.temperature, subject.pressure = 45.0, 55.0
    charged, discharged = first_cycle(subject, 12.0, 4.3, 3.0)
    assert 152.0 < charged < 163.0
    assert 0.90 < discharged / charged < 0.97


def test_charge_is_the_true_current_in_true_seconds() -> None:
    for speed in (1.0, 250.0):
        subject = cell(speed)
        subject.leakage = math.inf
        subject.impose_current(1e-3)
        for _ in range(360):
            subject.step(1.0)
        assert subject.passed == pytest.approx(1e-4)
        assert subject.extracted == pytest.approx(0.1)
        assert subject.charge == pytest.approx(0.1 / (0.7854 / 200.0))


@pytest.mark.parametrize("speed", [10.0, 250.0])
def test_n_times_the_current_at_n_times_the_kinetics_looks_the_same(speed: float) -> None:
    slow = pass_current(cell(), 196e-6, UPPER, 10.0)
    fast = pass_current(cell(speed), 196e-6 * speed, UPPER, 10.0 / speed)
    assert np.asarray(fast) == pytest.approx(np.asarray(slow), rel=1e-9)


def test_speed_changes_nothing_but_the_cell(setup: Setup) -> None:
    slow, fast = (Rig(dataclasses.replace(setup, speed=speed)) for speed in (1.0, 250.0))
    for rig in (slow, fast):
        rig.electrochemistry.leakage = math.inf
        rig.amplifier.setpoint = 75.0
        rig.furnace.power = 20.0
        for _ in range(2500):
            rig.step(0.005)
    assert fast.snapshot(0) == slow.snapshot(0)


def test_voltage_relaxes_once_the_current_stops() -> None:
    subject = cell()
    subject.impose_current(196e-6)
    for _ in range(2000):
        subject.step(1.0)
    charging = subject.voltage
    subject.impose_current(0.0)
    just_after = subject.voltage
    for _ in range(5000):
        subject.step(1.0)
    assert charging > just_after > subject.voltage
    assert subject.voltage == pytest.approx(nmc811(subject.charge) - 0.62, abs=1e-4)


def test_the_lattice_follows_the_table() -> None:
    lattice = Lattice((0.0, 100.0, 200.0), (2.87, 2.84, 2.82), (14.19, 14.34, 14.44))
    assert lattice.at(100.0) == (2.84, 14.34)
    assert lattice.at(150.0) == pytest.approx((2.83, 14.39))
    assert lattice.at(300.0) == (2.82, 14.44)


def test_a_snapshot_tells_one_truth(setup: Setup) -> None:
    rig = Rig(setup)
    rig.electrochemistry.extracted = 0.7854 / 2
    state = rig.snapshot(12)
    assert state.time_ns == 12
    assert (state.charge, state.state_of_charge) == pytest.approx((100.0, 0.5))
    assert (state.a, state.c) == pytest.approx((2.84, 14.34))
    assert state.voltage == pytest.approx(nmc811(100.0) - 0.62)
    assert state.drive == pytest.approx(60.0, abs=0.01)

"""What a potentiostat does to the cell: a held voltage, open circuit, a small wave; and what goes wrong with a cell."""

import dataclasses
import math

import numpy as np
import pytest

from operando.sim.cell import resistance
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.cell.imperfections import PERFECT
from operando.sim.cell.material import nmc811
from operando.sim.cell.rig import Rig
from operando.sim.setup import Setup

AREA = math.pi / 4.0  # cm², 10 mm across
AMPERE = 98.2e-6  # 25 mA/g


def cell(speed: float = 1.0, charge: float = 120.0) -> Electrochemistry:
    subject = Electrochemistry(10.0, 0.7854, 0.62, speed)
    subject.extracted = charge * subject.mass
    return subject


def wait(subject: Electrochemistry, seconds: float, steps: int = 1000) -> list[float]:
    """Let time pass; the current at the end of each step."""
    currents = []
    for _ in range(steps):
        subject.step(seconds / steps)
        currents.append(subject.current)
    return currents


def test_a_held_voltage_stands_at_once_and_the_current_tapers() -> None:
    subject = cell()
    subject.impose_current(AMPERE)
    wait(subject, 3600.0)
    reached = subject.voltage
    subject.hold_voltage(reached)
    assert subject.current == pytest.approx(AMPERE)  # from constant current to constant voltage nothing jumps
    currents = wait(subject, 7200.0)
    assert subject.voltage == reached
    assert currents == sorted(currents, reverse=True)
    assert 0.0 < currents[-1] < 0.2 * AMPERE


def test_the_charge_of_a_taper_is_its_integral_whatever_the_step() -> None:
    fine, coarse = cell(), cell()
    for subject, steps in ((fine, 20_000), (coarse, 100)):
        subject.leakage = math.inf
        subject.hold_voltage(subject.voltage + 0.05)
        began = subject.extracted
        wait(subject, 3600.0, steps)
        assert subject.extracted - began == pytest.approx(subject.passed * 1000.0)
    assert coarse.passed == pytest.approx(fine.passed, rel=0.01)


def test_a_long_step_at_a_held_voltage_does_not_ring() -> None:
    subject = cell(speed=250.0)
    subject.hold_voltage(subject.voltage + 0.1)
    currents = wait(subject, 100.0, 5)
    assert currents == sorted(currents, reverse=True)
    assert min(currents) > 0.0


def test_at_open_circuit_no_current_flows_and_the_voltage_relaxes() -> None:
    subject = cell()
    subject.impose_current(AMPERE)
    wait(subject, 3600.0)
    subject.open()
    just_after, passed = subject.voltage, subject.passed
    wait(subject, 20_000.0)
    assert (subject.current, subject.passed) == (0.0, passed)
    assert just_after > subject.voltage
    assert subject.voltage == pytest.approx(nmc811(subject.charge) - 0.62, abs=1e-4)


def test_a_cell_discharges_itself_by_a_per_cent_in_nine_days() -> None:
    subject = cell(charge=196.0)
    wait(subject, 9 * 86_400.0)
    assert 0.985 < subject.charge / 196.0 < 0.995


def test_a_short_takes_the_voltage_down_and_empties_the_cell() -> None:
    subject = cell()
    healthy, began = subject.voltage, subject.charge
    subject.short = 10.0
    assert subject.voltage < 0.2 * healthy
    wait(subject, 600.0)
    assert (subject.current, subject.passed) == (0.0, 0.0)  # the leads carry nothing
    assert subject.charge < began - 10.0
    subject.short = math.inf
    wait(subject, 36_000.0)
    assert subject.voltage > 2.0  # it recovers, at its lower charge


@pytest.mark.parametrize("volts", [2.5, 3.4])
def test_a_source_feeds_a_short_beside_the_cell(volts: float) -> None:
    subject = cell()
    subject.hold_voltage(volts)
    alone = subject.current
    subject.short = 100.0
    assert subject.current == pytest.approx(alone + volts / 100.0)
    subject.impose_current(subject.current)
    assert subject.voltage == pytest.approx(volts)


def test_the_spectrum_is_that_of_a_randles_circuit() -> None:
    subject = cell()
    top = 1.0 / (2.0 * math.pi * resistance.CHARGE_TRANSFER * resistance.DOUBLE_LAYER)
    ohmic = resistance.ELECTROLYTE + resistance.CONTACT
    assert AREA * subject.impedance(1e7) == pytest.approx(ohmic, abs=0.01)
    assert AREA * subject.impedance(top).real == pytest.approx(ohmic + resistance.CHARGE_TRANSFER / 2, rel=0.02)
    assert AREA * subject.impedance(top).imag == pytest.approx(-resistance.CHARGE_TRANSFER / 2, rel=0.05)


def test_diffusion_is_a_warburg_element_over_three_decades() -> None:
    diffusion = resistance.branches()[1:]
    for hertz in np.geomspace(1e-4, 3.0, 30):
        root = np.sqrt(2j * np.pi * hertz * resistance.DIFFUSION_TIME)
        warburg = resistance.DIFFUSION * np.tanh(root) / root
        ladder = sum(each.resistance / (1.0 + 2j * np.pi * hertz * each.time_constant) for each in diffusion)
        assert abs(ladder - warburg) < 0.05 * abs(warburg) + 0.002 * resistance.DIFFUSION


@pytest.mark.parametrize("hertz", [1e-4, 1e-2, 1.0, 350.0])
def test_a_small_wave_of_current_gives_the_voltage_that_the_spectrum_says(hertz: float) -> None:
    subject = cell()
    phase = 2.0 * np.pi * np.arange(4000) / 400.0
    current = 1e-7 * np.sin(phase)
    voltage = []
    for ampere in current:
        subject.impose_current(float(ampere))
        voltage.append(subject.voltage)
        subject.step(1.0 / hertz / 400.0)
    late = slice(2000, 4000)
    columns = np.column_stack([np.ones(4000), phase, np.sin(phase), np.cos(phase)])[late]
    in_phase, quadrature = np.linalg.lstsq(columns, np.asarray(voltage)[late])[0][2:] / 1e-7
    expected = subject.impedance(hertz)
    assert abs(complex(in_phase, quadrature) - expected) < 0.01 * abs(expected)


def test_at_a_higher_speed_the_spectrum_is_smaller_and_further_up() -> None:
    slow, fast = cell(), cell(speed=50.0)
    slow.short = fast.short = 200.0
    for hertz in (0.01, 10.0, 1e4):
        assert fast.impedance(50.0 * hertz) * 50.0 == pytest.approx(slow.impedance(hertz))


def test_a_shorted_cell_shows_the_resistance_of_the_short() -> None:
    subject = cell()
    subject.short = 1.0
    assert abs(subject.impedance(1.0)) == pytest.approx(1.0, rel=0.02)


def test_lost_pressure_is_lost_contact() -> None:
    resistances = [abs(impedance_at(pressure)) for pressure in (85.0, 50.0, 20.0, 5.0, 2.0, 0.5, 0.0)]
    assert resistances == sorted(resistances)
    assert resistances[2] < 2.0 * resistances[0]  # tens of MPa: a little
    assert resistances[4] > 5.0 * resistances[0]  # below a few MPa: much
    assert resistances[6] > 100.0 * resistances[0]


def impedance_at(pressure: float, temperature: float = 25.0) -> complex:
    subject = cell()
    subject.pressure, subject.temperature = pressure, temperature
    return subject.impedance(1.0)


def test_heat_makes_everything_faster() -> None:
    assert abs(impedance_at(85.0, 45.0)) < 0.5 * abs(impedance_at(85.0))


def test_a_run_that_loses_its_pressure_polarises_more_and_holds_less() -> None:
    capacities = []
    for pressure in (85.0, 1.0):
        subject = cell(charge=0.0)
        subject.pressure = pressure
        subject.impose_current(AMPERE)
        while subject.voltage < 4.3 - 0.62:
            subject.step(10.0)
        capacities.append(subject.charge)
    assert capacities[1] < 0.85 * capacities[0]


def test_an_empty_cell_resists_more_while_it_is_discharged_than_at_rest() -> None:
    subject = cell(charge=60.0)
    at_rest = abs(subject.impedance(1e-3))
    subject.hold_voltage(subject.voltage - 2e-5)  # a potentiostat's own error is no discharge
    assert abs(subject.impedance(1e-3)) == at_rest
    subject.impose_current(-AMPERE)
    assert abs(subject.impedance(1e-3)) > 2.0 * at_rest


def test_a_stack_that_loses_its_pressure_shows_it_in_the_voltage(setup: Setup) -> None:
    rig = Rig(dataclasses.replace(setup, initial_pressure=6.0, imperfections=PERFECT))
    rig.electrochemistry.extracted = 0.4
    rig.electrochemistry.impose_current(AMPERE)
    rig.step(2.0)
    pressed, pressure = rig.snapshot(0).voltage, rig.pressure
    rig.amplifier.setpoint = 20.0
    rig.step(2.0)
    assert rig.pressure < 0.5 * pressure
    assert rig.snapshot(0).voltage > pressed + 0.02

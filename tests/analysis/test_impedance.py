"""Circuits are found again, errors are honest, and what is no spectrum of a circuit is not called one."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from operando.analysis.impedance import fit_impedance, kramers_kronig
from operando.sim.cell import resistance
from operando.sim.cell.electrochemistry import Electrochemistry

Complex = NDArray[np.complex128]
FREQUENCY = np.geomspace(1e5, 0.01, 50)


def circuit(*arcs: tuple[float, float, float], ohmic: float = 60.0, warburg: float = 5.0) -> Complex:
    """Impedance of arcs, each of a resistance, a frequency and an exponent, and a Warburg element."""
    omega = 2.0 * np.pi * FREQUENCY
    total = ohmic + warburg * (1.0 - 1j) / np.sqrt(omega)
    for ohm, hertz, exponent in arcs:
        total = total + ohm / (1.0 + (1j * FREQUENCY / hertz) ** exponent)
    return np.asarray(total)


def noisy(impedance: Complex, relative: float, seed: int) -> Complex:
    random = np.random.default_rng(seed)
    noise = random.standard_normal(len(impedance)) + 1j * random.standard_normal(len(impedance))
    return np.asarray(impedance + relative * np.abs(impedance) * noise)


def test_a_randles_circuit_is_found_again() -> None:
    fit = fit_impedance(FREQUENCY, circuit((45.0, 350.0, 0.85)))
    assert fit.trusted, fit.reason
    (arc,) = fit.arcs
    assert (fit.ohmic, fit.warburg) == pytest.approx((60.0, 5.0), rel=1e-3)
    assert (arc.resistance, arc.frequency, arc.exponent) == pytest.approx((45.0, 350.0, 0.85), rel=1e-3)
    assert fit.impedance(FREQUENCY) == pytest.approx(circuit((45.0, 350.0, 0.85)), rel=1e-4)


def test_two_arcs_are_told_apart_in_any_order_of_points() -> None:
    impedance = noisy(circuit((30.0, 2e4, 0.9), (80.0, 20.0, 0.8)), 2e-3, 1)
    order = np.random.default_rng(2).permutation(len(FREQUENCY))
    fit = fit_impedance(FREQUENCY[order], impedance[order], arcs=2)
    assert fit.trusted, fit.reason
    assert [arc.resistance for arc in fit.arcs] == pytest.approx([30.0, 80.0], rel=0.1)
    assert [arc.frequency for arc in fit.arcs] == pytest.approx([2e4, 20.0], rel=0.1)


def test_errors_are_those_that_repeated_measurements_scatter_by() -> None:
    true = circuit((45.0, 350.0, 0.9))
    fits = [fit_impedance(FREQUENCY, noisy(true, 5e-3, seed)) for seed in range(60)]
    assert all(fit.trusted for fit in fits)
    pulls = {
        "ohmic": [(fit.ohmic - 60.0) / fit.ohmic_error for fit in fits],
        "warburg": [(fit.warburg - 5.0) / fit.warburg_error for fit in fits],
        "resistance": [(fit.arcs[0].resistance - 45.0) / fit.arcs[0].resistance_error for fit in fits],
        "frequency": [(fit.arcs[0].frequency - 350.0) / fit.arcs[0].frequency_error for fit in fits],
        "exponent": [(fit.arcs[0].exponent - 0.9) / fit.arcs[0].exponent_error for fit in fits],
    }
    for name, pull in pulls.items():
        assert 0.7 < np.std(pull) < 1.35, name
        assert abs(np.mean(pull)) < 0.45, name


def test_the_simulated_cell_shows_the_resistances_it_is_made_of() -> None:
    cell = Electrochemistry(10.0, 0.7854, 0.62)
    cell.extracted = 0.4
    area = math.pi / 4.0
    hertz = np.geomspace(1e5, 0.01, 50)
    fit = fit_impedance(hertz, np.array([cell.impedance(float(each)) for each in hertz]))
    assert fit.trusted, fit.reason
    assert fit.ohmic * area == pytest.approx(resistance.ELECTROLYTE + resistance.CONTACT, rel=0.02)
    assert fit.arcs[0].resistance * area == pytest.approx(resistance.CHARGE_TRANSFER, rel=0.05)
    assert fit.arcs[0].capacity / area == pytest.approx(resistance.DOUBLE_LAYER, rel=0.1)
    warburg = resistance.DIFFUSION / math.sqrt(2.0 * resistance.DIFFUSION_TIME)
    assert fit.warburg * area == pytest.approx(warburg, rel=0.1)


def test_the_inductance_of_the_leads_is_not_taken_for_the_cell() -> None:
    leads = 2j * np.pi * FREQUENCY * 2e-6
    fit = fit_impedance(FREQUENCY, circuit((45.0, 350.0, 0.9)) + leads)
    assert fit.inductance == pytest.approx(2e-6, rel=0.01)
    assert fit.ohmic == pytest.approx(60.0, rel=1e-3)


def test_too_few_points_are_no_fit() -> None:
    fit = fit_impedance(FREQUENCY[:4], circuit((45.0, 350.0, 0.9))[:4])
    assert (fit.trusted, fit.reason) == (False, "4 points are too few for 1 arc(s)")
    assert math.isnan(fit.ohmic)


def test_points_that_are_not_finite_are_left_out() -> None:
    impedance = circuit((45.0, 350.0, 0.9))
    impedance[[3, 7]] = np.nan
    fit = fit_impedance(FREQUENCY, impedance)
    assert fit.trusted
    assert fit.arcs[0].resistance == pytest.approx(45.0, rel=1e-3)


def test_noise_is_no_spectrum() -> None:
    random = np.random.default_rng(5)
    fit = fit_impedance(FREQUENCY, 50.0 + 20.0 * (random.standard_normal(50) + 1j * random.standard_normal(50)))
    assert not fit.trusted
    assert "misses" in fit.reason


def test_an_arc_that_was_not_measured_is_not_claimed() -> None:
    above = FREQUENCY > 1e3
    fit = fit_impedance(FREQUENCY[above], circuit((45.0, 0.5, 1.0), warburg=0.0)[above])
    assert not fit.trusted


def test_a_steady_cell_obeys_kramers_and_kronig_and_a_drifting_one_does_not() -> None:
    steady = circuit((45.0, 350.0, 0.9))
    assert np.abs(kramers_kronig(FREQUENCY, steady)).max() < 5e-3
    drifting = steady * (1.0 + 0.1 * np.linspace(0.0, 1.0, len(FREQUENCY)) ** 2)
    assert np.abs(kramers_kronig(FREQUENCY, drifting)).max() > 2.0 * np.abs(kramers_kronig(FREQUENCY, steady)).max()

"""Half-cycles, efficiency, dQ/dV and state of charge of cells whose answers are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from operando.analysis.electrochemistry import (
    branch,
    coulombic_efficiencies,
    half_cycles,
    incremental_capacity,
    passed_charge,
    specific_capacity,
    state_of_charge,
)

Array = NDArray[np.float64]
REST = 1e-6  # A


def staircase(*parts: tuple[float, float], interval: float = 10.0) -> tuple[Array, Array]:
    """Time (s) and current (A) of parts, each a current and how long it flows (h)."""
    current = np.concatenate([np.full(round(hours * 3600.0 / interval), ampere) for ampere, hours in parts])
    return np.arange(len(current)) * interval, current


def test_charge_is_the_integral_of_the_current() -> None:
    time = np.array([0.0, 1800.0, 3600.0])
    assert passed_charge(time, np.array([0.0, 2.0, 2.0])) == pytest.approx([0.0, 0.5, 1.5])


def test_nothing_is_made_up_for_a_gap() -> None:
    time, current = np.array([0.0, 3600.0, 36_000.0, 39_600.0]), np.ones(4)
    assert passed_charge(time, current, longest_gap=5000.0) == pytest.approx([0.0, 1.0, 1.0, 2.0])


def test_time_that_goes_back_is_refused() -> None:
    with pytest.raises(ValueError, match="time goes back"):
        passed_charge(np.array([0.0, 2.0, 1.0]), np.zeros(3))


def test_no_samples_are_no_charge() -> None:
    assert len(passed_charge(np.empty(0), np.empty(0))) == 0
    assert half_cycles(np.empty(0), np.empty(0), REST) == []


def test_rests_split_no_half_cycle() -> None:
    time, current = staircase((0.0, 1.0), (2e-4, 1.0), (0.0, 0.5), (2e-4, 1.0), (0.0, 1.0), (-1e-4, 3.0), (0.0, 1.0))
    charge, discharge = half_cycles(passed_charge(time, current), current, REST)
    assert (charge.number, charge.charging, discharge.number, discharge.charging) == (1, True, 2, False)
    assert charge.capacity == pytest.approx(4e-4, rel=2e-3)
    assert discharge.capacity == pytest.approx(3e-4, rel=2e-3)
    assert not np.any(current[charge.behind : discharge.first])


def test_a_discharge_is_measured_against_the_charge_before_it() -> None:
    time, current = staircase((-1e-4, 1.0), (1e-4, 1.96), (-1e-4, 1.4), (1e-4, 1.5), (-1e-4, 1.5))
    efficiency = coulombic_efficiencies(half_cycles(passed_charge(time, current), current, REST))
    assert np.isnan(efficiency[[0, 1, 3]]).all()
    assert efficiency[[2, 4]] == pytest.approx([140.0 / 196.0, 1.0], rel=5e-3)


def two_plateaus(charge: Array) -> Array:
    """V of a cell with peaks of dQ/dV at 3.0 and 3.4 V; ``charge`` from 0 to 1."""
    voltage = np.linspace(2.5, 3.9, 4001)
    density = 0.2 + 8.0 * np.exp(-(((voltage - 3.0) / 0.03) ** 2)) + 5.0 * np.exp(-(((voltage - 3.4) / 0.03) ** 2))
    cumulated = np.cumsum(density)
    return np.interp(charge, cumulated / cumulated[-1], voltage)


@pytest.fixture
def cycled() -> tuple[Array, Array, Array]:
    """Voltage, charge and current of a charge and a discharge with 20 mV of polarisation, and a rest in each."""
    time, current = staircase((1e-3, 0.6), (0.0, 0.2), (1e-3, 0.4), (0.0, 0.5), (-1e-3, 0.3), (0.0, 0.3), (-1e-3, 0.7))
    charge = passed_charge(time, current)
    noise = 0.3e-3 * np.random.default_rng(3).standard_normal(len(charge))
    return two_plateaus(charge / 1e-3) + 20.0 * current + noise, charge, current


def test_peaks_stand_where_the_plateaus_are_and_branches_stay_apart(cycled: tuple[Array, Array, Array]) -> None:
    voltage, charge, current = cycled
    for half, shift in zip(half_cycles(charge, current, REST), (0.02, -0.02), strict=True):
        found = incremental_capacity(voltage, charge, branch(half, current, REST))
        low = found.voltage < 3.2
        assert found.voltage[low][np.argmax(found.capacity[low])] == pytest.approx(3.0 + shift, abs=0.006)
        assert found.voltage[~low][np.argmax(found.capacity[~low])] == pytest.approx(3.4 + shift, abs=0.006)
        assert found.capacity.min() >= 0.0


def test_no_charge_is_lost_in_the_bins_and_none_of_a_rest_gets_in(cycled: tuple[Array, Array, Array]) -> None:
    voltage, charge, current = cycled
    for half in half_cycles(charge, current, REST):
        for width in (0.002, 0.005, 0.02):
            found = incremental_capacity(voltage, charge, branch(half, current, REST), width)
            assert found.capacity.sum() * width == pytest.approx(half.capacity, rel=0.01)
    resting = np.abs(current) <= REST
    assert not incremental_capacity(voltage, charge, resting).capacity.sum()


def test_charge_at_a_held_voltage_is_no_peak() -> None:
    voltage = np.concatenate([np.linspace(3.0, 3.6, 600), np.full(200, 3.6)])
    current = np.concatenate([np.full(600, 1e-3), np.geomspace(1e-3, 1e-4, 200)])
    charge = passed_charge(np.arange(800) * 6.0, current)
    (half,) = half_cycles(charge, current, REST)
    with_hold = incremental_capacity(voltage, charge, branch(half, current, REST))
    without = incremental_capacity(voltage, charge, branch(half, current, REST, held=voltage >= 3.6))
    assert with_hold.capacity.max() > 10.0 * without.capacity.max()
    assert without.capacity[1:-2] == pytest.approx(np.full(len(without.capacity) - 3, 1e-3 / 0.6), rel=0.01)


def test_a_branch_without_samples_has_no_capacity() -> None:
    found = incremental_capacity(np.empty(0), np.empty(0), np.empty(0, np.bool_))
    assert len(found.voltage) == len(found.capacity) == 0


def test_specific_capacity_is_per_gram_of_active_material() -> None:
    assert specific_capacity(np.array([0.7697e-3]), 3.927e-3) == pytest.approx([196.0], rel=1e-4)


def test_a_state_of_charge_says_what_it_assumes() -> None:
    state = state_of_charge(np.array([0.0, 0.5e-3]), 1e-3)
    assert state.value == pytest.approx([0.0, 0.5])
    assert state.assumption == "extracted charge over theoretical capacity (1 mA h); as assembled = 0"
    assert state_of_charge(np.array([-0.2e-3]), 1e-3, at_start=1.0).value == pytest.approx([0.8])

"""The pressure regulator: it holds while the cell breathes, never jumps, and never moves on a lost sensor."""

import math
import tomllib
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from control.small_plant import SENSITIVITY, SmallPlant
from hypothesis import given, settings
from hypothesis import strategies as st

from operando.control import DriveLimits, RegulatorGains, RegulatorState, regulator

LIMITS = DriveLimits(low=-20.0, high=130.0, slew=100.0)
DT = 0.05  # s, 20 Hz
CONFIGURED = tomllib.loads((Path(__file__).parents[2] / "configs" / "simulated.toml").read_text())["pressure"]
GAINS = RegulatorGains(
    proportional=CONFIGURED["proportional_gain_V_per_MPa"],
    integral=CONFIGURED["integral_gain_V_per_MPa_s"],
    slope=CONFIGURED["pressure_per_volt_MPa_per_V"],
)


def regulate(
    plant: SmallPlant,
    state: RegulatorState,
    *,
    setpoint: float,
    rates: list[float],
    steps: list[float] | None = None,
    gains: RegulatorGains = GAINS,
) -> tuple[RegulatorState, list[float]]:
    """Close the loop, one entry of ``rates`` (MPa/s of breathing) a step; return the true errors in MPa."""
    errors = []
    for index, rate in enumerate(rates):
        dt = steps[index] if steps else DT
        state = regulator.step(state, plant.reading(), setpoint, dt, gains=gains, limits=LIMITS)
        plant.drive = state.drive
        plant.run(dt, rate)
        errors.append(plant.pressure - setpoint)
    return state, errors


def breathing(seconds: float, rate: float = 0.14) -> list[float]:
    """Charge and discharge at the fastest the simulated cell breathes, turning every 20 s."""
    return [rate if int(index * DT / 20) % 2 == 0 else -rate for index in range(round(seconds / DT))]


@pytest.mark.parametrize(("delay", "largest"), [(0.0, 0.035), (0.025, 0.035), (0.075, 0.04), (0.1, 0.045)])
def test_pressure_holds_while_the_cell_breathes(delay: float, largest: float) -> None:
    plant = SmallPlant(delay=delay)
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=breathing(80))
    assert max(map(abs, errors)) < largest  # ±50 kPa with a margin for a host that is late


@pytest.mark.parametrize("stiffness", [0.6, 1.5])
def test_pressure_holds_on_a_stack_of_another_stiffness(stiffness: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("control.small_plant.SENSITIVITY", SENSITIVITY * stiffness)
    plant = SmallPlant(offset=84.0 - 60.0 * SENSITIVITY * stiffness)
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=breathing(60))
    assert max(map(abs, errors)) < 0.05


def test_a_quiet_cell_is_held_near_the_noise_of_the_load_cell() -> None:
    plant = SmallPlant()
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=[0.0] * 1200)
    rms = math.sqrt(sum(error**2 for error in errors[100:]) / len(errors[100:]))
    assert rms < 2 * plant.noise


def test_a_host_that_is_late_does_not_overshoot() -> None:
    plant = SmallPlant()
    steps = [0.05] * 200 + [0.6, 0.05, 0.05, 0.05, 0.4] + [0.05] * 200
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=[0.14] * len(steps), steps=steps)
    lost = 0.14 * 0.6  # MPa that the cell breathes while nobody looks
    assert max(map(abs, errors)) < lost + 0.05
    assert max(map(abs, errors[-100:])) < 0.04


def test_a_load_cell_that_goes_silent_leaves_the_drive_where_it_is() -> None:
    state = RegulatorState(drive=62.154, expected=84.7, unfelt=0.1, drift=0.03)
    for lost in [None, math.nan, math.inf, -math.inf]:
        after = regulator.step(state, lost, 85.0, DT, gains=GAINS, limits=LIMITS)
        assert after.drive == 62.154


def test_a_load_cell_that_comes_back_makes_no_bump() -> None:
    settled = RegulatorState(drive=62.0, expected=85.0)
    lost = regulator.step(settled, None, 85.0, DT, gains=GAINS, limits=LIMITS)
    back = regulator.step(lost, 84.8, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert back.drive - 62.0 == pytest.approx(GAINS.integral * 0.2 * DT, rel=1e-3)  # the integral's share alone


def test_a_pressure_that_warms_at_a_steady_rate_is_held_without_an_offset() -> None:
    plant = SmallPlant()
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=[0.065] * 1200)  # 5 K/min
    assert abs(sum(errors[-400:]) / 400) < 0.0025  # an integral alone is 0.065 / 6 = 0.011 behind


def test_a_ramp_of_the_setpoint_is_followed_without_waiting_for_an_error() -> None:
    plant, state, errors = SmallPlant(), RegulatorState(60.0), []
    for index in range(160):
        setpoint = 84.0 + 0.5 * DT * index
        state = regulator.step(state, plant.reading(), setpoint, DT, gains=GAINS, limits=LIMITS)
        plant.drive = state.drive
        plant.run(DT, 0.0)
        errors.append(plant.pressure - setpoint)
    assert max(map(abs, errors)) < 0.5 * 0.1  # what the ramp does in two periods


@pytest.mark.parametrize("delay", [0.0, 0.025, 0.075])
@pytest.mark.parametrize("size", [0.2, -0.5])
def test_a_step_of_the_setpoint_does_not_overshoot(size: float, delay: float) -> None:
    plant = SmallPlant(delay=delay)
    state, _ = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=[0.0] * 200)
    _, errors = regulate(plant, state, setpoint=84.0 + size, rates=[0.0] * 100)
    overshoot = max(math.copysign(1.0, size) * error for error in errors)
    assert overshoot < 0.15 * abs(size) + 4 * plant.noise
    assert max(map(abs, errors[8:])) < 0.1 * abs(size) + 4 * plant.noise


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1])
@pytest.mark.parametrize("stiffness", [0.6, 1.0, 1.5])
@pytest.mark.parametrize("noise_band", [1e-9, 0.01, 1e9])
def test_the_loop_is_stable_with_all_gains_between_those_for_noise_and_for_more(
    delay: float, stiffness: float, noise_band: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the smaller gain acts within an endless band, only the larger one outside an infinitesimal one."""
    monkeypatch.setattr("control.small_plant.SENSITIVITY", SENSITIVITY * stiffness)
    monkeypatch.setattr(regulator, "SHOCK", math.inf)
    monkeypatch.setattr(regulator, "SUDDEN", math.inf)
    plant = SmallPlant(offset=84.05 - 60.0 * SENSITIVITY * stiffness, noise=0.0, delay=delay)
    plant.truth[:] = [84.05]
    gains = replace(GAINS, noise=noise_band)
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=[0.0] * 400, gains=gains)
    assert max(map(abs, errors)) < 0.1
    assert max(map(abs, errors[-100:])) < 0.003


def test_one_wild_reading_moves_the_drive_by_no_more_than_its_bound() -> None:
    state = regulator.step(RegulatorState(60.0), 84.0, 84.0, DT, gains=GAINS, limits=LIMITS)
    after = regulator.step(state, 87.0, 84.0, DT, gains=GAINS, limits=LIMITS)
    bound = (1 + regulator.SHOCK) * GAINS.noise / GAINS.slope  # V
    assert 0.5 * bound < state.drive - after.drive <= bound + 0.01
    back = regulator.step(after, 84.0, 84.0, DT, gains=GAINS, limits=LIMITS)
    assert abs(back.drive - after.drive) < bound


def test_noise_of_the_load_cell_is_not_written_into_the_drive() -> None:
    plant, state, drives = SmallPlant(), RegulatorState(60.0), []
    for _ in range(1200):
        state = regulator.step(state, plant.reading(), 84.0, DT, gains=GAINS, limits=LIMITS)
        plant.drive = state.drive
        plant.run(DT, 0.0)
        drives.append(state.drive)
    moves = [after - before for before, after in pairwise(drives)]
    assert max(map(abs, moves)) < 4 * plant.noise / GAINS.slope / 2  # half of what the noise alone would ask for


def test_a_restart_takes_over_the_drive_without_a_bump() -> None:
    state = regulator.step(RegulatorState(drive=41.7), 85.0, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert state.drive == 41.7


def test_saturation_is_declared_and_leaves_at_once_when_the_setpoint_turns() -> None:
    state = RegulatorState(drive=129.9)
    for _ in range(200):
        state = regulator.step(state, 80.0, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert state.drive == LIMITS.high
    assert state.saturated
    state = regulator.step(state, 80.0, 79.9, DT, gains=GAINS, limits=LIMITS)
    assert state.drive < LIMITS.high
    assert not state.saturated


def test_a_drive_found_beyond_its_limit_comes_back_at_the_slew_limit() -> None:
    state = regulator.step(RegulatorState(drive=140.0), 85.0, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert state.drive == pytest.approx(140.0 - LIMITS.slew * DT)


def test_release_ends_at_the_low_limit_at_the_slew_limit() -> None:
    drive, path = 60.0, []
    while drive > LIMITS.low:
        drive = regulator.released(drive, DT, LIMITS)
        path.append(drive)
    assert len(path) == round(80.0 / (LIMITS.slew * DT))
    assert path[-1] == LIMITS.low


anything = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.floats(60.0, 100.0))


@settings(deadline=None)
@given(
    readings=st.lists(st.tuples(anything, st.floats(5.0, 100.0), st.floats(0.0, 1.0)), max_size=60),
    drive=st.floats(LIMITS.low, LIMITS.high),
    gains=st.builds(
        RegulatorGains,
        proportional=st.floats(0.0, 1e3),
        integral=st.floats(0.0, 1e5),
        slope=st.floats(1e-3, 1e2),
        delay=st.floats(1e-3, 10.0),
        noise=st.floats(1e-6, 10.0),
        drift_time=st.floats(1e-3, 1e4),
        fastest_drift=st.floats(0.0, 10.0),
    ),
)
def test_whatever_the_load_cell_says_the_drive_stays_inside_its_limits(
    readings: list[tuple[float | None, float, float]], drive: float, gains: RegulatorGains
) -> None:
    state = RegulatorState(drive)
    for reading, setpoint, dt in readings:
        after = regulator.step(state, reading, setpoint, dt, gains=gains, limits=LIMITS)
        assert LIMITS.low <= after.drive <= LIMITS.high
        assert abs(after.drive - state.drive) <= LIMITS.slew * dt + 1e-9
        assert all(map(math.isfinite, (after.expected or 0.0, after.unfelt, after.drift)))
        if reading is None or not math.isfinite(reading):
            assert after.drive == state.drive
        state = after

"""The pressure regulator: it holds while the cell breathes, never jumps, and never moves on a lost sensor."""

import math
import tomllib
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
)


def regulate(
    plant: SmallPlant, state: RegulatorState, *, setpoint: float, rates: list[float], steps: list[float] | None = None
) -> tuple[RegulatorState, list[float]]:
    """Close the loop, one entry of ``rates`` (MPa/s of breathing) a step; return the true errors in MPa."""
    errors = []
    for index, rate in enumerate(rates):
        dt = steps[index] if steps else DT
        state = regulator.step(state, plant.reading(), setpoint, dt, gains=GAINS, limits=LIMITS)
        plant.drive = state.drive
        plant.run(dt, rate)
        errors.append(plant.pressure - setpoint)
    return state, errors


def breathing(seconds: float, rate: float = 0.14) -> list[float]:
    """Charge and discharge at the fastest the simulated cell breathes, turning every 20 s."""
    return [rate if int(index * DT / 20) % 2 == 0 else -rate for index in range(round(seconds / DT))]


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.075, 0.1])
def test_pressure_holds_while_the_cell_breathes(delay: float) -> None:
    plant = SmallPlant(delay=delay)
    _, errors = regulate(plant, RegulatorState(plant.drive), setpoint=84.0, rates=breathing(80))
    assert max(map(abs, errors)) < 0.04  # ±50 kPa with a margin for a host that is late


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
    state = RegulatorState(drive=62.154, last_error=0.3)
    for lost in [None, math.nan, math.inf, -math.inf]:
        after = regulator.step(state, lost, 85.0, DT, gains=GAINS, limits=LIMITS)
        assert after.drive == 62.154


def test_a_load_cell_that_comes_back_makes_no_bump() -> None:
    settled = RegulatorState(drive=62.0, last_error=0.0)
    lost = regulator.step(settled, None, 85.0, DT, gains=GAINS, limits=LIMITS)
    back = regulator.step(lost, 84.8, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert back.drive - 62.0 == pytest.approx(GAINS.integral * 0.2 * DT)  # the integral's share alone


def test_a_restart_takes_over_the_drive_without_a_bump() -> None:
    state = regulator.step(RegulatorState(drive=41.7), 85.0, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert state.drive == 41.7


def test_saturation_is_declared_and_leaves_at_once_when_the_error_turns() -> None:
    state = RegulatorState(drive=129.9)
    for _ in range(200):
        state = regulator.step(state, 80.0, 85.0, DT, gains=GAINS, limits=LIMITS)
    assert state.drive == LIMITS.high
    assert state.saturated
    state = regulator.step(state, 85.5, 85.0, DT, gains=GAINS, limits=LIMITS)
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
    proportional=st.floats(0.0, 1e3),
    integral=st.floats(0.0, 1e5),
)
def test_whatever_the_load_cell_says_the_drive_stays_inside_its_limits(
    readings: list[tuple[float | None, float, float]], drive: float, proportional: float, integral: float
) -> None:
    gains = RegulatorGains(proportional, integral)
    state = RegulatorState(drive)
    for reading, setpoint, dt in readings:
        after = regulator.step(state, reading, setpoint, dt, gains=gains, limits=LIMITS)
        assert LIMITS.low <= after.drive <= LIMITS.high
        assert abs(after.drive - state.drive) <= LIMITS.slew * dt + 1e-9
        if reading is None or not math.isfinite(reading):
            assert after.drive == state.drive
        state = after

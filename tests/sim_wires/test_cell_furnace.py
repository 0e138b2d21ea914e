"""Heat: equilibrium, dead time, gain, and the controller that regulates it."""

import numpy as np
import pytest

from operando.sim.cell.furnace import DEAD_TIME, Furnace, Wander
from operando.sim.wires.temperature_loop import TemperatureLoop


def test_the_furnace_starts_in_equilibrium() -> None:
    furnace = Furnace(60.0)
    for _ in range(1000):
        furnace.step(1.0)
    assert furnace.temperature == pytest.approx(60.0)


def test_heat_arrives_after_the_dead_time_and_settles_at_gain_times_power() -> None:
    furnace = Furnace(22.0)
    furnace.power = 50.0
    for _ in range(round(DEAD_TIME) - 1):
        furnace.step(1.0)
    assert furnace.temperature == pytest.approx(22.0)
    for _ in range(2000):
        furnace.step(1.0)
    assert furnace.temperature == pytest.approx(72.0, abs=0.01)


def test_the_frame_wanders_by_some_millikelvin() -> None:
    wander = Wander(np.random.default_rng(3))
    values = [wander.step(10.0) for _ in range(20_000)]
    assert np.std(values) == pytest.approx(0.02, rel=0.1)
    assert abs(values[1] - values[0]) < 0.05


def test_the_loop_keeps_what_it_took_over_and_then_ramps_to_a_new_target() -> None:
    furnace = Furnace(25.0)
    loop = TemperatureLoop(furnace, np.random.default_rng(4), 1)
    loop.ramp_rate = 5.0
    clock, held = 0.0, []
    loop.advance(clock)

    def live(seconds: float) -> None:
        nonlocal clock
        for _ in range(round(seconds / 0.05)):
            clock += 0.05
            furnace.step(0.05)
            loop.advance(clock)
            held.append(furnace.temperature)

    live(300.0)
    assert max(abs(np.asarray(held) - 25.0)) < 0.05
    loop.target = 35.0
    live(60.0)
    assert loop.working_setpoint == pytest.approx(30.0, abs=0.1)
    assert loop.status & (1 << 13)
    live(500.0)
    assert furnace.temperature == pytest.approx(35.0, abs=0.1)
    assert loop.status == 0

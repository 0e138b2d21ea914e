"""The compiled plant of the bench is the simulator's rig, and its floor is one."""

import numpy as np
import pytest

from operando.bench.floor import Floor
from operando.bench.loop import errors
from operando.bench.physics import INSTANT, INSTANTS, SLEW, Hysteresis
from operando.bench.plant import AREA, DELAY, DIAMETER, DRIVE, PERIOD, PRESSURE, Plant, Weather
from operando.bench.segments import hold
from operando.bench.weather import drawn, temperatures
from operando.sim.cell.amplifier import HIGH, LOW, Amplifier
from operando.sim.cell.frame import THERMAL_EXPANSION, LoadedFrame
from operando.sim.cell.hysteresis import PiezoStack

SUBSTEP = 0.005  # s, of the simulator
STEPS = 400


def simulated(drives: list[float], swelling: np.ndarray, friction: float) -> tuple[np.ndarray, np.ndarray]:
    """The parts of the simulator's rig, stepped as it steps them; forces on load cell and cell at each instant, N."""
    amplifier = Amplifier(DRIVE)
    amplifier.slew = 100.0 * SLEW / (HIGH - LOW) / 1000.0
    piezo = PiezoStack(DRIVE)
    frame = LoadedFrame(DIAMETER, PRESSURE, piezo.displacement, 25.0, friction)
    forces = []
    for index, swollen in enumerate(swelling):
        amplifier.setpoint = drives[index // INSTANTS]
        for _ in range(round(INSTANT / SUBSTEP)):
            stroke = piezo.step(amplifier.step(SUBSTEP), SUBSTEP)
            now = frame.forces(stroke, 0.0, 25.0 + swollen / THERMAL_EXPANSION)
        forces.append(now)
    on_load_cell, on_cell = np.array(forces).T
    return on_load_cell, on_cell


@pytest.mark.parametrize("friction", [0.0, 30.0])
def test_the_compiled_plant_moves_like_the_simulated_rig(friction: float) -> None:
    random = np.random.default_rng(3)
    drives = (DRIVE + np.cumsum(random.uniform(-1.0, 1.0, STEPS)) + 8.0 * np.sin(np.arange(STEPS) / 40.0)).tolist()
    swelling = np.linspace(0.0, 2.0, STEPS * INSTANTS)
    plant = Plant(Weather(swelling, np.zeros(STEPS)), friction=friction)
    readings = []
    for drive in drives:
        readings.append(plant.reading())
        plant.advance(drive)
    on_load_cell, on_cell = simulated(drives, swelling, friction)
    span = np.ptp(on_cell / AREA)
    assert span > 2.0  # MPa
    # the simulator creeps and slips a little between the instants of the bench
    assert np.abs(plant.truth - on_cell / AREA).max() < 0.005 * span + 0.03 * friction / AREA
    at_reading = [(step * INSTANTS - DELAY - 1) for step in range(STEPS)]
    expected = [on_load_cell[at] / AREA if at >= 0 else PRESSURE for at in at_reading]
    assert np.abs(np.array(readings) - expected).max() < 0.005 * span + 0.03 * friction / AREA


def test_a_wider_electrode_feels_less_pressure_than_is_read() -> None:
    plant = Plant(Weather(np.zeros(2), np.zeros(1)), diameter=DIAMETER + 0.02)
    plant.advance(DRIVE)
    assert plant.truth[0] == pytest.approx(PRESSURE * (1 - 0.004), abs=0.02)


def test_bouc_wen_is_another_family_with_a_loop_of_the_same_size() -> None:
    loops = {}
    for family in (Hysteresis.PLAY, Hysteresis.BOUC_WEN):
        up, down = np.linspace(LOW + 20, HIGH - 10, 300), np.linspace(HIGH - 10, LOW + 20, 300)
        way = np.concatenate([np.linspace(DRIVE, LOW + 20, 150), up, down])
        plant = Plant(Weather(np.zeros(len(way) * INSTANTS), np.zeros(len(way))), family)
        for drive in way.tolist():
            plant.advance(drive)
        end = plant.truth[INSTANTS - 1 :: INSTANTS]
        rising, falling = end[150:450], end[450:][::-1]
        loops[family] = float(np.abs(falling - rising).max() / np.ptp(end))
    assert 0.05 < loops[Hysteresis.PLAY] < 0.2
    assert 0.05 < loops[Hysteresis.BOUC_WEN] < 0.2
    assert loops[Hysteresis.PLAY] != pytest.approx(loops[Hysteresis.BOUC_WEN], rel=0.01)


def test_the_floor_lies_where_the_kalman_filter_says_and_no_other_knowledge_is_better() -> None:
    segment = hold(0.25)
    weather = drawn(segment.swelling, 5)
    floor = errors(Floor(segment.wander), Plant(weather, Hysteresis.NONE), segment.setpoint).rms
    for wander in (0.01, 0.1):
        worse = errors(Floor(wander), Plant(weather, Hysteresis.NONE), segment.setpoint).rms
        assert floor < worse
    assert 1.2 < floor < 1.8  # kPa; 2.5 kPa of noise, 0.64 kPa of draught a period, three periods to see it


def test_a_ramp_of_the_heater_ends_where_it_was_asked_to() -> None:
    body = temperatures(300.0, 45.0, 55.0, rate=5.0, begin=20.0, seed=0)
    assert len(body) == round(300.0 / PERIOD) * INSTANTS
    assert body[0] == pytest.approx(45.0, abs=0.1)
    assert body[-1] == pytest.approx(55.0, abs=0.3)

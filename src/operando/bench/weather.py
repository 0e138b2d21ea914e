"""What pushes the simulated stack: breathing, warming, draughts, and what its load cell adds of its own."""

import math

import numpy as np
from scipy.signal import lfilter

from operando.bench.physics import INSTANT, INSTANTS, Array
from operando.bench.plant import Weather
from operando.sim.cell.frame import BREATHING, THERMAL_EXPANSION
from operando.sim.cell.furnace import Furnace, Wander
from operando.sim.cell.load_cell import LoadCellZero
from operando.sim.wires.dscusb import NOISE
from operando.sim.wires.temperature_loop import PERIOD as HEATER_PERIOD
from operando.sim.wires.temperature_loop import TemperatureLoop

CAPACITY = 1.0
"""mAh/cm², of the cell: 2.5 µm of breathing in a charge."""


def drawn(swelling: Array, seed: int, zero: Array | None = None) -> Weather:
    """Draw the weather of a rig: a wanted swelling with draughts, and the noise of the load cell.

    Parameters
    ----------
    swelling : array
        µm, at each instant.
    seed : int
        Of everything random.
    zero : array, optional
        N, of the load cell at each step.
    """
    random = np.random.default_rng(seed)
    kept = math.exp(-INSTANT / Wander.TIME)
    stirred = Wander.RMS * math.sqrt(1 - kept**2) * random.standard_normal(len(swelling))
    draughts = lfilter([1.0], [1.0, -kept], stirred)
    noise = NOISE * random.standard_normal(len(swelling) // INSTANTS)
    return Weather(swelling + THERMAL_EXPANSION * np.asarray(draughts), noise if zero is None else noise + zero)


def times(seconds: float) -> Array:
    """Return the instants (s) of so many seconds, from the first after zero."""
    instants: Array = INSTANT * np.arange(1.0, round(seconds / (INSTANT * INSTANTS)) * INSTANTS + 1)
    return instants


def breathing(seconds: float, rate: float) -> Array:
    """Return the swelling (µm) of a charge and the discharge after it, at a C-rate (1/h)."""
    return triangles(seconds, CAPACITY * BREATHING * rate / 3600, seconds / 2)


def triangles(seconds: float, rate: float, turn: float) -> Array:
    """Return a swelling (µm) up and down at ``rate`` (µm/s) with ``turn`` seconds between two turns."""
    phase = times(seconds) % (2 * turn)
    swelling: Array = rate * (turn - np.abs(phase - turn))
    return swelling


def temperatures(seconds: float, start: float, end: float, rate: float, begin: float, seed: int) -> Array:
    """Return the temperature (°C) at each instant of a ramp, as the simulated controller and furnace make it.

    Parameters
    ----------
    seconds : float
        s.
    start, end : float
        °C.
    rate : float
        K/min.
    begin : float
        s, when the ramp is asked for.
    seed : int
        Of the thermocouple's noise.
    """
    furnace = Furnace(start)
    loop = TemperatureLoop(furnace, np.random.default_rng(seed), 1)
    loop.ramp_rate = rate
    clock = np.arange(0.0, seconds + 2 * HEATER_PERIOD, HEATER_PERIOD)
    found = []
    for now in clock.tolist():
        if now >= begin:
            loop.target = end
        loop.advance(now)
        found.append(furnace.step(HEATER_PERIOD))
    return np.interp(times(seconds), clock, found)


def expansion(temperature: Array) -> Array:
    """Return the swelling (µm) of a rig at that temperature (°C), against its first."""
    swelling: Array = THERMAL_EXPANSION * (temperature - temperature[0])
    return swelling


def zeros(temperature: Array, load_cell: LoadCellZero) -> Array:
    """Return what a load cell beside a body of that temperature (°C, each instant) adds, N at each step."""
    second = round(1 / INSTANT)
    each = [load_cell.step(1.0, celsius) for celsius in temperature[::second].tolist()]
    return np.repeat(each, second // INSTANTS)[: len(temperature) // INSTANTS]

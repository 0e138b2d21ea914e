"""The whole rig: actuator, frame, furnace and cell, stepped together."""

import math

import numpy as np

from operando.sim.cell.amplifier import Amplifier
from operando.sim.cell.electrochemistry import Electrochemistry
from operando.sim.cell.frame import LoadedFrame
from operando.sim.cell.furnace import Furnace, Wander
from operando.sim.cell.hysteresis import PiezoStack
from operando.sim.cell.lattice import Lattice
from operando.sim.cell.load_cell import LoadCellZero
from operando.sim.cell.material import MATERIALS
from operando.sim.cell.state import TrueState
from operando.sim.setup import Setup

INITIAL_DRIVE = 60.0
"""V; leaves room for a whole charge (about −30 V at constant pressure) and a ramp of some MPa upwards."""

LONGEST_STEP = 0.005
"""s; half the actuator's time constant. Longer steps are divided."""

DIAMETER_STREAM, ZERO_STREAM = 5, 6
"""Streams of random numbers beside those of the frame's temperature (0) and the instruments (1 to 4)."""


class Rig:
    """Everything that is true. Instruments read and drive its parts; nothing else does.

    Parameters
    ----------
    setup : Setup
        Geometry, cell, initial pressure and temperature, imperfections, speed and seed.
    """

    def __init__(self, setup: Setup) -> None:
        self.amplifier = Amplifier(INITIAL_DRIVE)
        self.furnace = Furnace(setup.initial_temperature)
        self.electrochemistry = Electrochemistry(
            setup.electrode_diameter,
            setup.nominal_capacity,
            setup.counter_electrode_potential,
            setup.speed,
            MATERIALS[setup.material],
            setup.active_mass,
        )
        self._piezo = PiezoStack(self.amplifier.output)
        self._wander = Wander(np.random.default_rng((setup.seed, 0)))
        self._lattice = Lattice(setup.charge, setup.a, setup.c)
        self._frame = LoadedFrame(
            setup.electrode_diameter,
            setup.initial_pressure,
            self._piezo.displacement,
            setup.initial_temperature,
            setup.imperfections.friction,
        )
        self._zero = LoadCellZero(
            setup.imperfections, setup.initial_temperature, np.random.default_rng((setup.seed, ZERO_STREAM))
        )
        deviation = np.random.default_rng((setup.seed, DIAMETER_STREAM)).uniform(-1.0, 1.0)
        diameter = setup.electrode_diameter + setup.imperfections.diameter * float(deviation)
        self.area = math.pi * diameter**2 / 4.0
        """mm², of the true electrode."""
        self.force = setup.initial_pressure * self._frame.area
        """N, as the load cell gives it: without noise, but with its zero and the guide's friction."""
        self.pressure = self.force / self.area
        """MPa, true stack pressure: force on the cell over its true area."""

    def step(self, dt: float) -> None:
        """Advance everything by ``dt`` (s)."""
        parts = max(1, round(dt / LONGEST_STEP + 0.4999))
        for _ in range(parts):
            self._substep(dt / parts)

    def snapshot(self, time_ns: int) -> TrueState:
        """Return what is true now.

        Parameters
        ----------
        time_ns : int
            UTC, ns since the epoch.
        """
        charge = self.electrochemistry.charge
        a, c = self._lattice.at(charge)
        return TrueState(
            time_ns=time_ns,
            stack_pressure=self.pressure,
            temperature=self.furnace.temperature,
            charge=charge,
            state_of_charge=charge / self.electrochemistry.material.specific_capacity,
            a=a,
            c=c,
            voltage=self.electrochemistry.voltage,
            current=self.electrochemistry.current,
            drive=self.amplifier.output,
            passed=self.electrochemistry.passed,
        )

    def _substep(self, dt: float) -> None:
        stroke = self._piezo.step(self.amplifier.step(dt), dt)
        frame_temperature = self.furnace.step(dt) + self._wander.step(dt)
        self.electrochemistry.pressure, self.electrochemistry.temperature = self.pressure, self.furnace.temperature
        self.electrochemistry.step(dt)
        on_load_cell, on_cell = self._frame.forces(stroke, self.electrochemistry.extracted, frame_temperature)
        self.force = on_load_cell + self._zero.step(dt, self.furnace.temperature)
        self.pressure = on_cell / self.area

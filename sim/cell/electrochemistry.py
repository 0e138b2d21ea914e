"""Voltage and current of a cell | solid electrolyte | Li-In: what a potentiostat has between its leads.

A Randles circuit whose Warburg element is a series of branches, so that the spectrum and the course in time come out
of the same numbers: equilibrium potential, series resistance, charge transfer beside its double layer, diffusion.
"""

import enum
import math

from operando.sim.cell import resistance
from operando.sim.cell.material import NMC811, Material
from operando.sim.cell.network import Network
from operando.sim.cell.resistance import PRESSURE, TEMPERATURE

HOUR = 3600.0
"""s."""

REST = 1e-6
"""A/cm²: with less, a spectrum finds the cell at rest; a fully charged one would last for a month."""


class Control(enum.Enum):
    """What the potentiostat imposes."""

    OPEN = "open"
    CURRENT = "current"
    VOLTAGE = "voltage"


class Electrochemistry:
    """A cell at open circuit, under an imposed current or an imposed voltage.

    Parameters
    ----------
    electrode_diameter : float
        mm.
    nominal_capacity : float
        mA h.
    counter_electrode_potential : float
        V vs Li/Li+.
    speed : float
        Divides resistances and time constants: n times the current looks the same in an n-th of the time. Charge is
        the integral of the true current over true seconds.
    material : Material
        Of the positive electrode.
    active_mass : float, optional
        g; by default the nominal capacity over that of the material.
    """

    def __init__(
        self,
        electrode_diameter: float,
        nominal_capacity: float,
        counter_electrode_potential: float,
        speed: float = 1.0,
        material: Material = NMC811,
        active_mass: float | None = None,
    ) -> None:
        self.material = material
        self.mass = nominal_capacity / material.specific_capacity if active_mass is None else active_mass
        """g of active material."""
        self.extracted = 0.0
        """mA h, lithium taken out of the positive electrode."""
        self.passed = 0.0
        """A h through the terminals since assembly; differs from the lithium by what leaks, and what a short takes."""
        self.pressure = PRESSURE
        """MPa, stack pressure; set from outside before a step."""
        self.temperature = TEMPERATURE
        """°C; set from outside before a step."""
        self.short = math.inf
        """Ω across the terminals: a fault. Divided by the speed as every resistance is."""
        self.leakage = resistance.LEAKAGE
        """Ω cm², of the electrolyte for electrons: self-discharge."""
        self.counter_electrode_potential = counter_electrode_potential
        """V vs Li/Li+; a fault moves it."""
        self._area = math.pi * electrode_diameter**2 / 400.0
        self._speed = speed
        self._branches = Network(self._area, speed)
        self._control = Control.OPEN
        self._imposed = 0.0

    def impose_current(self, ampere: float) -> None:
        """Be a current source between the terminals (A, charging positive); the ohmic drop shows at once."""
        self._control, self._imposed = Control.CURRENT, ampere

    def hold_voltage(self, volts: float) -> None:
        """Be a voltage source between the terminals (V)."""
        self._control, self._imposed = Control.VOLTAGE, volts

    def open(self) -> None:
        """Take the leads off: no current but that of a short."""
        self._control, self._imposed = Control.OPEN, 0.0

    @property
    def charge(self) -> float:
        """Charge taken out of the active material, in mA h/g."""
        return self.extracted / self.mass

    @property
    def voltage(self) -> float:
        """Voltage between the terminals, in V."""
        source, ohm = self._source, self._network.series
        return self._imposed if self._control is Control.VOLTAGE else source + self._through(source, ohm) * ohm

    @property
    def current(self) -> float:
        """Current through the leads, in A, charging positive."""
        return self._lead(self._source, self._network.series)

    def impedance(self, frequency: float) -> complex:
        """Small-signal impedance between the terminals (Ω) as the cell stands, at a frequency in Hz.

        Where diffusion depends on the direction of the current, a cell at rest shows that of charging.
        """
        omega, network = 2.0 * math.pi * frequency, self._network
        ampere = self._through(self._source, network.series)
        total = network.impedance(omega, self._sluggishness(ampere < -REST * self._area * self._speed))
        total += 1.0 / (1j * omega / self._slope + 1.0 / self._leak)
        return 1.0 / (1.0 / total + 1.0 / self._shunt)

    def step(self, dt: float) -> None:
        """Advance by ``dt`` (s).

        The current is that at the end of the step, so that a held voltage is stable however long the step is; it is
        exact while the current is constant.
        """
        network, equilibrium = self._network, self._equilibrium
        inward = self._through(equilibrium + network.overpotential, network.series) < 0.0
        sluggishness = self._sluggishness(inward)
        left, ohm = network.ahead(dt, sluggishness)
        ohm += network.series + self._slope * dt
        ampere = self._through(equilibrium + left, ohm)
        self.passed += self._lead(equilibrium + left, ohm) * dt / HOUR
        self.extracted += (ampere - equilibrium / self._leak) * 1000.0 * dt / HOUR
        network.go(ampere, sluggishness)

    @property
    def _equilibrium(self) -> float:
        return self.material.open_circuit_potential(self.charge) - self.counter_electrode_potential

    @property
    def _network(self) -> Network:
        """The branches under the present conditions."""
        self._branches.adapt(self.pressure, self.temperature)
        return self._branches

    @property
    def _source(self) -> float:
        """V behind the series resistance."""
        return self._equilibrium + self._branches.overpotential

    @property
    def _slope(self) -> float:
        """V per A s of charge."""
        return self.material.slope(self.charge) / self.mass * 1000.0 / HOUR

    @property
    def _leak(self) -> float:
        return self.leakage / self._area / self._speed

    @property
    def _shunt(self) -> float:
        return self.short / self._speed

    def _sluggishness(self, inward: bool) -> float:
        return self.material.sluggishness(self.charge) if inward else 1.0

    def _through(self, source: float, ohm: float) -> float:
        """Return the current (A) through the cell itself, of a source (V) behind a resistance (Ω)."""
        if self._control is Control.VOLTAGE:
            return (self._imposed - source) / ohm
        return (self._imposed - source / self._shunt) / (1.0 + ohm / self._shunt)

    def _lead(self, source: float, ohm: float) -> float:
        if self._control is Control.VOLTAGE:
            return self._through(source, ohm) + self._imposed / self._shunt
        return self._imposed

"""The loaded frame: springs in series turn displacement into force."""

import math

from operando.sim.cell.guide import Guide

PIEZO_STIFFNESS = 400.0
"""N/µm, a 15 µm, 3 kN class stack."""

STACK_STIFFNESS = 1500.0
"""N/µm; 0.8 mm of pressed sulfide, 10 mm across, with a Young's modulus near 17 GPa."""

FRAME_STIFFNESS = 200.0
"""N/µm; four M8 tie rods of 100 mm and their seats."""

BREATHING = 2.5
"""µm per mA h/cm² on charge: +7.96 cm³/mol Li for In → InLi, −1.15 cm³/mol Li for NMC811."""

THERMAL_EXPANSION = 0.5
"""µm/K, net of the materials that compensate each other."""


class LoadedFrame:
    """Forces from displacements, in a frame of finite stiffness with a guide half-way.

    Parameters
    ----------
    electrode_diameter : float
        mm, nominal.
    pressure : float
        MPa on the nominal area, set by the preload screw with the piezo displaced by ``displacement``.
    displacement : float
        µm.
    temperature : float
        °C, at which the screw was turned.
    friction : float
        N, at which the guide breaks away.
    """

    def __init__(
        self, electrode_diameter: float, pressure: float, displacement: float, temperature: float, friction: float = 0.0
    ) -> None:
        self.area = math.pi * electrode_diameter**2 / 4.0
        """mm², nominal."""
        below = 1.0 / (1.0 / STACK_STIFFNESS + 1.0 / FRAME_STIFFNESS)
        self.stiffness = 1.0 / (1.0 / PIEZO_STIFFNESS + 1.0 / below)
        """N/µm, of everything in the load path in series."""
        self._guide = Guide(PIEZO_STIFFNESS, below, friction)
        self._preload = pressure * self.area
        self._displacement = displacement
        self._temperature = temperature

    @property
    def pressure_per_micrometre(self) -> float:
        """MPa/µm."""
        return self.stiffness / self.area

    def forces(self, displacement: float, charge: float, temperature: float) -> tuple[float, float]:
        """Return the forces on the load cell and on the cell, N; a stack cannot be pulled.

        Parameters
        ----------
        displacement : float
            µm, free stroke of the piezo.
        charge : float
            mA h, taken out of the positive electrode since assembly.
        temperature : float
            °C, of the frame.
        """
        swelling = BREATHING * charge / (self.area / 100.0) + THERMAL_EXPANSION * (temperature - self._temperature)
        above, below = self._guide.forces(displacement - self._displacement, swelling)
        return max(0.0, self._preload + above), max(0.0, self._preload + below)

"""What is true of the simulated cell at one instant."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TrueState:
    """The cell as no instrument sees it: without noise, delay or rounding.

    Parameters
    ----------
    time_ns : int
        UTC, ns since the epoch.
    stack_pressure : float
        MPa, true: force on the cell itself over its true area.
    temperature : float
        °C, of the cell.
    charge : float
        mA h/g, taken out of the active material since assembly.
    state_of_charge : float
        ``charge`` over the nominal capacity of the material: 200 mA h/g for NMC811.
    a, c : float
        Å, lattice parameters of the active material.
    voltage : float
        V between the terminals.
    current : float
        A, positive on charge.
    drive : float
        V at the piezo actuator.
    passed : float
        A h through the terminals since assembly: what a perfect coulomb counter would say.
    """

    time_ns: int
    stack_pressure: float
    temperature: float
    charge: float
    state_of_charge: float
    a: float
    c: float
    voltage: float
    current: float
    drive: float
    passed: float = 0.0

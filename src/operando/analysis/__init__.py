"""Analysis: arrays in, arrays out; works without any service."""

from operando.analysis.cake import Cake
from operando.analysis.corrections import recipe_digest
from operando.analysis.crystal import d_spacing, q_from_two_theta, scattering_vector
from operando.analysis.impedance import ImpedanceFit, fit_impedance
from operando.analysis.integration import Integrator, Pattern
from operando.analysis.lattice import LatticeFit, fit_lattice

__all__ = [
    "Cake",
    "ImpedanceFit",
    "Integrator",
    "LatticeFit",
    "Pattern",
    "d_spacing",
    "fit_impedance",
    "fit_lattice",
    "q_from_two_theta",
    "recipe_digest",
    "scattering_vector",
]

"""``[cell]``: what is clamped between the pistons, layer by layer, and how it was made."""

import math
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from operando.config._model import NotNegative, Positive, Table


def _reasoned(text: str) -> str:
    if len(text.split()) < 2:
        raise ValueError(f"{text!r} is no reason; why it is not known is wanted, in more than one word")
    return text


Reason = Annotated[str, AfterValidator(_reasoned)]

LOADING_TOLERANCE = 0.1
"""Relative: a loading is often given to two digits."""
CAPACITY_TOLERANCE = 0.5
"""Relative, between the nominal capacity and what the active mass could give in theory."""
MASS_TOLERANCE = 0.3
"""Relative, between a layer's mass and its volume: porosity and thickness are rarely known better than to a tenth."""


class Layer(Table):
    """``[[cell.layers]]``: one layer of the stack, in the order from the working to the counter electrode."""

    role: Literal[
        "working electrode",
        "separator",
        "counter electrode",
        "reference electrode",
        "interlayer",
        "current collector",
        "window",
    ]
    material: str
    chemical_formula: str | None = None
    composition: str | None = None
    thickness_um: Positive | None = None
    porosity: Annotated[float, Field(ge=0, lt=1)] | None = None
    diameter_mm: Positive | None = None
    mass_mg: Positive | None = None
    density_g_per_cm3: Positive | None = None
    pressed_at_MPa: NotNegative | None = None
    pressed_for_min: NotNegative | None = None

    def expected_mass(self, diameter: float) -> float | None:
        """Mass (mg) of the layer's volume; None where density, thickness or porosity is not known.

        Parameters
        ----------
        diameter : float
            mm, of the electrode; holds for a layer that gives none.
        """
        if self.density_g_per_cm3 is None or self.thickness_um is None or self.porosity is None:
            return None
        area = math.pi / 4 * (self.diameter_mm or diameter) ** 2
        volume = area * self.thickness_um / 1000.0
        return volume * self.density_g_per_cm3 * (1.0 - self.porosity)  # 1 mm³ at 1 g/cm³ is 1 mg


class Cell(Table):
    """``[cell]``: what is clamped between the pistons."""

    name: str
    electrode_diameter_mm: Positive
    electrode_diameter_uncertainty_mm: NotNegative = 0.02
    nominal_capacity_mAh: Positive
    counter_electrode: str
    counter_electrode_potential_V: float
    """Vs Li/Li+."""
    active_material: str | None = None
    active_mass_mg: Positive | None = None
    loading_mg_per_cm2: Positive | None = None
    """Of active material."""
    theoretical_capacity_mAh_per_g: Positive | None = None
    """Of the active material, all of its lithium."""
    separator: str | None = None
    assembly_pressure_MPa: NotNegative | None = None
    """The highest that the whole stack has seen, when it was made."""
    assembly_duration_min: NotNegative | None = None
    no_stack_pressure_reason: Reason | None = None
    """Why a run may lack what says where its stack pressure comes from."""
    layers: list[Layer] = Field(default_factory=list)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for complaint in (self._wrong_loading(), self._too_much_capacity(), self._wrong_mass()):
            if complaint:
                raise ValueError(complaint)
        return self

    @property
    def electrode_area(self) -> float:
        """Area of the electrode, in cm²."""
        return math.pi / 4 * self.electrode_diameter_mm**2 / 100.0

    @property
    def theoretical_capacity(self) -> float | None:
        """What the active mass could give, in mA h; None where mass or material's capacity are not known."""
        if self.active_mass_mg is None or self.theoretical_capacity_mAh_per_g is None:
            return None
        return self.active_mass_mg / 1000.0 * self.theoretical_capacity_mAh_per_g

    def _wrong_loading(self) -> str:
        if self.loading_mg_per_cm2 is None or self.active_mass_mg is None:
            return ""
        expected = self.active_mass_mg / self.electrode_area
        if abs(self.loading_mg_per_cm2 / expected - 1.0) <= LOADING_TOLERANCE:
            return ""
        return (
            f"loading_mg_per_cm2 = {self.loading_mg_per_cm2:g}, but active_mass_mg = {self.active_mass_mg:g} on "
            f"electrode_diameter_mm = {self.electrode_diameter_mm:g} is {expected:.3g} mg/cm²; they must agree within "
            f"{LOADING_TOLERANCE:.0%}"
        )

    def _too_much_capacity(self) -> str:
        theory = self.theoretical_capacity
        if theory is None or self.nominal_capacity_mAh <= theory * (1.0 + CAPACITY_TOLERANCE):
            return ""
        return (
            f"nominal_capacity_mAh = {self.nominal_capacity_mAh:g}, but active_mass_mg = {self.active_mass_mg:g} at "
            f"theoretical_capacity_mAh_per_g = {self.theoretical_capacity_mAh_per_g:g} can give {theory:.3g} mA h"
        )

    def _wrong_mass(self) -> str:
        for number, layer in enumerate(self.layers, start=1):
            expected = layer.expected_mass(self.electrode_diameter_mm)
            if expected is None or layer.mass_mg is None or abs(layer.mass_mg / expected - 1.0) <= MASS_TOLERANCE:
                continue
            return (
                f"layer {number}, {layer.material}: mass_mg = {layer.mass_mg:g}, but its thickness_um = "
                f"{layer.thickness_um:g} of density_g_per_cm3 = {layer.density_g_per_cm3:g} with porosity = "
                f"{layer.porosity:g} is {expected:.3g} mg; they must agree within {MASS_TOLERANCE:.0%}"
            )
        return ""

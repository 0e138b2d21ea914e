"""Which key of the configuration is which field of the file, in which unit.

Names are those of the NeXus base classes where these have one (https://manual.nexusformat.org/classes/base_classes/).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py

from operando.recorder.layout import write_text, write_value


@dataclass(frozen=True, slots=True)
class Field:
    """One field.

    Parameters
    ----------
    key : str
        In the table of the configuration, with its unit.
    name : str
        In the file.
    unit : str
        ``@units``; empty for a text or a pure number.
    attributes : mapping
        Beside it.
    """

    key: str
    name: str
    unit: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def _same(*keys: str) -> tuple[Field, ...]:
    return tuple(Field(key, key) for key in keys)


SAMPLE = (
    *_same("name", "identifier", "description", "prepared_by", "situation"),
    Field("prepared_on", "preparation_date"),
)
"""``[sample]`` → NXsample."""

CELL = (
    *_same("name", "counter_electrode", "active_material", "separator", "no_stack_pressure_reason"),
    Field("electrode_diameter_mm", "electrode_diameter", "mm"),
    Field("electrode_diameter_uncertainty_mm", "electrode_diameter_uncertainty", "mm"),
    Field("nominal_capacity_mAh", "nominal_capacity", "mA h"),
    Field("counter_electrode_potential_V", "counter_electrode_potential", "V", {"scale": "Li/Li+"}),
    Field("active_mass_mg", "active_mass", "mg"),
    Field("loading_mg_per_cm2", "loading", "mg/cm^2"),
    Field("theoretical_capacity_mAh_per_g", "theoretical_capacity", "mA h/g"),
    Field("assembly_pressure_MPa", "assembly_pressure", "MPa"),
    Field("assembly_duration_min", "assembly_duration", "min"),
)
"""``[cell]`` → NXcollection ``cell`` in NXsample."""

LAYER = (
    *_same("role", "chemical_formula", "composition", "porosity"),
    Field("material", "name"),
    Field("thickness_um", "thickness", "um"),
    Field("diameter_mm", "diameter", "mm"),
    Field("mass_mg", "mass", "mg"),
    Field("density_g_per_cm3", "density", "g/cm^3"),
    Field("pressed_at_MPa", "pressed_at", "MPa"),
    Field("pressed_for_min", "pressed_for", "min"),
)
"""``[[cell.layers]]`` → NXsample_component."""

BEAM = (
    Field("energy_keV", "incident_energy", "keV"),
    Field("energy_width_eV", "incident_energy_spread", "eV"),
    Field("flux_per_s", "photon_flux", "1/s", {"description": "photons per second in the whole beam at the sample"}),
    Field("flux_measured_on", "photon_flux_date"),
)
"""``[beam]`` → NXbeam; its size becomes ``extent``."""

SOURCE = (*_same("name"), Field("kind", "type"))
"""``[source]`` → NXsource."""

PERSON = (*_same("name", "role", "affiliation", "email"),)
"""``[[people]]`` → NXuser; ``orcid`` becomes ``ORCID``, an address."""

DETECTOR = (
    *_same("serial_number", "sensor_material"),
    Field("model", "description"),
    Field("sensor_thickness_um", "sensor_thickness", "um"),
    Field("threshold_energy_keV", "threshold_energy", "keV"),
)
"""``[detector]`` → NXdetector."""

PROGRAMME = (
    Field("charge_current_A", "charge_current", "A"),
    Field("discharge_current_A", "discharge_current", "A"),
    Field("cycles", "cycles"),
    Field("step_time_limit_s", "step_time_limit", "s"),
    Field("sample_interval_s", "sample_interval", "s"),
)
"""``[programme]`` → NXparameters, in journals from before there was a language of programmes; its potentials stand with
their scale."""


def write_fields(group: h5py.Group, fields: Sequence[Field], values: Mapping[str, Any]) -> None:
    """Write the fields that have a value."""
    for each in fields:
        value = values.get(each.key)
        if isinstance(value, str):
            write_text(group, each.name, value, **each.attributes)
        elif value is not None:
            write_value(group, each.name, value, each.unit, **each.attributes)

"""Units of the right kind: a wavelength in furlongs or without a unit passes every NeXus validator."""

import re
from collections.abc import Iterator

import h5py
import numpy as np

from operando.recorder.finding import Finding, Rule
from operando.recorder.tree import fields_of, groups_of, nx_class, text_attribute, text_of
from operando.vocabulary import QUANTITIES

KINDS: dict[str, frozenset[str]] = {
    "length": frozenset({"angstrom", "Å", "nm", "pm", "um", "µm", "mm", "cm", "m"}),
    "per length": frozenset({"1/nm", "nm^-1", "1/angstrom", "angstrom^-1", "1/Å", "Å^-1"}),
    "angle": frozenset({"degrees", "degree", "deg", "rad", "radian", "radians"}),
    "energy": frozenset({"eV", "keV", "J"}),
    "time": frozenset({"s", "second", "seconds", "ms", "us", "µs", "ns", "min", "h"}),
    "pressure": frozenset({"MPa", "Pa", "kPa", "GPa", "bar"}),
    "temperature": frozenset({"degC", "celsius", "K"}),
    "voltage": frozenset({"V", "mV", "volt"}),
    "current": frozenset({"A", "mA", "uA", "µA"}),
    "charge": frozenset({"A h", "mA h", "C", "Ah", "mAh"}),
    "specific charge": frozenset({"mA h/g", "A h/kg", "mAh/g"}),
    "force": frozenset({"N", "kN", "mN"}),
    "mass": frozenset({"kg", "g", "mg", "ug", "µg"}),
    "share": frozenset({"%"}),
}
"""Kind → what it may be written as."""

FURTHER = frozenset({"1", "W", "Hz", "ohm", "Ohm", "Ω", "mol", "Gy", "ph", "photons", "counts", "pixel", "pixels"})
"""Symbols that stand in units of no kind above, as ``ph/s``."""
WORDS = frozenset({"arbitrary units", "a.u.", "dimensionless", "unitless"})
"""What stands for a unit that is none."""
SYMBOLS = frozenset(symbol for units in KINDS.values() for unit in units for symbol in unit.split()) | FURTHER
_BETWEEN = re.compile(r"[\s/*·()]+|\^?-?\d+\b")

RADIAL = {"q": "per length", "2theta": "angle"}
"""``@long_name`` of a radial axis → kind of its unit."""

TIMES = (
    "time",
    "exposure_start",
    "exposure_end",
    "exposure_uncertainty",
    "collection_time",
    "count_time",
    "duration",
    "assembly_duration",
    "pressed_for",
)
LENGTHS = (
    "wavelength",
    "incident_wavelength",
    "distance",
    "x_pixel_size",
    "y_pixel_size",
    "thickness",
    "electrode_diameter",
    "electrode_diameter_uncertainty",
    "d_spacing",
    "diameter",
    "extent",
    "sensor_thickness",
)
FORCES = ("tare", "guide_friction")
STATISTICS = ("", "_minimum", "_maximum", "_std")


def _kind_of(unit: str) -> str:
    return next(kind for kind, units in KINDS.items() if unit in units)


FIELDS = (
    dict.fromkeys(("energy", "incident_energy", "incident_energy_spread", "threshold_energy"), "energy")
    | dict.fromkeys(TIMES, "time")
    | dict.fromkeys(LENGTHS, "length")
    | dict.fromkeys(FORCES, "force")
    | dict.fromkeys(("polar_angle", "azimuthal_angle", "rotation_angle"), "angle")
    | dict.fromkeys(("mass", "active_mass"), "mass")
    | dict.fromkeys(("assembly_pressure", "pressed_at"), "pressure")
    | {
        "ring_current": "current",
        "tare_temperature": "temperature",
        "nominal_capacity": "charge",
        "counter_electrode_potential": "voltage",
    }
    | {f"lattice_{axis}{what}": "length" for axis in "ac" for what in ("", "_errors")}
    | {quantity.name + what: _kind_of(quantity.unit) for quantity in QUANTITIES if quantity.unit for what in STATISTICS}
)
"""Name of a field → kind of its unit."""
PURE = frozenset(
    {quantity.name + what for quantity in QUANTITIES if not quantity.unit for what in STATISTICS}
    | {"lattice_chi_square", "porosity", "transmission", "transmission_errors", "blank_scale", "blank_scale_errors"}
    | {"spottiness", "texture", "change_previous", "change_first", "counts_over_monitor"}
)
"""Names of pure numbers: none of them has a unit."""
MEASURED = {"pressure": "pressure", "temperature": "temperature", "voltage": "voltage", "current": "current"} | {
    "power": "share"
}
"""What an NXsensor measures, or an NXactuator changes → kind of the values of its log."""

HOLDERS = (
    "NXactuator",
    "NXbeam",
    "NXcollection",
    "NXdata",
    "NXdetector",
    "NXlog",
    "NXmonochromator",
    "NXpid_controller",
    "NXsample",
    "NXsample_component",
    "NXsensor",
    "NXsource",
)
"""Classes whose fields are measured, or were set."""
FREE = ("NXdetector",)
"""Classes in which a number of an unknown name may go without a unit: counts have none."""


def check_units(file: h5py.File) -> Iterator[Finding]:
    """Check the unit of every number that is measured or set."""
    for group in groups_of(file, *HOLDERS):
        for name, field in fields_of(group):
            if np.issubdtype(field.dtype, np.number):
                yield from _check(group, name, field)


def is_unit(text: str) -> bool:
    """Return whether a text is a unit, or made of units by ``*``, ``/``, powers and brackets.

    Examples
    --------
    >>> is_unit("V/(MPa s)"), is_unit("mg/cm^2"), is_unit("NX_PER_LENGTH")
    (True, True, False)
    """
    return text in WORDS or all(part in SYMBOLS for part in _BETWEEN.split(text) if part)


def _check(group: h5py.Group, name: str, field: h5py.Dataset) -> Iterator[Finding]:
    kind = _kind(group, name)
    if name == "radial_axis":
        long_name = text_attribute(field, "long_name")
        kind = RADIAL.get(str(long_name))
        if kind is None:
            words = f"@long_name = {long_name!r}; one of {', '.join(RADIAL)} is wanted"
            yield Finding(Rule.UNIT, field.name, words)
    unit = text_attribute(field, "units")
    if unit is None:
        if kind or _wants_some(group, name, field):
            yield Finding(Rule.UNIT, field.name, f"no @units; a unit{f' of {kind}' if kind else ''} is wanted")
    elif kind and unit not in KINDS[kind]:
        known = ", ".join(sorted(KINDS[kind]))
        yield Finding(Rule.UNIT, field.name, f"@units = {unit!r} is no unit of {kind}; known: {known}")
    elif not is_unit(unit):
        yield Finding(Rule.UNIT, field.name, f"@units = {unit!r} is no unit known here")


def _kind(group: h5py.Group, name: str) -> str | None:
    """Return what kind of unit a field must have; None where that is not known."""
    if nx_class(group) == "NXlog" and name in ("value", "average_value", "minimum_value", "maximum_value"):
        return _kind_of_log(group)
    return FIELDS.get(name)


def _kind_of_log(log: h5py.Group) -> str | None:
    """Return the kind of the values of a log, by its name or by the sensor or actuator that it belongs to."""
    quantity = log.name.rsplit("/", 1)[-1].removesuffix("_log")
    if quantity in FIELDS:
        return FIELDS[quantity]
    holder = log.parent
    for word, place in (
        ("measurement", holder),
        ("physical_quantity", holder),
        ("measurement", holder.get("pv_sensor")),
    ):
        if isinstance(place, h5py.Group) and isinstance(place.get(word), h5py.Dataset):
            return MEASURED.get(text_of(place[word]))
    return None


def _wants_some(group: h5py.Group, name: str, field: h5py.Dataset) -> bool:
    """Return whether a number must have a unit though nobody knows which."""
    if not np.issubdtype(field.dtype, np.floating) or name in PURE or nx_class(group) in FREE:
        return False
    return not (nx_class(group) == "NXlog" and group.name.rsplit("/", 1)[-1].removesuffix("_log") in PURE)

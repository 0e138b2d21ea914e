"""Units of the right kind: a wavelength in furlongs or without a unit passes every NeXus validator."""

from collections.abc import Iterator

import h5py

from operando.recorder.finding import Finding
from operando.recorder.tree import groups_of
from operando.vocabulary import QUANTITIES

KINDS: dict[str, frozenset[str]] = {
    "length": frozenset({"angstrom", "Å", "nm", "pm", "um", "µm", "mm", "m"}),
    "per length": frozenset({"1/nm", "nm^-1", "1/angstrom", "angstrom^-1", "1/Å", "Å^-1"}),
    "angle": frozenset({"degrees", "degree", "deg", "rad", "radian", "radians"}),
    "energy": frozenset({"eV", "keV", "J"}),
    "time": frozenset({"s", "second", "seconds", "ms", "us", "ns"}),
    "pressure": frozenset({"MPa", "Pa", "kPa", "GPa", "bar"}),
    "temperature": frozenset({"degC", "celsius", "K"}),
    "voltage": frozenset({"V", "mV", "volt"}),
    "current": frozenset({"A", "mA", "uA", "µA"}),
    "charge": frozenset({"A h", "mA h", "C", "Ah", "mAh"}),
    "share": frozenset({"%"}),
}
"""Kind → what it may be written as."""

RADIAL = {"q": "per length", "2theta": "angle"}
"""``@long_name`` of a radial axis → kind of its unit."""

TIMES = ("time", "exposure_start", "exposure_end", "exposure_uncertainty")
STATISTICS = ("", "_minimum", "_maximum", "_std")


def _kind_of(unit: str) -> str:
    return next(kind for kind, units in KINDS.items() if unit in units)


FIELDS = (
    {"wavelength": "length", "energy": "energy"}
    | dict.fromkeys(TIMES, "time")
    | {f"lattice_{axis}{what}": "length" for axis in "ac" for what in ("", "_errors")}
    | {quantity.name + what: _kind_of(quantity.unit) for quantity in QUANTITIES if quantity.unit for what in STATISTICS}
)
"""Name of a field → kind of its unit."""

HOLDERS = ("NXmonochromator", "NXlog", "NXdata", "NXcollection")
"""Classes whose fields bear these names."""


def check_units(file: h5py.File) -> Iterator[Finding]:
    """Check the unit of every field whose kind is known by its name."""
    for group in groups_of(file, *HOLDERS):
        for name in group:
            field = group.get(name)
            if isinstance(field, h5py.Dataset):
                yield from _check(field, name)


def _check(field: h5py.Dataset, name: str) -> Iterator[Finding]:
    kind = FIELDS.get(name)
    if name == "radial_axis":
        long_name = field.attrs.get("long_name")
        kind = RADIAL.get(str(long_name))
        if kind is None:
            yield Finding(field.name, f"@long_name = {long_name!r}; one of {', '.join(RADIAL)} is wanted")
    if kind is None:
        return
    unit = field.attrs.get("units")
    if unit is None:
        yield Finding(field.name, f"no @units; a unit of {kind} is wanted")
    elif str(unit) not in KINDS[kind]:
        yield Finding(
            field.name, f"@units = {str(unit)!r} is no unit of {kind}; known: {', '.join(sorted(KINDS[kind]))}"
        )

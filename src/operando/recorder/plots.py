"""Rules of NXdata that let a viewer draw it: https://manual.nexusformat.org/classes/base_classes/NXdata.html.

What silx demands beyond them (https://www.silx.org/doc/silx, "silx.io.nxdata") is demanded here, too.
"""

from collections.abc import Iterator

import h5py
import numpy as np

from operando.recorder.finding import Finding, Rule
from operando.recorder.tree import groups_of, nx_class, text_attribute

INTERPRETATIONS = ("scalar", "scaler", "spectrum", "image", "rgb-image", "rgba-image", "vertex")
"""What silx and h5web know; ``scaler`` is how NeXus once spelled it."""


def check_plots(file: h5py.File) -> Iterator[Finding]:
    """Check the chain of defaults, and every NXdata."""
    yield from _check_default(file)
    for group in groups_of(file, "NXdata"):
        yield from _check_data(group)


def _check_default(file: h5py.File) -> Iterator[Finding]:
    here = file
    seen = set()
    while nx_class(here) != "NXdata":
        name = text_attribute(here, "default")
        if name is None:
            yield Finding(Rule.DEFAULT, here.name, "the chain of @default ends here, before an NXdata")
            return
        child = here.get(name)
        if not isinstance(child, h5py.Group):
            yield Finding(Rule.DEFAULT, here.name, f"@default = {name!r}: there is no such group")
            return
        if child.name in seen:
            yield Finding(Rule.DEFAULT, here.name, f"@default = {name!r}: the chain comes back to {child.name}")
            return
        if here == file and nx_class(child) != "NXentry":
            yield Finding(Rule.DEFAULT, here.name, f"@default = {name!r} is no NXentry: silx goes no further")
            return
        seen.add(child.name)
        here = child


def _check_data(group: h5py.Group) -> Iterator[Finding]:
    name = text_attribute(group, "signal")
    signal = group.get(name) if name is not None else None
    if not isinstance(signal, h5py.Dataset):
        yield Finding(Rule.SIGNAL, group.name, f"@signal = {name!r}: there is no such field")
        return
    if not _is_numeric(signal):
        yield Finding(Rule.SIGNAL, signal.name, f"the signal is not numeric but {signal.dtype}")
    yield from _check_more_signals(group, signal)
    yield from _check_interpretation(group, signal)
    yield from _check_axes(group, signal)
    yield from _check_indices(group, signal)
    yield from _check_errors(group)


def _check_more_signals(group: h5py.Group, signal: h5py.Dataset) -> Iterator[Finding]:
    for name in np.atleast_1d(group.attrs.get("auxiliary_signals", [])):
        field = group.get(str(name))
        if not isinstance(field, h5py.Dataset):
            yield Finding(Rule.SIGNAL, group.name, f"@auxiliary_signals names {str(name)!r}: there is no such field")
        elif field.shape != signal.shape:
            yield Finding(Rule.SIGNAL, field.name, f"shape {field.shape} beside a signal of shape {signal.shape}")


def _check_interpretation(group: h5py.Group, signal: h5py.Dataset) -> Iterator[Finding]:
    for item in (signal, group):
        found = text_attribute(item, "interpretation")
        if found is not None and found not in INTERPRETATIONS:
            known = ", ".join(INTERPRETATIONS)
            yield Finding(Rule.INTERPRETATION, item.name, f"@interpretation = {found!r}; viewers know {known}")


def _check_axes(group: h5py.Group, signal: h5py.Dataset) -> Iterator[Finding]:
    axes = [str(axis) for axis in np.atleast_1d(group.attrs.get("axes", []))]
    if len(axes) != signal.ndim:
        words = f"@axes = {axes} names {len(axes)} axes, the signal has {signal.ndim} dimensions"
        yield Finding(Rule.AXES, group.name, words)
        return
    for dimension, axis in enumerate(axes):
        if axis != ".":
            yield from _check_axis(group, axis, signal, dimension)


def _check_axis(group: h5py.Group, name: str, signal: h5py.Dataset, dimension: int) -> Iterator[Finding]:
    axis, wanted = group.get(name), signal.shape[dimension]
    if not isinstance(axis, h5py.Dataset):
        yield Finding(Rule.AXES, group.name, f"axis {name!r}: there is no such field")
    elif not _is_numeric(axis):
        yield Finding(Rule.AXES, axis.name, f"the axis is not numeric but {axis.dtype}")
    elif axis.ndim != 1 or axis.shape[0] not in (wanted, wanted + 1):
        words = f"shape {axis.shape} as an axis of length {wanted} (or {wanted + 1} edges)"
        yield Finding(Rule.AXES, axis.name, words)


def _check_indices(group: h5py.Group, signal: h5py.Dataset) -> Iterator[Finding]:
    """Check fields that run along dimensions of the signal."""
    for attribute, value in group.attrs.items():
        name = attribute.removesuffix("_indices")
        if name == attribute:
            continue
        field, dimensions = group.get(name), [int(each) for each in np.atleast_1d(value)]
        if not isinstance(field, h5py.Dataset):
            yield Finding(Rule.INDICES, group.name, f"@{attribute}: there is no field {name!r}")
        elif any(not 0 <= each < signal.ndim for each in dimensions):
            words = f"@{attribute} = {dimensions}: the signal has {signal.ndim} dimensions"
            yield Finding(Rule.INDICES, group.name, words)
        elif len(dimensions) != field.ndim or any(
            length not in (signal.shape[each], signal.shape[each] + 1)
            for length, each in zip(field.shape, dimensions, strict=False)
        ):
            words = f"shape {field.shape} along dimensions {dimensions} of a signal of shape {signal.shape}"
            yield Finding(Rule.INDICES, field.name, words)


def _check_errors(group: h5py.Group) -> Iterator[Finding]:
    for name in group:
        field = group.get(name.removesuffix("_errors")) if name.endswith("_errors") else None
        if isinstance(field, h5py.Dataset) and group[name].shape != field.shape:
            words = f"shape {group[name].shape}, its values have {field.shape}"
            yield Finding(Rule.ERRORS, group[name].name, words)
        elif name.endswith("_errors") and field is None:
            yield Finding(
                Rule.ERRORS, f"{group.name}/{name}", f"errors of {name.removesuffix('_errors')!r}, which is not there"
            )


def _is_numeric(dataset: h5py.Dataset) -> bool:
    return bool(np.issubdtype(dataset.dtype, np.number))

"""Rules of NXdata that let a viewer draw it: https://manual.nexusformat.org/classes/base_classes/NXdata.html."""

from collections.abc import Iterator

import h5py
import numpy as np

from operando.recorder.finding import Finding
from operando.recorder.tree import groups_of, nx_class


def check_plots(file: h5py.File) -> Iterator[Finding]:
    """Check the chain of defaults, and every NXdata."""
    yield from _check_default(file)
    for group in groups_of(file, "NXdata"):
        yield from _check_data(group)


def _check_default(file: h5py.File) -> Iterator[Finding]:
    here = file
    while nx_class(here) != "NXdata":
        name = here.attrs.get("default")
        if name is None:
            yield Finding(here.name, "the chain of @default ends here, before an NXdata")
            return
        child = here.get(name)
        if not isinstance(child, h5py.Group):
            yield Finding(here.name, f"@default = {name!r}: there is no such group")
            return
        here = child


def _check_data(group: h5py.Group) -> Iterator[Finding]:
    name = group.attrs.get("signal")
    signal = group.get(name) if name is not None else None
    if not isinstance(signal, h5py.Dataset):
        yield Finding(group.name, f"@signal = {name!r}: there is no such field")
        return
    if not _is_numeric(signal):
        yield Finding(signal.name, f"the signal is not numeric but {signal.dtype}")
    axes = [str(axis) for axis in np.atleast_1d(group.attrs.get("axes", []))]
    if len(axes) != signal.ndim:
        yield Finding(group.name, f"@axes = {axes} names {len(axes)} axes, the signal has {signal.ndim} dimensions")
        return
    for dimension, axis in enumerate(axes):
        if axis != ".":
            yield from _check_axis(group, axis, signal, dimension)
    yield from _check_further(group, signal)


def _check_axis(group: h5py.Group, name: str, signal: h5py.Dataset, dimension: int) -> Iterator[Finding]:
    axis, wanted = group.get(name), signal.shape[dimension]
    if not isinstance(axis, h5py.Dataset):
        yield Finding(group.name, f"axis {name!r}: there is no such field")
    elif not _is_numeric(axis):
        yield Finding(axis.name, f"the axis is not numeric but {axis.dtype}")
    elif axis.ndim != 1 or axis.shape[0] not in (wanted, wanted + 1):
        yield Finding(axis.name, f"shape {axis.shape} as an axis of length {wanted} (or {wanted + 1} edges)")


def _check_further(group: h5py.Group, signal: h5py.Dataset) -> Iterator[Finding]:
    """Check fields that run along a dimension, and errors."""
    for attribute, dimension in group.attrs.items():
        name = attribute.removesuffix("_indices")
        if name == attribute:
            continue
        field = group.get(name)
        if not isinstance(field, h5py.Dataset):
            yield Finding(group.name, f"@{attribute}: there is no field {name!r}")
        elif field.shape[0] != signal.shape[int(np.atleast_1d(dimension)[0])]:
            yield Finding(field.name, f"shape {field.shape} along dimension {dimension} of a signal {signal.shape}")
    for name in group:
        if name.endswith("_errors") and isinstance(group.get(name.removesuffix("_errors")), h5py.Dataset):
            field = group[name.removesuffix("_errors")]
            if group[name].shape != field.shape:
                yield Finding(group[name].name, f"shape {group[name].shape}, its values have {field.shape}")


def _is_numeric(dataset: h5py.Dataset) -> bool:
    return bool(np.issubdtype(dataset.dtype, np.number))

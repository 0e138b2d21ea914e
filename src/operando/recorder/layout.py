"""The letters of a NeXus file: groups with a class, texts, numbers with a unit.

https://manual.nexusformat.org/ is what the words of this package refer to.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

UNKNOWN = "unknown"
"""A required text that nobody gave."""
LOG_SCALE = '{"signal_scale_type":"log","axes_scale_types":["linear","linear"]}'
"""``@SILX_style`` of an image with a logarithmic colour scale; silx and h5web follow it."""


def make_group(parent: h5py.Group, name: str, nx_class: str, **attributes: Any) -> h5py.Group:
    """Add a group of a NeXus class."""
    group = parent.create_group(name)
    group.attrs["NX_class"] = nx_class
    group.attrs.update(attributes)
    return group


def make_data(
    parent: h5py.Group, name: str, signal: str, axes: list[str], indices: Mapping[str, int] | None = None, **style: Any
) -> h5py.Group:
    """Add an NXdata group.

    Parameters
    ----------
    signal : str
        Name of the field that is plotted.
    axes : list of str
        One name for each of its dimensions, ``.`` for none.
    indices : mapping, optional
        Further fields that run along a dimension of the signal.
    """
    group = make_group(parent, name, "NXdata", signal=signal, axes=axes, **style)
    for axis, dimension in (indices or {}).items():
        group.attrs[f"{axis}_indices"] = dimension
    return group


def write_text(parent: h5py.Group, name: str, text: str, **attributes: Any) -> h5py.Dataset:
    """Add a text, as UTF-8 of variable length."""
    dataset = parent.create_dataset(name, data=text, dtype=h5py.string_dtype())
    dataset.attrs.update(attributes)
    return dataset


def write_value(parent: h5py.Group, name: str, value: Any, unit: str = "", **attributes: Any) -> h5py.Dataset:
    """Add a number, a truth value, a text or an array; no unit is written for a pure number."""
    if isinstance(value, str | Path):
        return write_text(parent, name, str(value), **attributes)
    dataset = parent.create_dataset(name, data=value)
    if unit:
        dataset.attrs["units"] = unit
    dataset.attrs.update(attributes)
    return dataset


def link_fields(group: h5py.Group, source: h5py.Group, names: tuple[str, ...]) -> None:
    """Give fields of another group a second name here, without copying them."""
    for name in names:
        group[name] = source[name]

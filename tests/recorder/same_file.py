"""Are two files of record the same: every group, link, dataset and attribute, bit for bit, but NXprocess dates."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np


def assert_same_file(one: Path, other: Path, resolve_links: bool = False) -> None:
    """Compare two files; the message names the first thing that differs.

    With ``resolve_links`` a link to another file is what it leads to: the two lie in different folders.
    """
    with h5py.File(one, "r") as first, h5py.File(other, "r") as second:
        _same_group(first, second, resolve_links)


def assert_same_group(one: h5py.Group, other: h5py.Group) -> None:
    """Compare two groups, as two files are compared."""
    _same_group(one, other, resolve=False)


def _target(group: h5py.Group, link: h5py.ExternalLink, resolve: bool) -> tuple[str, str]:
    file = str((Path(group.file.filename).parent / link.filename).resolve()) if resolve else link.filename
    return file, link.path


def _same_group(one: h5py.Group, other: h5py.Group, resolve: bool) -> None:
    _same_attributes(one, other)
    assert sorted(one) == sorted(other), f"{one.name}: {sorted(one)} and {sorted(other)}"
    for name in one:
        place = f"{one.name}/{name}"
        links = one.get(name, getlink=True), other.get(name, getlink=True)
        assert type(links[0]) is type(links[1]), f"{place}: {links}"
        if isinstance(links[0], h5py.ExternalLink):
            targets = [_target(group, link, resolve) for group, link in zip((one, other), links, strict=True)]
            assert targets[0] == targets[1], f"{place}: {targets}"
        elif isinstance(one[name], h5py.Group):
            assert isinstance(other[name], h5py.Group), f"{place}: a group and a dataset"
            _same_group(one[name], other[name], resolve)
        elif not (name == "date" and one.attrs.get("NX_class") == "NXprocess"):
            _same_dataset(one[name], other[name])


def _same_dataset(one: h5py.Dataset, other: h5py.Dataset) -> None:
    _same_attributes(one, other)
    for what in ("dtype", "shape", "maxshape", "chunks", "compression"):
        values = getattr(one, what), getattr(other, what)
        assert values[0] == values[1], f"{one.name}: {what} {values}"
    assert _same(one[()], other[()]), f"{one.name}: {one[()]} and {other[()]}"


def _same_attributes(one: Any, other: Any) -> None:
    assert sorted(one.attrs) == sorted(other.attrs), f"{one.name}: {sorted(one.attrs)} and {sorted(other.attrs)}"
    for name in one.attrs:
        assert _same(one.attrs[name], other.attrs[name]), f"{one.name}@{name}"


def _same(one: Any, other: Any) -> bool:
    first, second = np.asarray(one), np.asarray(other)
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return first.tolist() == second.tolist() if first.dtype == object else first.tobytes() == second.tobytes()

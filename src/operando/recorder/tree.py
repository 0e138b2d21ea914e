"""Walking through a NeXus file."""

from collections.abc import Iterator
from typing import Any

import h5py


def nx_class(group: h5py.Group) -> str:
    """Return the NeXus class of a group; empty where it has none."""
    return text_attribute(group, "NX_class") or ""


def text_attribute(item: Any, name: str) -> str | None:
    """Return an attribute of a group or field as a text; None where it is not there."""
    found = item.attrs.get(name)
    return found.decode() if isinstance(found, bytes) else None if found is None else str(found)


def text_of(dataset: h5py.Dataset) -> str:
    """Return what a field of text says."""
    found = dataset[()]
    return found.decode() if isinstance(found, bytes) else str(found)


def entries(file: h5py.Group) -> list[h5py.Group]:
    """Return the entries of a file."""
    return [group for group in subgroups(file) if nx_class(group) == "NXentry"]


def groups_of(parent: h5py.Group, *wanted: str) -> Iterator[h5py.Group]:
    """Yield every group of some NeXus classes below a group, once each."""
    seen: set[h5py.h5o.ObjectToken | int] = set()
    yield from _below(parent, wanted, seen)


def fields_of(group: h5py.Group) -> Iterator[tuple[str, h5py.Dataset]]:
    """Yield the fields of a group, with their names; frames behind external links are not its matter."""
    for name in group:
        is_elsewhere = group.get(name, getclass=True, getlink=True) is h5py.ExternalLink
        if not is_elsewhere and group.get(name, getclass=True) is h5py.Dataset:
            yield name, group[name]


def _below(parent: h5py.Group, wanted: tuple[str, ...], seen: set[object]) -> Iterator[h5py.Group]:
    for group in subgroups(parent):
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            continue
        seen.add(address)
        if nx_class(group) in wanted:
            yield group
        yield from _below(group, wanted, seen)


def subgroups(parent: h5py.Group) -> Iterator[h5py.Group]:
    """Yield subgroups of this file; frames behind external links are not its matter."""
    for name in parent:
        is_elsewhere = parent.get(name, getclass=True, getlink=True) is h5py.ExternalLink
        if not is_elsewhere and parent.get(name, getclass=True) is h5py.Group:
            yield parent[name]

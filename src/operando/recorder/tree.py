"""Walking through a NeXus file."""

from collections.abc import Iterator

import h5py


def nx_class(group: h5py.Group) -> str:
    """Return the NeXus class of a group; empty where it has none."""
    found = group.attrs.get("NX_class", "")
    return found.decode() if isinstance(found, bytes) else str(found)


def entries(file: h5py.Group) -> list[h5py.Group]:
    """Return the entries of a file."""
    return [group for group in _groups(file) if nx_class(group) == "NXentry"]


def groups_of(parent: h5py.Group, *wanted: str) -> Iterator[h5py.Group]:
    """Yield every group of some NeXus classes below a group, once each."""
    seen: set[h5py.h5o.ObjectToken | int] = set()
    yield from _below(parent, wanted, seen)


def _below(parent: h5py.Group, wanted: tuple[str, ...], seen: set[object]) -> Iterator[h5py.Group]:
    for group in _groups(parent):
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:
            continue
        seen.add(address)
        if nx_class(group) in wanted:
            yield group
        yield from _below(group, wanted, seen)


def _groups(parent: h5py.Group) -> Iterator[h5py.Group]:
    """Yield subgroups of this file; frames behind external links are not its matter."""
    for name in parent:
        if not isinstance(parent.get(name, getlink=True), h5py.ExternalLink):
            child = parent.get(name)
            if isinstance(child, h5py.Group):
                yield child

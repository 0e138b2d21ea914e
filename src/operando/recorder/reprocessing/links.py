"""Links to raw frames, for a file that is to lie in another folder."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

Move = Callable[[str], str]


def relink(root: h5py.Group, old: Path, new: Path) -> None:
    """Let every link and every virtual stack lead where it did when the file lay in another folder.

    Parameters
    ----------
    root : h5py.Group
        All below it, of this file.
    old, new : Path
        Folders of the file, absolute.
    """
    if old == new:
        return

    def move(name: str) -> str:
        if name == "." or os.path.isabs(name):
            return name
        return os.path.relpath(old / name, new)

    stacks: dict[object, h5py.Dataset] = {}
    for group in list(_groups(root, set())):
        for name in list(group):
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                del group[name]
                group[name] = h5py.ExternalLink(move(link.filename), link.path)
            elif isinstance(link, h5py.HardLink) and group.get(name, getclass=True) is h5py.Dataset:
                _move_stack(group, name, move, stacks)


def _groups(group: h5py.Group, seen: set[object]) -> Iterator[h5py.Group]:
    address = h5py.h5o.get_info(group.id).addr
    if address in seen:
        return
    seen.add(address)
    yield group
    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink) and isinstance(group[name], h5py.Group):
            yield from _groups(group[name], seen)


def _move_stack(group: h5py.Group, name: str, move: Move, stacks: dict[object, h5py.Dataset]) -> None:
    """Make a virtual dataset anew; one that has several names keeps them."""
    old = group[name]
    if not old.is_virtual:
        return
    address = h5py.h5o.get_info(old.id).addr
    if address not in stacks:
        stacks[address] = _made_anew(group, old, move)
    del group[name]
    group[name] = stacks[address]


def _made_anew(group: h5py.Group, old: h5py.Dataset, move: Move) -> h5py.Dataset:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_fill_value(np.asarray(old.fillvalue, dtype=old.dtype))
    for source in old.virtual_sources():
        plist.set_virtual(source.vspace, move(source.file_name).encode(), source.dset_name.encode(), source.src_space)
    made = h5py.Dataset(h5py.h5d.create(group.id, None, old.id.get_type(), old.id.get_space(), plist))
    made.attrs.update(old.attrs)
    return made

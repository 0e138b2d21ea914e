"""Does an unfinished file say what its run says: the structure that would be made now, against the one there."""

from typing import Any

import h5py
import numpy as np

from operando.errors import RecordDamaged


def agree(expected: h5py.Group, found: h5py.Group) -> None:
    """Compare a group with what it should be, and take out what it has beyond that.

    Rows of growing datasets are not compared, links to raw frames are left, and what a run writes at its end is taken
    out, to be written again.

    Raises
    ------
    RecordDamaged
        Something is missing or different.
    """
    _agree(expected, found, set())


def agree_attributes(expected: h5py.HLObject, found: h5py.HLObject, free: tuple[str, ...] = ()) -> None:
    """Compare attributes, but for free ones, and take out what there is beyond them."""
    for name in set(found.attrs) - set(expected.attrs):
        del found.attrs[name]
    for name, value in expected.attrs.items():
        if name not in found.attrs:
            raise RecordDamaged(f"{found.name} lacks its attribute {name}")
        if name not in free and not _same(value, found.attrs[name]):
            raise RecordDamaged(f"{found.name}: attribute {name} is not what the run says")


def _agree(expected: h5py.Group, found: h5py.Group, seen: set[int]) -> None:
    address = h5py.h5o.get_info(expected.id).addr
    if address in seen:
        return
    seen.add(address)
    agree_attributes(expected, found)
    for name in set(found) - set(expected):
        if not isinstance(found.get(name, getlink=True), h5py.ExternalLink):
            del found[name]
    for name in expected:
        link, other = (group.get(name, getlink=True) for group in (expected, found))
        if type(link) is not type(other):
            raise RecordDamaged(f"{found.name} lacks {name}, or has something else there")
        if isinstance(link, h5py.HardLink):
            _agree_member(expected[name], found[name], seen)
        elif (link.path, getattr(link, "filename", "")) != (other.path, getattr(other, "filename", "")):
            raise RecordDamaged(f"{found.name}: the link {name} leads elsewhere")


def _agree_member(expected: Any, found: Any, seen: set[int]) -> None:
    if type(expected) is not type(found):
        raise RecordDamaged(f"{found.name} is a group in place of a dataset, or a dataset in place of a group")
    if isinstance(expected, h5py.Group):
        _agree(expected, found, seen)
        return
    agree_attributes(expected, found)
    if any(getattr(expected, what) != getattr(found, what) for what in ("dtype", "maxshape", "chunks")):
        raise RecordDamaged(f"{found.name} is stored in another way")
    grows = bool(expected.maxshape) and expected.maxshape[0] is None
    if not grows and not _same(expected[()], found[()]):
        raise RecordDamaged(f"{found.name} is not what the run says")


def _same(one: Any, other: Any) -> bool:
    first, second = np.asarray(one), np.asarray(other)
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return first.tolist() == second.tolist() if first.dtype == object else first.tobytes() == second.tobytes()

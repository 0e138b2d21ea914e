"""Is everything that was in a file still in it, bit for bit: asked before one takes the place of the other."""

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np

from operando.errors import RecordError

BLOCK_BYTES = 16_777_216
"""Compared at a time."""


def check_untouched(original: h5py.File, copy: h5py.File, links: bool = True) -> None:
    """Compare a file with a copy of it that has more.

    Parameters
    ----------
    links : bool
        Whether links to other files must lead there by the same words.

    Raises
    ------
    RecordError
        Something that was there is missing, or is not what it was.
    """
    for place in _differences(original, copy, links, set()):
        raise RecordError(f"{original.filename}: {place} came out otherwise in the copy; the file was not changed")


def _differences(one: h5py.Group, other: h5py.Group, links: bool, seen: set[object]) -> Iterator[str]:
    if not _is_new(one, seen):
        return
    yield from _attributes(one, other, free=one.name == "/")
    for name in one:
        known, found = one.get(name, getlink=True), other.get(name, getlink=True)
        if type(known) is not type(found):
            yield f"{one.name.rstrip('/')}/{name}"
        elif isinstance(known, h5py.HardLink):
            yield from _member(one[name], other[name], links, seen)
        elif links and _target(known) != _target(found):
            yield f"{one.name.rstrip('/')}/{name}"


def _member(one: Any, other: Any, links: bool, seen: set[object]) -> Iterator[str]:
    if type(one) is not type(other):
        yield str(one.name)
    elif isinstance(one, h5py.Group):
        yield from _differences(one, other, links, seen)
    elif not one.is_virtual and _is_new(one, seen):  # a stack of raw frames has nothing of its own
        yield from _dataset(one, other)


def _is_new(item: h5py.HLObject, seen: set[object]) -> bool:
    """Return whether an object is met for the first time; most have several names."""
    address = h5py.h5o.get_info(item.id).addr
    if address in seen:
        return False
    seen.add(address)
    return True


def _attributes(one: h5py.HLObject, other: h5py.HLObject, free: bool = False) -> Iterator[str]:
    for name in one.attrs:
        if free and name == "default":
            continue
        if name not in other.attrs or not _same(one.attrs[name], other.attrs[name]):
            yield f"{one.name}@{name}"


def _dataset(one: h5py.Dataset, other: h5py.Dataset) -> Iterator[str]:
    yield from _attributes(one, other)
    if one.dtype != other.dtype or one.shape != other.shape:
        yield str(one.name)
        return
    if not one.shape:
        if not _same(one[()], other[()]):
            yield str(one.name)
        return
    rows = max(1, BLOCK_BYTES // max(1, one.dtype.itemsize * int(np.prod(one.shape[1:], dtype=int))))
    if not all(_same(one[start : start + rows], other[start : start + rows]) for start in range(0, one.shape[0], rows)):
        yield str(one.name)


def _target(link: Any) -> tuple[str, str]:
    return link.path, getattr(link, "filename", "")


def _same(one: Any, other: Any) -> bool:
    first, second = np.asarray(one), np.asarray(other)
    if first.dtype != second.dtype or first.shape != second.shape:
        return False
    return first.tolist() == second.tolist() if first.dtype == object else first.tobytes() == second.tobytes()

"""Arrays too large for a line of JSON: in HDF5 files beside the journal, referred to by the line.

A file is made for each such document, under another name first, and is on the disk before its line is written: so no
file that a line refers to is ever written again, and a process that dies while it writes one harms no other.
"""

import io
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from operando.errors import JournalError
from operando.journal.folder import sync_folder
from operando.journal.line import INLINE, LargeArray, encode

REFERENCE = "$hdf5"
"""Only member of the object that stands for an array."""
LIGHT = 30_000
"""Bytes of a line that cannot hold an array of more than `INLINE` numbers; three a number are the least."""
MOST = 1_000_000
"""Bytes of a line above which arrays of more than `FEW` numbers are taken out of it."""
FEW = 100


@dataclass(frozen=True, slots=True)
class StoredArray:
    """An array of a document, still in its file; `numpy.asarray` reads it.

    Parameters
    ----------
    file : Path
        HDF5, beside the journal.
    dataset : str
        Its path in the file.
    """

    file: Path
    dataset: str
    shape: tuple[int, ...]
    dtype: str

    def read(self) -> NDArray[Any]:
        """Return the array.

        Raises
        ------
        JournalError
            Its file is missing or damaged.
        """
        import h5py  # heavy, and few runs need it

        try:
            with h5py.File(self.file, "r", locking=False) as file:
                return np.asarray(file[self.dataset][()])
        except (OSError, KeyError) as error:
            raise JournalError(f"{self.file}: array {self.dataset} cannot be read: {error}") from error

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self.read(), dtype=dtype)


class ArrayFiles:
    """The files of one run: ``<uid>.h5`` for its first document with large arrays, then ``<uid>.2.h5`` and so on."""

    def __init__(self, folder: Path, run: str) -> None:
        self._folder = folder
        self._run = run
        self._count = 0

    def line(self, name: str, doc: Mapping[str, Any]) -> bytes:
        """Return the line of a document; a large array, except of a start, is on the disk by then, and referred to.

        Raises
        ------
        JournalError
            It holds what JSON does not know, or its arrays cannot be stored.
        """
        if name == "start":
            return encode(name, doc, whole=True)
        try:
            line = encode(name, doc)
            if len(line) <= LIGHT:
                return line
        except LargeArray:
            pass
        file = f"{self._run}.{self._count + 1}.h5" if self._count else f"{self._run}.h5"
        for limit in (INLINE, FEW):
            arrays: dict[str, NDArray[Any]] = {}
            line = encode(name, _lightened(doc, limit, file, "", arrays), whole=True)  # what is left are no numbers
            if len(line) <= MOST:
                break
        if arrays:
            self._store(file, arrays)
            self._count += 1
        return line

    def _store(self, name: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        import h5py

        image = io.BytesIO()  # HDF5 never meets the disk in the RunEngine process: it does not survive a refused write
        with h5py.File(image, "w") as file:
            for dataset, array in arrays.items():
                file.create_dataset(dataset, data=array)
        newborn, path = self._folder / f".{name}.new", self._folder / name
        try:
            with newborn.open("wb") as written:
                written.write(image.getbuffer())
                written.flush()
                os.fsync(written.fileno())
            os.rename(newborn, path)
            sync_folder(self._folder)
        except OSError as error:
            newborn.unlink(missing_ok=True)
            raise JournalError(f"{path}: large arrays cannot be stored: {error}") from error


def with_references(doc: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return a document of a line with its references as `StoredArray`.

    Raises
    ------
    ValueError
        A reference is none.
    """

    def resolved(value: object) -> object:
        if not isinstance(value, dict) or value.keys() != {REFERENCE}:
            return value
        try:
            told = value[REFERENCE]
            file, dataset, dtype = str(told["file"]), str(told["dataset"]), str(told["dtype"])
            shape = tuple(int(length) for length in told["shape"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"a reference to an array without {error}") from error
        if Path(file).name != file:
            raise ValueError(f"a reference to an array outside its folder, {file!r}")
        return StoredArray(folder / file, dataset, shape, dtype)

    return dict(_mapped(doc, resolved))


def with_arrays(doc: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its `StoredArray` read.

    Raises
    ------
    JournalError
        One cannot be read.
    """
    return dict(_mapped(doc, lambda value: value.read() if isinstance(value, StoredArray) else value))


def _mapped(value: Any, function: Callable[[Any], Any]) -> Any:
    """Return a copy in which each value, from the outside in, is what a function makes of it."""
    value = function(value)
    if isinstance(value, Mapping):
        return {key: _mapped(each, function) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mapped(each, function) for each in value]
    return value


def _lightened(value: Any, limit: int, file: str, place: str, arrays: dict[str, NDArray[Any]]) -> Any:
    """Return a copy whose arrays of more than ``limit`` numbers are references, and collect these arrays."""
    if isinstance(value, Mapping):
        return {key: _lightened(each, limit, file, f"{place}.{key}", arrays) for key, each in value.items()}
    array = _numbers(value)
    if array is not None and array.size > limit:
        dataset = f"/{len(arrays)}{place.replace('/', '_')}"
        arrays[dataset] = array
        shape, dtype = list(array.shape), array.dtype.str
        return {REFERENCE: {"file": file, "dataset": dataset, "shape": shape, "dtype": dtype}}
    if isinstance(value, list | tuple):
        return [_lightened(each, limit, file, f"{place}.{index}", arrays) for index, each in enumerate(value)]
    return value


def _numbers(value: object) -> NDArray[Any] | None:
    """Return what is an array of numbers, or a list that makes one; None otherwise."""
    if not isinstance(value, np.ndarray | list | tuple):
        return None
    try:
        array = np.asarray(value)
    except (ValueError, OverflowError):  # ragged lists, or none of numbers
        return None
    return array if array.dtype.kind in "biuf" else None

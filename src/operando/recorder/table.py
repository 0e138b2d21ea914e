"""Columns that grow together, row by row, in the order of the frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from operando.errors import RecordDamaged

CHUNK_BYTES = 65_536
"""A chunk is rewritten at each flush while it fills, and read as a whole. A dataset keeps the one that it fills in
memory; with HDF5's own cache, 8 MiB for each of a hundred datasets, a recorder would grow as long as its run lasts."""
TAIL = 65_536
"""Rows at the end of a table among which unwritten ones may be; more than half a second can add."""


@dataclass(frozen=True, slots=True)
class Column:
    """One dataset whose first axis is the row.

    Parameters
    ----------
    name : str
        In its group.
    unit : str
        As written into ``@units``; empty for a pure number.
    long_name : str
        What a plot calls it.
    dtype : str
        Of one element: numpy's name, or ``text``.
    shape : tuple of int
        Of one row; empty for a number.
    missing : Any
        What stands where a row says nothing.
    attributes : Mapping
        Further ones.
    """

    name: str
    unit: str = ""
    long_name: str = ""
    dtype: str = "float64"
    shape: tuple[int, ...] = ()
    missing: Any = float("nan")
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Table:
    """Datasets of one group with equal first axes.

    Parameters
    ----------
    group : h5py.Group
        Where they are made, empty.
    columns : sequence of Column
        In the order in which they are written.
    seal : str
        A column that `extend` holds back and `seal` writes once the others are flushed: a row that it shows is whole,
        whatever moment the writer was killed at. HDF5 writes parts of a flush in an order of its own.
    chunk_bytes : int
        Of each dataset.
    """

    def __init__(
        self, group: h5py.Group, columns: Sequence[Column], seal: str = "", chunk_bytes: int = CHUNK_BYTES
    ) -> None:
        self._columns = tuple(columns)
        self._datasets = {column.name: _make(group, column, chunk_bytes) for column in self._columns}
        self._seal = seal
        self._held: list[NDArray[Any]] = []
        self.length = 0

    def __getitem__(self, name: str) -> h5py.Dataset:
        return self._datasets[name]

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows: name of a column → its value; what a row does not name is missing."""
        self.extend({column.name: _block(column, rows) for column in self._columns})

    def extend(self, blocks: Mapping[str, NDArray[Any]]) -> None:
        """Add as many rows as each block has, one block a column."""
        start = self.length
        for column in self._columns:
            block = blocks[column.name]
            self.length = start + len(block)
            if column.name == self._seal:
                self._held.append(block)
            else:
                self._write(column.name, start, block)

    def seal(self) -> None:
        """Write what was held back; to be called between two flushes."""
        if self._held:
            block = np.concatenate(self._held)
            self._held.clear()
            self._write(self._seal, self.length - len(block), block)

    def adopt(self, root: h5py.File) -> None:
        """Go on with the same datasets in another file, behind the rows that are whole there.

        Raises
        ------
        RecordDamaged
            A row that should be whole is not.
        """
        self._datasets = {name: _opened(root, dataset) for name, dataset in self._datasets.items()}
        self.length = min(len(dataset) for dataset in self._datasets.values())
        for column in self._columns:
            if column.name == self._seal:
                self.length -= _missing_at_end(self._datasets[column.name], self.length, column.missing)
        for dataset in self._datasets.values():
            _check_chunks(dataset, self.length)

    def cut(self, length: int) -> None:
        """Take out all rows behind a length."""
        self.length = length
        for dataset in self._datasets.values():
            dataset.resize(length, axis=0)

    def _write(self, name: str, start: int, block: NDArray[Any]) -> None:
        dataset = self._datasets[name]
        dataset.resize(start + len(block), axis=0)
        dataset[start:] = block


def _opened(root: h5py.File, known: h5py.Dataset) -> h5py.Dataset:
    """Open the dataset of the same name in another file, with the cache that ours was made with."""
    return h5py.Dataset(h5py.h5d.open(root.id, known.name.encode(), known.id.get_access_plist()))


def _missing_at_end(dataset: h5py.Dataset, length: int, missing: Any) -> int:
    """Return how many of the last rows were made room for, but never written."""
    tail = dataset[max(0, length - TAIL) : length]
    written = np.flatnonzero(np.isfinite(tail) if missing != missing else tail != missing)
    return len(tail) - (int(written[-1]) + 1 if written.size else 0)


def _check_chunks(dataset: h5py.Dataset, length: int) -> None:
    found, wanted = dataset.id.get_num_chunks(), -(-length // dataset.chunks[0])
    if found < wanted:
        raise RecordDamaged(f"{dataset.name}: {found} of {wanted} chunks are there")


def _block(column: Column, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    block = np.full((len(rows), *column.shape), column.missing, dtype=_element(column))
    for i, row in enumerate(rows):
        if row.get(column.name) is not None:
            block[i] = row[column.name]
    return block


def _element(column: Column) -> Any:
    return object if column.dtype == "text" else column.dtype


def _make(group: h5py.Group, column: Column, chunk_bytes: int) -> h5py.Dataset:
    dtype = h5py.string_dtype() if column.dtype == "text" else np.dtype(column.dtype)
    row_bytes = dtype.itemsize * int(np.prod(column.shape, dtype=int))
    rows = max(1, chunk_bytes // row_bytes)
    dataset = group.create_dataset(
        column.name,
        shape=(0, *column.shape),
        maxshape=(None, *column.shape),
        chunks=(rows, *column.shape),
        rdcc_nbytes=rows * row_bytes,
        dtype=dtype,
        fillvalue=None if column.dtype == "text" else column.missing,
    )
    if column.unit:
        dataset.attrs["units"] = column.unit
    if column.long_name:
        dataset.attrs["long_name"] = column.long_name
    dataset.attrs.update(column.attributes)
    return dataset

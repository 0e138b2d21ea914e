"""Columns that grow together, row by row, in the order of the frames."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

CHUNK_BYTES = 65_536
"""A chunk is rewritten at each flush while it fills, and read as a whole."""


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
    """

    def __init__(self, group: h5py.Group, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self._datasets = {column.name: _make(group, column) for column in self._columns}
        self.length = 0

    def append(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows: name of a column → its value; what a row does not name is missing."""
        self.extend({column.name: _block(column, rows) for column in self._columns})

    def extend(self, blocks: Mapping[str, NDArray[Any]]) -> None:
        """Add as many rows as each block has, one block a column."""
        start = self.length
        for column in self._columns:
            block = blocks[column.name]
            dataset = self._datasets[column.name]
            dataset.resize(start + len(block), axis=0)
            dataset[start:] = block
            self.length = start + len(block)


def _block(column: Column, rows: Sequence[Mapping[str, Any]]) -> NDArray[Any]:
    block = np.full((len(rows), *column.shape), column.missing, dtype=_element(column))
    for i, row in enumerate(rows):
        if row.get(column.name) is not None:
            block[i] = row[column.name]
    return block


def _element(column: Column) -> Any:
    return object if column.dtype == "text" else column.dtype


def _make(group: h5py.Group, column: Column) -> h5py.Dataset:
    dtype = h5py.string_dtype() if column.dtype == "text" else np.dtype(column.dtype)
    row_bytes = dtype.itemsize * int(np.prod(column.shape, dtype=int))
    dataset = group.create_dataset(
        column.name,
        shape=(0, *column.shape),
        maxshape=(None, *column.shape),
        chunks=(max(1, CHUNK_BYTES // row_bytes), *column.shape),
        dtype=dtype,
        fillvalue=None if column.dtype == "text" else column.missing,
    )
    if column.unit:
        dataset.attrs["units"] = column.unit
    if column.long_name:
        dataset.attrs["long_name"] = column.long_name
    dataset.attrs.update(column.attributes)
    return dataset

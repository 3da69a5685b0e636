"""A struct of arrays that grows: the storage of members, identities and sales."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.table.narrow import NarrowColumn
from rules.table.storage import MEMORY, Memory

Int64s = npt.NDArray[np.int64]

FIRST_CAPACITY = 1024
DOUBLED_UPTO = 1 << 16

Field = tuple[npt.DTypeLike, int | None]


def cells(
    column: npt.NDArray[Any] | NarrowColumn, rows: Int64s, places: Int64s
) -> tuple[Any, Int64s]:
    """View a wide column as a flat one, and number the cells (row, place) in it, int64[n].

    Reading or writing by one index is several times faster than by two.
    """
    index = rows * column.shape[1]
    index += places
    return column.reshape(-1), index


class Columns:
    """Holds equally long columns of numbers as attributes.

    A field is (dtype, width): width None gives dtype[capacity], k gives dtype[capacity, k].
    Those that narrow names begin in the dtype it says and give what the field says; the others
    are NumPy arrays. Columns are zero when a row is new. Rows [size, capacity) are spare:
    whole-column work slices with [:size].
    """

    settled: frozenset[str] = frozenset()
    """Columns that nothing writes again once a row is recorded."""

    def __init__(
        self,
        fields: Mapping[str, Field],
        narrow: Mapping[str, npt.DTypeLike] | None = None,
        storage: Memory = MEMORY,
    ) -> None:
        self._storage = storage
        self.fields = dict(fields)
        self.narrow = dict(narrow or {})
        self.size = 0
        self.capacity = FIRST_CAPACITY
        for name, (dtype, width) in self.fields.items():
            shape = self._shape(width)
            column = (
                NarrowColumn(name, dtype, self.narrow[name], shape, storage)
                if name in self.narrow
                else storage.zeros(shape, dtype)
            )
            setattr(self, name, column)

    def _shape(self, width: int | None) -> tuple[int, ...]:
        return (self.capacity,) if width is None else (self.capacity, width)

    def extend(self, count: int) -> int:
        """Add zeroed rows and return the number of the first; amortised O(count)."""
        first, self.size = self.size, self.size + count
        if self.size > self.capacity:
            # A long column grows by an eighth, to hold little in reserve; growing it is cheap.
            more = self.capacity if self.capacity < DOUBLED_UPTO else self.capacity // 8
            self.capacity = max(self.size, self.capacity + more)
            for name, (_, width) in self.fields.items():
                if name in self.narrow:
                    getattr(self, name).resize(self._shape(width))
                else:
                    self._storage.grow(self, name, self._shape(width))
        return first

    def relay(self, name: str, column: npt.NDArray[Any]) -> None:
        """Lay a wide column out anew: column [size, k] takes its place, k may be another width."""
        dtype = self.fields[name][0]
        self.fields[name] = (dtype, column.shape[1])
        if name in self.narrow:
            getattr(self, name).fill(column, self.capacity)
            return
        laid = np.zeros((self.capacity, column.shape[1]), dtype=dtype)
        laid[: self.size] = column
        setattr(self, name, laid)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Give the filled rows of every column as they are now, by field name, as wide as kept.

        They are copies, but of settled columns read-only views: rows come behind them only.
        """
        return {name: self._filled(name) for name in self.fields}

    def _filled(self, name: str) -> npt.NDArray[Any]:
        filled = kept(getattr(self, name))[: self.size]
        if name not in self.settled:
            return self._storage.copied(filled)
        filled.flags.writeable = False
        return filled

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Fill an empty instance from state(); raises KeyError when a column is missing."""
        columns = {name: state[name] for name in self.fields}
        self.extend(max((len(column) for column in columns.values()), default=0))
        for name, column in columns.items():
            getattr(self, name)[: self.size] = column


def kept(column: npt.NDArray[Any] | NarrowColumn) -> npt.NDArray[Any]:
    """Give the array that a column keeps its numbers in."""
    return column.held if isinstance(column, NarrowColumn) else column

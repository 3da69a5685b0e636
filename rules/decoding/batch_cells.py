"""Batch cells: the columns of a batch in numbers, each looked at once however often it is asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.text_bytes import Bools, null_rows

Int64s = npt.NDArray[np.int64]


class BatchCells:
    """What encoding asks of a batch's columns, kept from the first time it is asked.

    With a few events a batch, reaching into Arrow costs more than the events themselves.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        names = batch.schema.names
        self.columns: dict[str, pa.Array] = dict(zip(names, batch.columns, strict=True))
        self._null: dict[str, Bools] = {}
        self._words: dict[str, tuple[list[str], npt.NDArray[Any]]] = {}

    def empty(self, name: str) -> bool:
        """Tell whether a column holds nothing at all."""
        column = self.columns[name]
        return bool(column.null_count == len(column))

    def null(self, name: str) -> Bools:
        """Tell where a column holds nothing, bool[n]; not to be written to."""
        null = self._null.get(name)
        if null is None:
            null = self._null[name] = null_rows(self.columns[name])
        return null

    def numbers(self, name: str, absent: int = 0) -> npt.NDArray[Any]:
        """Read an integer column, what is absent as a number of its own: int[n] of its type."""
        return self._read(name, self.columns[name], absent)

    def words(self, name: str) -> tuple[list[str], npt.NDArray[Any]]:
        """Give a dictionary column's words, and each row's place among them, int[n].

        Where the column holds nothing the place is one behind the words.
        """
        found = self._words.get(name)
        if found is None:
            column = self.columns[name]
            words = column.dictionary.to_pylist()
            found = self._words[name] = words, self._read(name, column.indices, len(words))
        return found

    def _read(self, name: str, column: pa.Array, absent: int) -> npt.NDArray[Any]:
        if column.null_count == 0:
            numbers: npt.NDArray[Any] = column.to_numpy(zero_copy_only=True)
            return numbers
        kind = column.type.to_pandas_dtype()
        if column.null_count == len(column):
            return np.full(len(column), absent, dtype=kind)
        data = np.frombuffer(column.buffers()[1], dtype=kind)
        numbers = data[column.offset : column.offset + len(column)].copy()
        numbers[self.null(name)] = absent
        return numbers

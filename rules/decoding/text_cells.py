"""Text cells: single cells of an Arrow text column, without an Arrow object for each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.text_bytes import null_rows


class TextCells:
    """Reads single cells of a column of texts, or of words by number; "" where it holds nothing.

    Making one costs O(1) and the words, and O(n) where the column has nulls; a cell costs half a
    µs, for which Arrow's own objects take five to ten.
    """

    def __init__(self, column: pa.Array) -> None:
        self._null = null_rows(column) if column.null_count else None
        self._words: list[str] | None = None
        if isinstance(column, pa.DictionaryArray):
            self._words = column.dictionary.to_pylist()
            column = column.indices
            kind: npt.DTypeLike = column.type.to_pandas_dtype()
        else:
            kind = np.int32
        _, numbers, *texts = column.buffers()
        # A text's number is where it starts; it ends where the next one does.
        self._numbers = np.frombuffer(numbers or b"", dtype=kind)[column.offset :]
        self._data = memoryview(texts[0]) if texts and texts[0] is not None else memoryview(b"")

    def __getitem__(self, place: int) -> str:
        if self._null is not None and self._null[place]:
            return ""
        number = int(self._numbers[place])
        if self._words is not None:
            return self._words[number]
        return str(self._data[number : int(self._numbers[place + 1])], "utf-8")

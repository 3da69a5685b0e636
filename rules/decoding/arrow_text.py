"""Arrow columns of any text-like type, brought to plain text without growing out of bounds."""

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.event_columns import UnreadableBody
from rules.decoding.quantities import plain_text

_DECODED_BYTES_MAX: Final = 512 * 2**20
"""A dictionary or view can name one long text from millions of rows; so much is too much."""


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column holds text, plain, large, viewed or behind a dictionary."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def is_number(kind: pa.DataType) -> bool:
    """Tell whether a column holds integers, floats or decimals."""
    return bool(
        pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )


def plain_column(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a table's column as one array."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
    if isinstance(column, pa.ChunkedArray):
        raise UnreadableBody("a text column holds more than 2 GiB; send fewer rows at a time")
    return column


def as_string(column: pa.Array) -> pa.StringArray:
    """Return text of any kind as ``string``. Raises `UnreadableBody` where it grows too long."""
    if pa.types.is_string(column.type):
        return column
    if pa.types.is_dictionary(column.type):
        words = as_string(column.dictionary)
        length = pc.fill_null(pc.binary_length(words), 0)
        _require_short(pc.sum(length.take(pc.drop_null(column.indices))).as_py() or 0)
        return words.take(column.indices)
    if pa.types.is_string_view(column.type):
        _require_short(_viewed_bytes(column))
    try:
        return pc.cast(column, pa.utf8())
    except pa.ArrowInvalid as problem:
        raise UnreadableBody(
            "a text column holds more than 2 GiB; send fewer rows at a time"
        ) from problem


def _viewed_bytes(column: pa.Array) -> int:
    """Return how many bytes all texts of a string view have: each view begins with its length."""
    views = np.frombuffer(column.buffers()[1], dtype=np.int32)
    return int(views[4 * column.offset : 4 * (column.offset + len(column)) : 4].sum(dtype=np.int64))


def _require_short(total_bytes: int) -> None:
    if total_bytes > _DECODED_BYTES_MAX:
        raise UnreadableBody(
            f"a text column holds {total_bytes} bytes once decoded: more than "
            f"{_DECODED_BYTES_MAX}; send fewer rows at a time"
        )


def as_words(column: pa.Array) -> pa.Array:
    """Return text as ``string`` or, where it comes so, as ``dictionary<int32, string>``."""
    if not pa.types.is_dictionary(column.type):
        return as_string(column)
    words = as_string(column.dictionary)
    indices = column.indices
    if indices.type != pa.int32():
        indices = pc.cast(indices, pa.int32())
    return pa.DictionaryArray.from_arrays(indices, words)


def number_words(column: pa.Array) -> pa.DictionaryArray:
    """Return numbers as their text, written once per distinct number: 92 and 92.0 are "92"."""
    encoded = column.dictionary_encode()
    numbers = encoded.dictionary.to_pylist()
    words = [None if number is None else plain_text(number) for number in numbers]
    return pa.DictionaryArray.from_arrays(encoded.indices, pa.array(words, pa.utf8()))

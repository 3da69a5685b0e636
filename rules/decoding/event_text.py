"""Text fields as the checks want them: empty is absent, too long is refused."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from rules.decoding.event_columns import TEXT_BYTES_MAX
from rules.decoding.event_faults import Faults, shown
from rules.decoding.text_bytes import Bools, null_rows

_NONE = np.zeros(1, dtype=np.int32)
LIMITED_ELSEWHERE = frozenset({"event_id", "member"})
"""Fields whose own, shorter limit is checked with their presence."""


def tidy_text(name: str, column: pa.Array, faults: Faults) -> pa.Array:
    """Return text or words with empty texts null, refusing overlong ones; numbers as they are."""
    if pa.types.is_dictionary(column.type):
        return _tidy_words(name, column, faults)
    if not pa.types.is_string(column.type):
        return column
    # Lengths straight from the offsets: a tenth of the cost of asking Arrow, for small bodies.
    offsets = np.frombuffer(column.buffers()[1], dtype=np.int32) if len(column) else _NONE
    length = np.diff(offsets[column.offset : column.offset + len(column) + 1])
    if not len(length):
        return column
    if name not in LIMITED_ELSEWHERE and int(length.max()) > TEXT_BYTES_MAX:
        too_long = (length > TEXT_BYTES_MAX) & ~null_rows(column)
        _refuse_long(name, too_long, column, faults)
    if int(length.min()) == 0 and column.null_count < np.count_nonzero(length == 0):
        column = pc.if_else(pa.array(length > 0), column, pa.scalar(None, column.type))
    return column


def _tidy_words(name: str, column: pa.DictionaryArray, faults: Faults) -> pa.DictionaryArray:
    """Do the same once per distinct word, and give null words as null rows."""
    length = pc.fill_null(pc.binary_length(column.dictionary), 0).to_numpy()
    empty, too_long = length == 0, length > TEXT_BYTES_MAX
    if not (empty.any() or too_long.any()):
        return column
    null = null_rows(column)
    indices = np.where(null, 0, pc.fill_null(column.indices, 0).to_numpy())
    if too_long.any():
        long_rows = too_long[indices] & ~null
        _refuse_long(name, long_rows, column, faults)
    gone = null | empty[indices] | too_long[indices]
    return pa.DictionaryArray.from_arrays(
        pa.array(indices.astype(np.int32), mask=gone), column.dictionary
    )


def _refuse_long(name: str, too_long: Bools, column: pa.Array, faults: Faults) -> None:
    """Refuse the rows whose text is over the limit."""
    faults.mark(
        too_long,
        "bad_field",
        lambda row: (
            f"{name} = {shown(column[row].as_py())}: more than {TEXT_BYTES_MAX} bytes of UTF-8; "
            "send a shorter text"
        ),
    )

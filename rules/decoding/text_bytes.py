"""Arrow text as bytes that NumPy can work on: where each text starts and how long it is."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PAD_BYTES: Final = 32
"""Zero bytes kept behind the data, so that a fixed-width read never runs over its end."""

MASKS: Final = np.array([(1 << (8 * used)) - 1 for used in range(8)] + [2**64 - 1], dtype=np.uint64)
"""Which bytes of a word belong to a text that has 0…8 of them left."""

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TextBytes:
    """The UTF-8 bytes of a text column.

    data: uint8[total + PAD_BYTES] · start, length: int64[n], in bytes, length 0 for null ·
    null: bool[n].
    """

    data: Bytes
    start: Ints
    length: Ints
    null: Bools

    @classmethod
    def of(cls, column: pa.StringArray) -> "TextBytes":
        """Lay out a ``pa.StringArray``, sliced or not. Copies the bytes once, to pad them."""
        if column.type != pa.utf8():
            raise TypeError(f"column is {column.type}: cast it to string")
        rows = len(column)
        null = null_rows(column)
        if rows == 0:
            empty = np.zeros(0, dtype=np.int64)
            return cls(np.zeros(PAD_BYTES, dtype=np.uint8), empty, empty, null)
        _, offset_buffer, data_buffer = column.buffers()
        offsets = np.frombuffer(offset_buffer, dtype=np.int32)[
            column.offset : column.offset + rows + 1
        ].astype(np.int64)
        first, last = int(offsets[0]), int(offsets[-1])
        data = np.zeros(last - first + PAD_BYTES, dtype=np.uint8)
        if last > first:
            data[: last - first] = np.frombuffer(data_buffer, dtype=np.uint8)[first:last]
        offsets -= first
        length = offsets[1:] - offsets[:-1]
        if column.null_count:
            length[null] = 0
        return cls(data, offsets[:-1], length, null)

    def take(self, rows: Ints) -> "TextBytes":
        """Return the chosen rows over the same bytes."""
        return TextBytes(self.data, self.start[rows], self.length[rows], self.null[rows])

    def rows_of_width(self, width: int) -> npt.NDArray[np.uint8]:
        """Return the first ``width`` bytes behind each start as uint8[n, width].

        Bytes beyond a text's own length belong to its neighbour: mask them by ``length``.
        ``width`` is at most `PAD_BYTES`.
        """
        windows = np.lib.stride_tricks.sliding_window_view(self.data, width)
        return np.asarray(windows[self.start], dtype=np.uint8)

    def at(self, position: Ints) -> npt.NDArray[np.uint8]:
        """Return the byte at ``start + position`` of each row; position int64[n] ≤ length."""
        return np.asarray(self.data[self.start + position], dtype=np.uint8)


def words_of(data: Bytes) -> Words:
    """View padded bytes as the little-endian 64-bit word behind every byte position."""
    assert len(data) >= PAD_BYTES, "text bytes come padded"
    words: Words = np.ndarray(len(data) - 7, "<u8", data, strides=(1,))
    words.flags.writeable = False
    return words


def null_rows(column: pa.Array) -> Bools:
    """Return bool[n], true where the column holds nothing. Free when it has no nulls."""
    if column.null_count == 0:
        return np.zeros(len(column), dtype=np.bool_)
    valid = column.buffers()[0]
    if valid is None:  # a column of the null type, or one whose nulls are elsewhere
        return np.asarray(column.is_null().to_numpy(zero_copy_only=False), dtype=np.bool_)
    first, last = column.offset, column.offset + len(column)
    bits = np.frombuffer(valid, dtype=np.uint8)[first >> 3 : (last + 7) >> 3]
    flags = np.unpackbits(bits, bitorder="little")[first & 7 :][: len(column)]
    return np.equal(flags, 0)


def has_control(text: TextBytes) -> Bools:
    """Return bool[n], true where a text holds a control character (C0, DEL or C1).

    One pass over all bytes; rows are looked up only when one is found.
    """
    used = text.data[: len(text.data) - PAD_BYTES]
    control = (used < 0x20) | (used == 0x7F)
    if len(used) > 1 and bool((used >= 0x80).any()):
        # U+0080…U+009F are the two bytes C2 80…9F.
        pair = (used[:-1] == 0xC2) & (used[1:] >= 0x80) & (used[1:] <= 0x9F)
        control[:-1] |= pair
    if not control.any():
        return np.zeros(len(text.start), dtype=np.bool_)
    before = np.concatenate([[0], np.cumsum(control, dtype=np.int64)])
    return np.asarray(before[text.start + text.length] > before[text.start])

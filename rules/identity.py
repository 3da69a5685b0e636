"""Hashes of text and of what events say, and the shard of a member.

The hashes are **stable forever**: shards, kept identities and published draws depend on them.
Pinned test vectors hold them (tests/unit/test_identity.py); a change is a new data format.

One text hashes by its UTF-8 bytes as little-endian 64-bit words w₀…wₖ, the last one padded
with zeros, in two lanes with different odd constants A, B and start values S:

    h ← S ;  for each word: h ← (rotl(h ⊕ (w·A), 29))·B + i  (i = 1, 2, … the word's number)
    hash ← finish(h ⊕ length·A)

``finish`` is a full-avalanche 64-bit finaliser (Stafford's mixes 13 and 3 of splitmix64,
one a lane). All arithmetic is modulo 2^64. It is fast, not cryptographic: whoever may send
events could search for collisions, and a collision can only make an event of theirs answer
``duplicate`` or ``conflict``.
"""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.event_columns import COLUMNS
from rules.identity_map import IdentityMap
from rules.text_bytes import PAD_BYTES, Ints, TextBytes, null_rows

__all__ = ["IdentityMap", "fingerprint", "hash_strings", "shard_of"]

Words = npt.NDArray[np.uint64]
_Lane = tuple[int, int, int, int, int, int, int, int]
"""start, A, B, then the finaliser: shift, factor, shift, factor, shift."""

_LANE_A: Final[_Lane] = (
    0x9E3779B97F4A7C15,
    0x87C37B91114253D5,
    0x52DCE729DA3ED6B7,
    30,
    0xBF58476D1CE4E5B9,
    27,
    0x94D049BB133111EB,
    31,
)
_LANE_B: Final[_Lane] = (
    0xC2B2AE3D27D4EB4F,
    0x4CF5AD432745937F,
    0xA0761D6478BD642F,
    31,
    0x7FB5D329728EA185,
    27,
    0x81DADEF4BC2DD44D,
    33,
)
_ROTATE: Final = 29
_IDENTITY: Final = ("event_id", "member")
_FEW_WORDS: Final = 16
_BLOCK_ROWS: Final = 1 << 14
"""Texts hashed at a time, so that their states stay in cache."""
_MASKS: Final = np.array(
    [(1 << (8 * used)) - 1 for used in range(8)] + [2**64 - 1], dtype=np.uint64
)
"""Which bytes of a word belong to a text that has 0…8 of them left."""


def hash_strings(column: pa.StringArray) -> tuple[Words, Words]:
    """Return two independent 64-bit hashes of each text, uint64[n] each.

    Null hashes as empty text. About 60 ns a text of 24 bytes; no Python loop a row.

    >>> [hex(int(lane[0])) for lane in hash_strings(pa.array(["forecourt"]))]
    ['0x80115038804887e0', '0xc841a8b2b06bdf40']
    """
    if len(column) > _BLOCK_ROWS:
        starts = range(0, len(column), _BLOCK_ROWS)
        blocks = [hash_strings(column.slice(start, _BLOCK_ROWS)) for start in starts]
        return np.concatenate([a for a, _ in blocks]), np.concatenate([b for _, b in blocks])
    text = TextBytes.of(column)
    rows = len(text.start)
    words = _words_of(text.data)
    lanes = [np.full(rows, lane[0], dtype=np.uint64) for lane in (_LANE_A, _LANE_B)]
    chosen: Ints | None = None
    start, left, number = text.start, text.length.copy(), 0
    while rows and int(left.max()) > 0:
        going = left > 0
        if not going.all():
            kept = np.flatnonzero(going)
            chosen = kept if chosen is None else chosen[kept]
            start, left = start[kept], left[kept]
        word = words[start + 8 * number]
        if int(left.min()) < 8:
            word &= _MASKS[np.minimum(left, 8)]
        number += 1
        for state, lane in zip(lanes, (_LANE_A, _LANE_B), strict=True):
            if chosen is None:
                _absorb(state, word, lane, number)
            else:
                part = state[chosen]
                _absorb(part, word, lane, number)
                state[chosen] = part
        left = left - 8
    length = text.length.astype(np.uint64)
    for state, lane in zip(lanes, (_LANE_A, _LANE_B), strict=True):
        np.bitwise_xor(state, length * np.uint64(lane[1]), out=state)
        _finish(state, lane)
    return lanes[0], lanes[1]


def _words_of(data: npt.NDArray[np.uint8]) -> Words:
    """View the bytes as the little-endian 64-bit word behind every byte position."""
    assert len(data) >= PAD_BYTES, "text bytes come padded"
    return np.lib.stride_tricks.as_strided(
        data[:8].view("<u8"), shape=(len(data) - 7,), strides=(1,), writeable=False
    )


def _absorb(state: Words, word: Words, lane: _Lane, number: int) -> None:
    """Mix one word of each text into its state, in place."""
    state ^= word * np.uint64(lane[1])
    high = state << np.uint64(_ROTATE)
    state >>= np.uint64(64 - _ROTATE)
    state |= high
    state *= np.uint64(lane[2])
    state += np.uint64(number)


def _finish(state: Words, lane: _Lane) -> None:
    """Spread every bit of each state over all bits, in place; a bijection."""
    shift_1, factor_1, shift_2, factor_2, shift_3 = lane[3:]
    state ^= state >> np.uint64(shift_1)
    state *= np.uint64(factor_1)
    state ^= state >> np.uint64(shift_2)
    state *= np.uint64(factor_2)
    state ^= state >> np.uint64(shift_3)


def shard_of(member: pa.StringArray, shards: int) -> npt.NDArray[np.int32]:
    """Return the shard 0…shards−1 of each member id, int32[n]: stable forever.

    Taken from the second lane's high bits, scaled, so it tells nothing of a map's slots.
    """
    if not 1 <= shards < 2**31:
        raise ValueError(f"shards = {shards}: must be at least 1")
    _, lane_b = hash_strings(member)
    return np.asarray(((lane_b >> np.uint64(32)) * np.uint64(shards)) >> np.uint64(32), np.int32)


def fingerprint(batch: pa.RecordBatch) -> Words:
    """Return a 64-bit hash of every decoded field of each event beside its identity, uint64[n].

    Member and event id are left out, since only events of one identity are compared, and so is
    the clock stamp: the same event sent again has the same fingerprint. Fields are hashed by
    value, whatever dictionary holds them; null differs from every value.
    """
    total = np.zeros(batch.num_rows, dtype=np.uint64)
    for number, part in enumerate(COLUMNS, start=1):
        if part.name in _IDENTITY:
            continue
        column = batch.column(part.name)
        if column.null_count == len(column):
            continue
        value = _hash_values(column)
        value ^= np.uint64((number * _LANE_A[0]) % 2**64)
        _finish(value, _LANE_B)
        if column.null_count:
            value[null_rows(column)] = 0
        total += value
    _finish(total, _LANE_A)
    return total


def _hash_words(dictionary: pa.StringArray) -> Words:
    """Hash a dictionary's words; the few that events share are hashed once a process."""
    if len(dictionary) > _FEW_WORDS:
        return hash_strings(dictionary)[0]
    return np.array([_hash_word(word or "") for word in dictionary.to_pylist()], dtype=np.uint64)


@lru_cache(maxsize=4096)
def _hash_word(word: str) -> int:
    return int(hash_strings(pa.array([word], pa.utf8()))[0][0])


def _hash_values(column: pa.Array) -> Words:
    """Hash one column's values: text by its bytes, a dictionary's words once each."""
    if pa.types.is_dictionary(column.type):
        words = _hash_words(column.dictionary)
        indices = column.indices
        if indices.null_count:
            indices = indices.fill_null(0)
        return np.asarray(words[indices.to_numpy()], dtype=np.uint64)
    if pa.types.is_string(column.type):
        return hash_strings(column)[0]
    whole = column.fill_null(0) if column.null_count else column
    value: Words = whole.to_numpy().astype(np.int64).view(np.uint64).copy()
    _finish(value, _LANE_A)
    return value

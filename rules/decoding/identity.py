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

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rules.decoding.batch_cells import BatchCells
from rules.decoding.event_columns import COLUMNS
from rules.decoding.text_bytes import MASKS, Ints, TextBytes, words_of

__all__ = [
    "Hashes", "fingerprint", "hash_columns", "hash_strings", "hashes_of", "shard_of",
]  # fmt: skip

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
_BOTH: Final = np.array([_LANE_A, _LANE_B], dtype=np.uint64)
_START, _A, _B = (_BOTH[:, place : place + 1] for place in range(3))
"""Both lanes' constants, uint64[2, 1], so that one step works on both."""
_FINISH: Final = tuple(_BOTH[:, place : place + 1] for place in range(3, 8))
_FINISH_A: Final = tuple(_BOTH[0, 3:])
_FINISH_B: Final = tuple(_BOTH[1, 3:])
_ROTATE: Final = np.uint64(29)
_ROTATE_BACK: Final = np.uint64(64 - 29)
_IDENTITY: Final = ("event_id", "member")
_TEXTS: Final = tuple(part.name for part in COLUMNS if pa.types.is_string(part.type))
_FEW_WORDS: Final = 16
_BLOCK_ROWS: Final = 1 << 13
"""Texts hashed at a time, so that their states stay in cache."""


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
    state = np.empty((2, rows), dtype=np.uint64)
    state[:] = _START
    if rows:
        _absorb_all(state, text)
    state ^= text.length.astype(np.uint64) * _A
    _finish(state, _FINISH)
    return state[0], state[1]


def hash_columns(columns: Sequence[pa.StringArray]) -> list[tuple[Words, Words]]:
    """Hash equally long text columns, each as hash_strings does.

    Few rows are hashed together, since a call costs more than the texts then.
    """
    rows = len(columns[0]) if columns else 0
    if not 0 < rows * len(columns) <= _BLOCK_ROWS:
        return [hash_strings(column) for column in columns]
    lanes = hash_strings(pa.concat_arrays(columns))
    spans = [slice(rows * place, rows * (place + 1)) for place in range(len(columns))]
    return [(lanes[0][span], lanes[1][span]) for span in spans]


def _absorb_all(state: Words, text: TextBytes) -> None:
    """Mix every word of the texts into their states, uint64[2, n], in place."""
    words = words_of(text.data)
    start, length = text.start, text.length
    shortest, longest = int(length.min()), int(length.max())
    chosen: Ints | None = None
    for number in range((longest + 7) // 8):
        if shortest <= 8 * number:
            kept = np.flatnonzero(length > 8 * number)
            chosen = kept if chosen is None else chosen[kept]
            start, length = start[kept], length[kept]
            shortest = int(length.min())
        word = words[start + 8 * number]
        if shortest < 8 * (number + 1):
            word &= MASKS[np.minimum(length - 8 * number, 8)]
        if chosen is None:
            _absorb(state, word, number + 1)
        else:
            part = state[:, chosen]
            _absorb(part, word, number + 1)
            state[:, chosen] = part


def _absorb(state: Words, word: Words, number: int) -> None:
    """Mix one word of each text into its states, uint64[2, n], in place."""
    state ^= word * _A
    high = state << _ROTATE
    state >>= _ROTATE_BACK
    state |= high
    state *= _B
    state += np.uint64(number)


def _finish(state: Words, steps: Sequence[Any]) -> None:
    """Spread every bit of each state over all bits, in place; a bijection."""
    shift_1, factor_1, shift_2, factor_2, shift_3 = steps
    state ^= state >> shift_1
    state *= factor_1
    state ^= state >> shift_2
    state *= factor_2
    state ^= state >> shift_3


def shard_of(member: pa.StringArray, shards: int) -> npt.NDArray[np.int32]:
    """Return the shard 0…shards−1 of each member id, int32[n]: stable forever.

    Taken from the second lane's high bits, scaled, so it tells nothing of a map's slots.
    """
    if not 1 <= shards < 2**31:
        raise ValueError(f"shards = {shards}: must be at least 1")
    _, lane_b = hash_strings(member)
    return np.asarray(((lane_b >> np.uint64(32)) * np.uint64(shards)) >> np.uint64(32), np.int32)


@dataclass(frozen=True, slots=True)
class Hashes:
    """What a batch's events hash to: text columns by name in two lanes, and whole events.

    uint64[n] each. A text column without any text is left out, but for those of the identity.
    """

    lanes: Mapping[str, tuple[Words, Words]]
    fingerprint: Words


def hashes_of(batch: pa.RecordBatch, read: BatchCells | None = None) -> Hashes:
    """Hash a batch; read are its cells, where they are read already."""
    cells = read or BatchCells(batch)
    columns = {
        name: cells.columns[name] for name in _TEXTS if name in _IDENTITY or not cells.empty(name)
    }
    lanes = dict(zip(columns, hash_columns(list(columns.values())), strict=True))
    lane_a = {name: both[0] for name, both in lanes.items()}
    return Hashes(lanes, fingerprint(batch, lane_a, cells))


def fingerprint(
    batch: pa.RecordBatch,
    hashed: Mapping[str, Words] | None = None,
    read: BatchCells | None = None,
) -> Words:
    """Return a 64-bit hash of every decoded field of each event beside its identity, uint64[n].

    Member and event id are left out, since only events of one identity are compared, and so is
    the clock stamp: the same event sent again has the same fingerprint. Fields are hashed by
    value, whatever dictionary holds them; null differs from every value. hashed gives the first
    lane of text columns that are hashed already, read the batch's cells read already.
    """
    known, cells = hashed or {}, read or BatchCells(batch)
    held = [
        (number, part)
        for number, part in enumerate(COLUMNS, start=1)
        if part.name not in _IDENTITY and not cells.empty(part.name)
    ]
    # A field a row: few events cost little more than one field does, many stay in cache.
    at_once = max(1, _BLOCK_ROWS // max(batch.num_rows, 1))
    total = np.zeros(batch.num_rows, dtype=np.uint64)
    for first in range(0, len(held), at_once):
        some = held[first : first + at_once]
        values = np.empty((len(some), batch.num_rows), dtype=np.uint64)
        for row, (_, part) in enumerate(some):
            values[row] = known[part.name] if part.name in known else _hash_values(cells, part)
        values ^= np.array([_FIELDS[number] for number, _ in some])[:, None]
        _finish(values, _FINISH_B)
        for row, (_, part) in enumerate(some):
            if cells.columns[part.name].null_count:
                values[row][cells.null(part.name)] = 0
        total += values.sum(axis=0, dtype=np.uint64) if len(some) > 1 else values[0]
    _finish(total, _FINISH_A)
    return total


_FIELDS: Final = [np.uint64((number * _LANE_A[0]) % 2**64) for number in range(len(COLUMNS) + 1)]


def _hash_words(words: Sequence[str | None]) -> Words:
    """Hash a dictionary's words; the few that events share are hashed once a process."""
    if len(words) > _FEW_WORDS:
        return hash_strings(pa.array(words, pa.utf8()))[0]
    return np.array([_hash_word(word or "") for word in words], dtype=np.uint64)


@lru_cache(maxsize=4096)
def _hash_word(word: str) -> int:
    return int(hash_strings(pa.array([word], pa.utf8()))[0][0])


def _hash_values(cells: BatchCells, part: pa.Field) -> Words:
    """Hash one column's values: text by its bytes, a dictionary's words once each."""
    if pa.types.is_dictionary(part.type):
        words, places = cells.words(part.name)
        chosen: Words = np.append(_hash_words(words), np.uint64(0))[places]
        return chosen
    if pa.types.is_string(part.type):
        return hash_strings(cells.columns[part.name])[0]
    value: Words = cells.numbers(part.name).astype(np.int64).view(np.uint64)
    _finish(value, _FINISH_A)
    return value

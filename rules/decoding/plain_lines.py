"""NDJSON whose lines are flat objects of texts, cut at its quotes without making an object a line.

Most senders write every value as text, with nothing to escape. In such a body the quotes alone
say where each name and value begins and ends, so all lines are cut at once. Anything else,
numbers and `null` included, is left to the decoder, which takes three times as long.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from rules.decoding.text_bytes import MASKS, PAD_BYTES, Bytes, Ints, words_of

FIELDS: Final = (
    "event_id", "type", "member", "at", "station", "product", "litres", "amount", "pay", "order",
    "ref", "score", "coupon", "item", "points",
)  # fmt: skip
"""The fields that are read; a body with text for one of `_NO_TEXTS` is none of these."""
_NO_TEXTS: Final = ("lines", "attributes")
_QUOTE, _COLON, _COMMA, _SPACE, _NEWLINE, _OPEN, _CLOSE = b'":, \n{}'
_CONTROL: Final = 0x20
_NO_NAME: Final = np.uint64(0)


def plain_fields(body: bytes, lines: int) -> dict[str, pa.StringArray] | None:
    r"""Give the fields of a body of so many lines by name, null where absent; None if not plain.

    >>> fields = plain_fields(b'{"at":"1","to":"x"}\n{"ref":"b","at":""}', 2)
    >>> {name: column.to_pylist() for name, column in fields.items()}
    {'at': ['1', ''], 'ref': [None, 'b']}
    """
    if b"\\" in body or len(body) >= 2**31:
        return None
    padded = np.frombuffer(body + bytes(PAD_BYTES), dtype=np.uint8)
    data = padded[: len(body)]
    quotes = np.flatnonzero(data == _QUOTE)
    closed = int(data[-1] == _NEWLINE)
    if np.count_nonzero(data < _CONTROL) != lines - 1 + closed:
        return None
    last = _last_values(data[: len(data) - closed], quotes, lines)
    if last is None:
        return None
    line = np.repeat(np.arange(lines), np.diff(last, prepend=-1))
    starts = quotes[0::4] + 1
    lengths = quotes[1::4] - starts
    names = words_of(padded)[starts] & MASKS[np.minimum(lengths, 8)]
    if any((names == _name(each)).any() for each in _NO_TEXTS):
        return None
    names[lengths > 8] = _NO_NAME
    ends = quotes.astype(np.int32)
    ends[0::2] += 1
    # Name, colon, value, comma and so on: every fourth text is a value.
    texts = pa.StringArray.from_buffers(len(quotes) - 1, pa.py_buffer(ends), pa.py_buffer(body))
    fields = {}
    for name in FIELDS:
        pairs = np.flatnonzero(names == _name(name))
        if not len(pairs):
            continue
        rows = line[pairs]
        if (rows[1:] == rows[:-1]).any():
            return None
        fields[name] = texts.take(_places(pairs * 4 + 2, rows, lines))
    return fields


def _last_values(data: Bytes, quotes: Ints, lines: int) -> Ints | None:
    """Find which name and value is each line's last, int64[lines]; None where a line isn't plain.

    Outside of texts there may only be what belongs between them.
    """
    if not len(quotes) or len(quotes) % 4 or quotes[0] != 1 or quotes[-1] + 2 != len(data):
        return None
    close, following = quotes[1:-1:2], quotes[2::2]
    mark, gap = data[close + 1], following - close
    spaced = gap == 3
    if spaced.any() and (data[close[spaced] + 2] != _SPACE).any():
        return None
    near = spaced | (gap == 2)
    after_value = mark[1::2]
    ending = after_value == _CLOSE
    ended = np.flatnonzero(ending)
    ends = close[1::2][ended]
    good = (
        data[-1] == _CLOSE
        and len(ended) == lines - 1
        and bool((near[0::2] & (mark[0::2] == _COLON)).all())
        and bool((ending | (near[1::2] & (after_value == _COMMA))).all())
        and bool((gap[1::2][ended] == 4).all())
        and bool(((data[ends + 2] == _NEWLINE) & (data[ends + 3] == _OPEN)).all())
    )
    return np.append(ended, len(quotes) // 4 - 1) if good else None


def _places(values: Ints, rows: Ints, lines: int) -> pa.Array:
    """Give the place of each line's value, null where it has none."""
    if len(rows) == lines:
        return pa.array(values)
    places = np.zeros(lines, dtype=np.int64)
    absent = np.ones(lines, dtype=np.bool_)
    places[rows], absent[rows] = values, False
    return pa.array(places, mask=absent)


def _name(name: str) -> np.uint64:
    """Give the word that a name's first eight bytes make."""
    return np.uint64(int.from_bytes(name.encode()[:8], "little"))

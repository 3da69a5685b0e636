"""Rounds: the k-th event of each member, so that a round's members are distinct."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]

_PLACE_BITS = 32
_FEW = 16


def rounds(rows: Int64s) -> Iterator[Int64s]:
    """Group places by how often their row has come before: each round's rows are distinct.

    >>> [places.tolist() for places in rounds(np.array([7, 8, 7, 7]))]
    [[0, 1], [2], [3]]
    """
    count = len(rows)
    if count <= _FEW and len(set(rows.tolist())) == count:
        yield np.arange(count)
        return
    # Row and place in one number: a plain sort is many times faster than a stable argsort.
    keys = (rows << _PLACE_BITS) | np.arange(count)
    keys.sort()
    sorted_rows = keys >> _PLACE_BITS
    begins = np.ones(count, dtype=np.bool_)
    np.not_equal(sorted_rows[1:], sorted_rows[:-1], out=begins[1:])
    starts = np.flatnonzero(begins)
    if len(starts) == count:
        yield np.arange(count)
        return
    sizes = np.diff(np.append(starts, count))
    nth = np.empty(count, dtype=np.int32)
    nth[keys & (1 << _PLACE_BITS) - 1] = np.arange(count) - np.repeat(starts, sizes)
    if int(sizes.max()) < 1 << 16:
        nth = nth.astype(np.uint16)  # which a stable sort puts in order by radix
    by_round = np.argsort(nth, kind="stable")
    yield from np.split(by_round, np.cumsum(np.bincount(nth))[:-1])

"""Distinct numbers, by sorting: many times faster than NumPy's own way where most are distinct."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt


def distinct(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Give the distinct numbers of an array [n], ascending.

    >>> distinct(np.array([3, 1, 3])).tolist()
    [1, 3]
    """
    ordered = np.sort(numbers)
    first = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def distinct_rows(parts: Sequence[npt.NDArray[np.int64]], count: int) -> npt.NDArray[np.int64]:
    """Give the distinct rows below `count` of some arrays, ascending: O(count) for many rows.

    >>> distinct_rows([np.array([3, 1]), np.array([1])], 5).tolist()
    [1, 3]
    """
    if sum(map(len, parts)) < count // 64:
        return distinct(np.concatenate(parts))
    seen = np.zeros(count, dtype=np.bool_)
    for part in parts:
        seen[part] = True
    return np.flatnonzero(seen)

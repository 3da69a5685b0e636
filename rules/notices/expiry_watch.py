"""Expiry watch: what each member has in the lots that expire through a day ahead.

A reminder days before an expiry needs the sum of all lots up to that day. The watch carries it
on from tick to tick, so that no tick sums a month of lots again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

Int64s = npt.NDArray[np.int64]


class Lots(Protocol):
    """What is asked of the lots that a watch follows."""

    def through(self, day: int, size: int) -> Int64s:
        """Sum the points of lots that expire through a day, by member row, int64[size]."""

    def parts_of(self, day: int) -> Sequence[tuple[Int64s, Int64s]]:
        """Give what expires on a day, as (member rows, points) that came, int64[n] each."""


class ExpiryWatch:
    """A running number per member: their points in lots that expire through a day.

    It follows from the lots alone, so it is no part of the table's state.
    """

    def __init__(self) -> None:
        self._upto: int | None = None
        self._ahead = np.zeros(0, dtype=np.int64)

    def through(self, lots: Lots, day: int, size: int) -> Int64s:
        """Sum the points of lots that expire through a day, by member row, int64[size].

        O(points that expire after the day asked for last), where days only rise.
        """
        if self._upto is None or day < self._upto:
            self._ahead, self._upto = lots.through(day, size), day
        self._grow(size)
        for each in range(self._upto + 1, day + 1):
            for rows, points in lots.parts_of(each):
                np.add.at(self._ahead, rows, points)
        self._upto = day
        return self._ahead[:size]

    def put(self, day: int, rows: Int64s, points: Int64s) -> None:
        """Follow points added to the lot that expires on a day."""
        if self._upto is not None and day <= self._upto:
            self._grow(int(rows.max()) + 1)
            np.add.at(self._ahead, rows, points)

    def taken(self, points: Int64s) -> None:
        """Follow lots whose tick has come, int64[members]."""
        if self._upto is not None:
            self._grow(len(points))
            self._ahead[: len(points)] -= points

    def forget(self) -> None:
        """Sum all lots again the next time."""
        self._upto = None

    def _grow(self, size: int) -> None:
        if size > len(self._ahead):
            grown = np.zeros(max(size, 2 * len(self._ahead)), dtype=np.int64)
            grown[: len(self._ahead)] = self._ahead
            self._ahead = grown

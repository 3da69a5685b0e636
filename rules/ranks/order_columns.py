"""Members in the official order as columns: searched by key, and interleaved with others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import Int64s

FEW: Final = 256
"""Fewer probes than this are not worth looking for equal scores among."""

Int32s = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class OrderColumns:
    """Sorted columns, never changed.

    rows: int32[n], the members' row numbers in the official order; terms: int64[n] each, in
    that order, minus the score and then one per tie-break; id_number: int32[n], each id's
    number in an order of ids. No two members are equal, since ids are distinct, and nothing is
    packed: every comparison is on whole integers.
    """

    rows: Int32s
    terms: tuple[Int64s, ...]
    id_number: Int32s

    @classmethod
    def empty(cls, terms: int) -> OrderColumns:
        """Make columns of nobody."""
        none = np.empty(0, dtype=np.int32)
        return cls(none, tuple(np.empty(0, dtype=np.int64) for _ in range(terms)), none)

    def __len__(self) -> int:
        return len(self.rows)

    def renumbered(self, moved: Int64s) -> OrderColumns:
        """Return the same columns over a larger order of ids; `moved` are the new numbers."""
        return replace(self, id_number=moved.astype(np.int32)[self.id_number])

    def places(self, terms: Sequence[Int64s], id_number: Int64s) -> Int64s:
        """Return how many members stand strictly ahead of each probe: int64[k].

        A probe is given by its terms and by how many ids are smaller than its id. One
        vectorised binary search, O(k log n), over the score first; probes that follow one
        another with the same score share that.
        """
        score = terms[0]
        if len(score) < FEW:
            low = np.searchsorted(self.terms[0], score, side="left").astype(np.int64)
            high = np.searchsorted(self.terms[0], score, side="right").astype(np.int64)
            return self.search(terms, id_number, low, high, 1)
        other = np.flatnonzero(np.concatenate(([True], score[1:] != score[:-1])))
        often = np.diff(np.append(other, len(score)))
        low = np.searchsorted(self.terms[0], score[other], side="left").astype(np.int64)
        high = np.searchsorted(self.terms[0], score[other], side="right").astype(np.int64)
        return self.search(terms, id_number, np.repeat(low, often), np.repeat(high, often), 1)

    def search(
        self,
        terms: Sequence[Int64s],
        id_number: Int64s,
        low: Int64s,
        high: Int64s,
        settled: int = 0,
    ) -> Int64s:
        """Search each probe's place among the members [low, high): int64[k], kept in `low`.

        The first `settled` terms of those members are known to equal the probe's.
        """
        undecided = np.flatnonzero(low < high)
        columns, probes = self.terms[settled:][::-1], tuple(terms[settled:])[::-1]
        while len(undecided):
            middle = (low[undecided] + high[undecided]) >> 1
            ahead = self.id_number[middle] < id_number[undecided]
            for column, probe in zip(columns, probes, strict=True):
                mine, theirs = column[middle], probe[undecided]
                ahead = (mine < theirs) | ((mine == theirs) & ahead)
            low[undecided] = np.where(ahead, middle + 1, low[undecided])
            high[undecided] = np.where(ahead, high[undecided], middle)
            undecided = undecided[low[undecided] < high[undecided]]
        return low

    def interleaved(self, weave: Interleaving, fresh: OrderColumns) -> OrderColumns:
        """Return the columns woven together with those of others."""
        pairs = zip(self.terms, fresh.terms, strict=True)
        return OrderColumns(
            weave.of(self.rows, fresh.rows),
            tuple(weave.of(mine, theirs) for mine, theirs in pairs),
            weave.of(self.id_number, fresh.id_number),
        )


class Interleaving:
    """How a sorted column loses some entries and takes in others, which are in order.

    length: how long it is; dropped: int64[h], the positions it loses, ascending and distinct;
    places: int64[k], ascending, how many of its entries stand ahead of each that comes, the
    dropped ones counted. Making one costs O(n + k), and so does each column.
    """

    def __init__(self, length: int, dropped: Int64s, places: Int64s) -> None:
        self._target = places - np.searchsorted(dropped, places) + np.arange(len(places))
        stays = np.ones(length, dtype=bool)
        stays[dropped] = False
        self._length = length - len(dropped) + len(places)
        moves = np.ones(self._length, dtype=bool)
        moves[self._target] = False
        self._source = np.zeros(self._length, dtype=np.int64)
        self._source[moves] = np.flatnonzero(stays)

    def of(self, column: npt.NDArray[Any], fresh: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return the woven column, of the old one's type."""
        if not len(column):
            return fresh.astype(column.dtype)
        whole = column.take(self._source)
        whole[self._target] = fresh
        return whole

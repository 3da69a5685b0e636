"""A whole board in the official order, in sorted columns: exact reads, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import Int64s, Key, check_tie_break
from rules.ranks.order_columns import Int32s, OrderColumns
from rules.ranks.order_reads import OrderReads
from rules.table.id_order import IdOrder, objects

ABSENT = -1


@dataclass(frozen=True, eq=False)
class FrozenOrder(OrderReads):
    """Members of one board, sorted: what `RankIndex` reads from and what `freeze` hands out.

    columns: the members' rows, terms and the numbers of their ids in `ids`; position: int32[rows
    known], where each row stands, ABSENT when it doesn't. Memory: about 40 bytes a member.
    """

    tie_break: tuple[str, ...]
    columns: OrderColumns
    position: Int32s
    ids: IdOrder

    @classmethod
    def empty(cls, tie_break: Sequence[str]) -> FrozenOrder:
        """Make the order of a board without members."""
        names = check_tie_break(tie_break)
        columns = OrderColumns.empty(1 + len(names))
        return cls(names, columns, np.empty(0, dtype=np.int32), IdOrder.empty())

    @classmethod
    def of(
        cls, tie_break: tuple[str, ...], columns: OrderColumns, ids: IdOrder, rows_known: int
    ) -> FrozenOrder:
        """Wrap columns that are in order already, and invert their rows. O(n)."""
        position = np.full(rows_known, ABSENT, dtype=np.int32)
        position[columns.rows] = np.arange(len(columns), dtype=np.int32)
        return cls(tie_break, columns, position, ids)

    def __len__(self) -> int:
        return len(self.columns)

    def renumbered(self, ids: IdOrder, moved: Int64s) -> FrozenOrder:
        """Return the same order over a larger id order; `moved` are the old ids' new numbers."""
        return replace(self, ids=ids, columns=self.columns.renumbered(moved))

    def positions(self, rows: npt.ArrayLike) -> Int64s:
        """Return where rows stand, from 0: int64[k], ABSENT for those that don't. O(k)."""
        wanted = np.asarray(rows, dtype=np.int64)
        known = wanted < len(self.position)
        if known.all():
            return self.position[wanted].astype(np.int64)
        found = np.full(len(wanted), ABSENT, dtype=np.int64)
        found[known] = self.position[wanted[known]]
        return found

    def ranks(self, rows: npt.ArrayLike) -> Int64s:
        """Return the ranks of rows: int64[k] from 1, 0 for those not on the board. O(k)."""
        return self.positions(rows) + 1

    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Return how many members stand strictly ahead of each key: int64[k].

        Keys may be of members of other shards; adding the counts of all shards and 1 gives the
        rank. Ids are compared only with those who tie on every term. O(k log n).
        """
        if not keys:
            return np.empty(0, dtype=np.int64)
        terms = self._terms_of(keys)
        low = self.columns.places(terms, np.zeros(len(keys), dtype=np.int64))
        tied = low < len(self)
        for column, probe in zip(self.columns.terms, terms, strict=True):
            tied[tied] = column[low[tied]] == probe[tied]
        who = np.flatnonzero(tied)
        if len(who):
            beyond = np.full(len(who), len(self.ids), dtype=np.int64)
            high = self.columns.places([probe[who] for probe in terms], beyond)
            members = [keys[one].member for one in who.tolist()]
            low[who] = self._places_of_ids(members, self.columns, low[who], high)
        return low

    def places_of_keys(
        self, keys: Sequence[Key], columns: OrderColumns, low: Int64s, high: Int64s
    ) -> Int64s:
        """Search each key among the members [low, high) of columns over the same ids: int64[k]."""
        terms = self._terms_of(keys)
        beyond = np.full(len(keys), len(self.ids), dtype=np.int64)
        first = columns.search(terms, np.zeros_like(beyond), low.copy(), high.copy())
        last = columns.search(terms, beyond, first.copy(), high.copy())
        return self._places_of_ids([key.member for key in keys], columns, first, last)

    def _terms_of(self, keys: Sequence[Key]) -> list[Int64s]:
        columns = np.array([key[:3] for key in keys], dtype=np.int64).T
        return [columns[number] for number in range(len(self.columns.terms))]

    def _places_of_ids(
        self, members: list[str], columns: OrderColumns, low: Int64s, high: Int64s
    ) -> Int64s:
        """Search each id in its run of equal terms, [low, high), which is in id order."""
        probes = objects(members)
        while len(undecided := np.flatnonzero(low < high)):
            middle = (low[undecided] + high[undecided]) >> 1
            ahead = self.ids.names[columns.id_number[middle]] < probes[undecided]
            low[undecided] = np.where(ahead, middle + 1, low[undecided])
            high[undecided] = np.where(ahead, high[undecided], middle)
        return low

    def keys(self, rows: npt.ArrayLike) -> list[Key]:
        """Return the keys of rows that are on the board. Raises KeyError for another. O(k)."""
        where = self.positions(rows)
        if (where < 0).any():
            row = int(np.asarray(rows)[np.argmax(where < 0)])
            raise KeyError(f"row {row}: not on the board; ask ranks(rows) first")
        terms = [column[where].tolist() for column in self.columns.terms]
        unused = [[0] * len(where)] * (3 - len(terms))
        names = self.ids.names[self.columns.id_number[where]].tolist()
        return [Key(*key) for key in zip(*terms, *unused, names, strict=True)]

    def at(self, offset: int, limit: int) -> Int64s:
        """Return the rows from position `offset` (0 is first) on, at most `limit`. O(limit)."""
        start = max(0, offset)
        return self.columns.rows[start : max(start, offset + limit)].astype(np.int64)

    def freeze(self) -> FrozenOrder:
        """Return itself: it never changes."""
        return self

    def _check(self) -> None:
        """Assert that columns agree, the order is strict and positions invert rows. O(n)."""
        assert {len(term) for term in self.columns.terms} == {
            len(self),
            len(self.columns.id_number),
        }
        assert (self.positions(self.columns.rows) == np.arange(len(self))).all()
        assert np.count_nonzero(self.position != ABSENT) == len(self)
        keys = self.keys(self.columns.rows)
        assert all(ahead < behind for ahead, behind in pairwise(keys))
        names = self.ids.names.tolist()
        assert all(ahead < behind for ahead, behind in pairwise(names))

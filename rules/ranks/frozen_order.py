"""A whole board in the official order, in sorted columns: exact reads, never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from rules.ranks.official_order import Int64s, Key, check_tie_break
from rules.ranks.order_reads import OrderReads
from rules.table.id_order import IdOrder, objects

Int32s = npt.NDArray[np.int32]
ABSENT = -1


@dataclass(frozen=True, eq=False)
class FrozenOrder(OrderReads):
    """Members of one board, sorted: what `RankIndex` reads from and what `freeze` hands out.

    rows: int32[n], the members' row numbers in the official order; terms: int64[n] each, in
    that order, minus the score and then one per tie-break; id_number: int32[n], each id's
    number in `ids`; position: int32[rows known], where each row stands, ABSENT when it doesn't.
    No two members are equal, since ids are distinct, and nothing is packed: every comparison is
    on whole integers. Memory: about 40 bytes a member.
    """

    tie_break: tuple[str, ...]
    rows: Int32s
    terms: tuple[Int64s, ...]
    id_number: Int32s
    position: Int32s
    ids: IdOrder

    @classmethod
    def empty(cls, tie_break: Sequence[str]) -> FrozenOrder:
        """Make the order of a board without members."""
        names = check_tie_break(tie_break)
        none = np.empty(0, dtype=np.int32)
        terms = tuple(np.empty(0, dtype=np.int64) for _ in range(1 + len(names)))
        return cls(names, none, terms, none, none, IdOrder.empty())

    @classmethod
    def of(
        cls,
        tie_break: tuple[str, ...],
        rows: Int32s,
        terms: Sequence[Int64s],
        id_number: Int32s,
        ids: IdOrder,
        rows_known: int,
    ) -> FrozenOrder:
        """Wrap columns that are in order already, and invert `rows`. O(n)."""
        position = np.full(rows_known, ABSENT, dtype=np.int32)
        position[rows] = np.arange(len(rows), dtype=np.int32)
        return cls(tie_break, rows, tuple(terms), id_number, position, ids)

    def __len__(self) -> int:
        return len(self.rows)

    def renumbered(self, ids: IdOrder, moved: Int64s) -> FrozenOrder:
        """Return the same order over a larger id order; `moved` are the old ids' new numbers."""
        return replace(self, ids=ids, id_number=moved.astype(np.int32)[self.id_number])

    def replaced(
        self,
        leaving: Int64s,
        rows: Int64s,
        terms: Sequence[Int64s],
        id_number: Int32s,
        rows_known: int,
    ) -> FrozenOrder:
        """Return the order without the rows `leaving` and with others, which are in order.

        leaving: int64[h], rows that need not stand here; rows, terms, id_number: [k] columns of
        those that come. Nothing is sorted again: a binary search finds the k places and one
        pass of O(n + k) interleaves.
        """
        places = self.places(terms, id_number.astype(np.int64))
        held = self.positions(leaving)
        holes = np.sort(held[held >= 0])
        stays = np.ones(len(self), dtype=bool)
        stays[holes] = False
        target = places - np.searchsorted(holes, places) + np.arange(len(rows))
        length = len(self) - len(holes) + len(rows)
        moves = np.ones(length, dtype=bool)
        moves[target] = False
        source = np.zeros(length, dtype=np.int64)
        source[moves] = np.flatnonzero(stays)

        def interleaved(column: npt.NDArray[Any], fresh: npt.NDArray[Any]) -> npt.NDArray[Any]:
            whole = column.take(source) if len(column) else np.zeros(length, column.dtype)
            whole[target] = fresh
            return whole

        return FrozenOrder.of(
            self.tie_break,
            interleaved(self.rows, rows),
            [interleaved(mine, fresh) for mine, fresh in zip(self.terms, terms, strict=True)],
            interleaved(self.id_number, id_number),
            self.ids,
            rows_known,
        )

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

    def places(self, terms: Sequence[Int64s], id_number: Int64s) -> Int64s:
        """Return how many members stand strictly ahead of each probe: int64[k].

        A probe is given by its terms and by how many of `ids` are smaller than its id. One
        vectorised binary search, O(k log n): over the score first, then inside the run of
        equal scores over the other terms and the id.
        """
        low = np.searchsorted(self.terms[0], terms[0], side="left").astype(np.int64)
        high = np.searchsorted(self.terms[0], terms[0], side="right").astype(np.int64)
        undecided = np.flatnonzero(low < high)
        while len(undecided):
            middle = (low[undecided] + high[undecided]) >> 1
            ahead = self.id_number[middle] < id_number[undecided]
            for column, probe in zip(self.terms[:0:-1], terms[:0:-1], strict=True):
                mine, theirs = column[middle], probe[undecided]
                ahead = (mine < theirs) | ((mine == theirs) & ahead)
            low[undecided] = np.where(ahead, middle + 1, low[undecided])
            high[undecided] = np.where(ahead, high[undecided], middle)
            undecided = undecided[low[undecided] < high[undecided]]
        return low

    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Return how many members stand strictly ahead of each key: int64[k].

        Keys may be of members of other shards; adding the counts of all shards and 1 gives the
        rank. Ids are compared only with those who tie on every term. O(k log n).
        """
        if not keys:
            return np.empty(0, dtype=np.int64)
        columns = np.array([key[:3] for key in keys], dtype=np.int64).T
        terms = [columns[number] for number in range(len(self.terms))]
        low = self.places(terms, np.zeros(len(keys), dtype=np.int64))
        tied = low < len(self)
        for column, probe in zip(self.terms, terms, strict=True):
            tied[tied] = column[low[tied]] == probe[tied]
        who = np.flatnonzero(tied)
        if len(who):
            beyond = np.full(len(who), len(self.ids), dtype=np.int64)
            high = self.places([probe[who] for probe in terms], beyond)
            low[who] = self._places_of_ids(
                [keys[one].member for one in who.tolist()], low[who], high
            )
        return low

    def _places_of_ids(self, members: list[str], low: Int64s, high: Int64s) -> Int64s:
        """Search each id in its run of equal terms, [low, high), which is in id order."""
        probes = objects(members)
        while len(undecided := np.flatnonzero(low < high)):
            middle = (low[undecided] + high[undecided]) >> 1
            ahead = self.ids.names[self.id_number[middle]] < probes[undecided]
            low[undecided] = np.where(ahead, middle + 1, low[undecided])
            high[undecided] = np.where(ahead, high[undecided], middle)
        return low

    def keys(self, rows: npt.ArrayLike) -> list[Key]:
        """Return the keys of rows that are on the board. Raises KeyError for another. O(k)."""
        where = self.positions(rows)
        if (where < 0).any():
            row = int(np.asarray(rows)[np.argmax(where < 0)])
            raise KeyError(f"row {row}: not on the board; ask ranks(rows) first")
        terms = [column[where].tolist() for column in self.terms]
        unused = [[0] * len(where)] * (3 - len(terms))
        names = self.ids.names[self.id_number[where]].tolist()
        return [Key(*key) for key in zip(*terms, *unused, names, strict=True)]

    def at(self, offset: int, limit: int) -> Int64s:
        """Return the rows from position `offset` (0 is first) on, at most `limit`. O(limit)."""
        start = max(0, offset)
        return self.rows[start : max(start, offset + limit)].astype(np.int64)

    def freeze(self) -> FrozenOrder:
        """Return itself: it never changes."""
        return self

    def _check(self) -> None:
        """Assert that columns agree, the order is strict and positions invert rows. O(n)."""
        assert {len(term) for term in self.terms} == {len(self), len(self.id_number)}
        assert (self.positions(self.rows) == np.arange(len(self))).all()
        assert np.count_nonzero(self.position != ABSENT) == len(self)
        keys = self.keys(self.rows)
        assert all(ahead < behind for ahead, behind in pairwise(keys))
        names = self.ids.names.tolist()
        assert all(ahead < behind for ahead, behind in pairwise(names))

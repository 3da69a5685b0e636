"""The rank index: exact ranks and pages of a board whose members change all the time.

Three levels: a big sorted order (`FrozenOrder`), a middle of sorted columns over it (both are
the `LayeredOrder`), and a small sorted delta of the members that changed last. Writing only
scatters into columns and marks rows; the first read after it settles them, a few into the delta,
many into the middle; the big order is rewritten when the middle overflows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.ranks.frozen_order import ABSENT, FrozenOrder
from rules.ranks.layered_order import LayeredOrder
from rules.ranks.official_order import Int64s, Key, full_order, key_of, order_terms
from rules.ranks.order_columns import Int32s, OrderColumns
from rules.ranks.order_reads import OrderReads
from rules.ranks.rank_delta import Entry, RankDelta
from rules.table.distinct import distinct

__all__ = ["FrozenOrder", "Key", "RankIndex", "full_order", "key_of"]

DELTA_MIN: Final = 64
DELTA_SHARE: Final = 16_384
"""The delta may hold one member in 16,384: settling one there costs about 60 µs, and every read
after a change walks the delta; folding it costs a walk through the middle, a few ms a million."""

MARKS_MAX: Final = 4
"""Changed rows are listed up to this many times the delta's size, then only flagged."""


class RankIndex(OrderReads):
    """Members of one board by row number, kept in the official order.

    Reads are always exact. Costs, n members on the board, m ≤ max(1024, n/6) of them in the middle
    and d ≤ max(64, n/16384) in the delta: `update` of k rows O(k); the first read after it
    O(changed · log n), plus O(m) when the delta would overflow, plus O(n) when the middle would,
    and O(n) when ids are new; `ranks` of k rows and `count_ahead` of k keys O(k log n); `at`,
    `page`, `before` O(log² n + d + limit). Memory: about 95 bytes a member
    beyond the ids' own text. Row numbers must stay below 2^31.
    """

    def __init__(self, tie_break: Sequence[str]) -> None:
        self._base = LayeredOrder(FrozenOrder.empty(tie_break))
        self.tie_break: Final = self._base.tie_break
        self._terms: list[Int64s] = [
            np.empty(0, dtype=np.int64) for _ in range(1 + len(self.tie_break))
        ]
        self._id_number: Int32s = np.empty(0, dtype=np.int32)
        self._present = np.empty(0, dtype=bool)
        self._changed = np.empty(0, dtype=bool)  # since the last fold
        self._new_ids: dict[int, str] = {}  # not in the id order before the next fold
        self._marks: list[Int64s] | None = []  # rows to settle; None: too many to list
        self._marks_count = 0
        self._delta = RankDelta()

    def __len__(self) -> int:
        self._settle()
        return len(self._base) + self._delta.growth

    @property
    def delta_rows(self) -> int:
        """Count the rows that changed since the last fold, settled or not."""
        return max(len(self._delta), self._marks_count)

    def update(
        self,
        rows: npt.ArrayLike,
        member: Sequence[str],
        score: npt.ArrayLike,
        tasks_completed_at_us: npt.ArrayLike,
        active_days: npt.ArrayLike,
        present: npt.ArrayLike,
    ) -> None:
        """Set what is known of k members; those not `present` are off the board. O(k).

        rows: int[k], one member for ever each (of a row given twice the last counts); member:
        their ids, read only for rows never present before; score in points; times in
        microseconds or NO_TIME_US; present: bool[k].
        """
        wanted = np.asarray(rows, dtype=np.int64)
        if not len(wanted):
            return
        here = np.asarray(present, dtype=bool)
        terms = order_terms(score, tasks_completed_at_us, active_days, self.tie_break)
        self._grow(int(wanted.max()) + 1)
        changed = self._present[wanted] != here
        for column, term in zip(self._terms, terms, strict=True):
            changed |= here & (column[wanted] != term)
            column[wanted] = term
        self._present[wanted] = here
        first_seen = np.flatnonzero(here & (self._id_number[wanted] < 0))
        names = [member[place] for place in first_seen.tolist()]
        self._new_ids.update(zip(wanted[first_seen].tolist(), names, strict=True))
        self._mark(wanted[changed])

    def _grow(self, count: int) -> None:
        known = len(self._present)
        if count <= known:
            return
        more = max(count, 2 * known, 1024) - known
        self._terms = [np.concatenate((one, np.zeros(more, np.int64))) for one in self._terms]
        self._id_number = np.concatenate((self._id_number, np.full(more, ABSENT, np.int32)))
        self._present = np.concatenate((self._present, np.zeros(more, bool)))
        self._changed = np.concatenate((self._changed, np.zeros(more, bool)))

    def _mark(self, rows: Int64s) -> None:
        if not len(rows):
            return
        self._changed[rows] = True
        self._marks_count += len(rows)
        if self._marks is not None:
            self._marks.append(rows)
            if self._marks_count > MARKS_MAX * self._delta_max():
                self._marks = None

    def _delta_max(self) -> int:
        return max(DELTA_MIN, len(self._base) // DELTA_SHARE)

    def _settle(self) -> None:
        if not self._marks_count:
            return
        if self._marks is None:
            self._fold()
            return
        rows = distinct(np.concatenate(self._marks))
        if len(self._delta) + len(rows) > self._delta_max():
            self._fold()
            return
        self._marks, self._marks_count = [], 0
        here = rows[self._present[rows]]
        places = self._base.places([one[here] for one in self._terms], self._ids_below(here))
        entries = map(Entry, self.keys(here), here.tolist(), places.tolist())
        entry_of = {entry.row: entry for entry in entries}
        for row, position in zip(rows.tolist(), self._base.positions(rows).tolist(), strict=True):
            self._delta.put(row, position, entry_of.get(row))

    def _ids_below(self, rows: Int64s) -> Int64s:
        numbers = self._id_number[rows].astype(np.int64)
        fresh = np.flatnonzero(numbers < 0)
        if len(fresh):
            names = [self._new_ids[row] for row in rows[fresh].tolist()]
            numbers[fresh] = self._base.ids.count_below(names)
        return numbers

    def _fold(self) -> None:
        """Fold every changed row into the sorted columns. See `LayeredOrder.fold` for the cost."""
        self._number_new_ids()
        changed = np.flatnonzero(self._changed)
        coming = changed[self._present[changed]]
        mostly = 2 * len(coming) > len(self._base)
        rows = self._in_order(np.flatnonzero(self._present) if mostly else coming)
        terms = tuple(one[rows] for one in self._terms)
        numbers, known = self._id_number[rows], len(self._present)
        if mostly:
            self._base.replace(OrderColumns(rows.astype(np.int32), terms, numbers), known)
        else:
            self._base.fold(changed, rows, terms, numbers, known)
        self._changed[changed] = False
        self._marks, self._marks_count = [], 0
        self._delta.clear()

    def _number_new_ids(self) -> None:
        if not self._new_ids:
            return
        ids, moved, numbers = self._base.ids.extended(list(self._new_ids.values()))
        self._base.renumber(ids, moved)
        known = np.flatnonzero(self._id_number >= 0)
        self._id_number[known] = moved[self._id_number[known]]
        self._id_number[np.fromiter(self._new_ids, np.int64, len(self._new_ids))] = numbers
        self._new_ids.clear()

    def _in_order(self, rows: Int64s) -> Int64s:
        columns: list[npt.NDArray[Any]] = [self._id_number[rows]]
        columns += [one[rows] for one in reversed(self._terms)]
        return rows[np.lexsort(columns)]

    def ranks(self, rows: npt.ArrayLike) -> Int64s:
        """Return the ranks of rows: int64[k] from 1, 0 for those not on the board."""
        self._settle()
        wanted = np.asarray(rows, dtype=np.int64)
        found = self._base.positions(wanted)
        if not self._delta:
            return found + 1
        view = self._delta.overlay()
        rank = view.visible(found) + 1
        rank[found < 0] = 0
        known = np.flatnonzero(wanted < len(self._changed))
        moved = known[self._changed[wanted[known]]]
        if len(moved):
            positions = view.at(np.arange(len(view.rows))).tolist()
            at = dict(zip(view.rows.tolist(), positions, strict=True))
            rank[moved] = [at.get(row, ABSENT) + 1 for row in wanted[moved].tolist()]
        return rank

    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Return how many members stand strictly ahead of each key, of any shard: int64[k]."""
        self._settle()
        count = self._base.count_ahead(keys)
        if not self._delta:
            return count
        return self._delta.overlay().still_ahead(count) + self._delta.count_ahead(keys)

    def keys(self, rows: npt.ArrayLike) -> list[Key]:
        """Return the keys of rows that are on the board. Raises KeyError for another."""
        wanted = np.asarray(rows, dtype=np.int64)
        off = (wanted >= len(self._present)) | ~self._present[wanted % max(1, len(self._present))]
        if off.any():
            raise KeyError(f"row {int(wanted[np.argmax(off)])}: not on the board")
        terms = [one[wanted].tolist() for one in self._terms]
        unused = [[0] * len(wanted)] * (3 - len(terms))
        names = self._names(wanted)
        return [Key(*key) for key in zip(*terms, *unused, names, strict=True)]

    def _names(self, rows: Int64s) -> list[str]:
        numbers = self._id_number[rows]
        names = np.empty(len(rows), dtype=object)
        numbered = numbers >= 0
        names[numbered] = self._base.ids.names[numbers[numbered]]
        for place in np.flatnonzero(~numbered).tolist():
            names[place] = self._new_ids[int(rows[place])]
        return list(names.tolist())

    def at(self, offset: int, limit: int) -> Int64s:
        """Return the rows from position `offset` (0 is first) on: int64[≤ limit]."""
        start, stop = max(0, offset), min(len(self), offset + limit)
        if stop <= start:
            return np.empty(0, dtype=np.int64)
        if not self._delta:
            return self._base.at(start, stop)
        return self._delta.overlay().cut(start, stop, self._base.rows_at)

    def freeze(self) -> FrozenOrder:
        """Return the board as it stands, for ever: O(n), O(1) when nothing changed since."""
        if self._marks_count or self._delta:
            self._fold()
        return self._base.freeze()

    def _check(self) -> None:
        """Assert every invariant, above all that the order is a plain sort's. O(n log n)."""
        self._settle()
        self._base._check()
        here = np.flatnonzero(self._present)
        everyone = self.at(0, len(here) + 1)
        in_order = sorted(zip(self.keys(here), here.tolist(), strict=True))
        assert everyone.tolist() == [row for _, row in in_order]
        assert len(self) == len(here)
        assert (self.ranks(everyone) == np.arange(1, len(here) + 1)).all()
        delta = self._delta
        assert set(np.flatnonzero(self._changed).tolist()) == set(delta.entry_of)
        assert len(delta) <= self._delta_max()
        stale = self._base.positions(np.array(list(delta.entry_of), dtype=np.int64))
        assert list(delta.holes) == sorted(stale[stale >= 0].tolist())
        assert len(delta.entries) == sum(one is not None for one in delta.entry_of.values())
        for entry in delta.entries:
            assert delta.entry_of[entry.row] == entry
            assert self.keys([entry.row]) == [entry.key]
            assert entry.place == int(self._base.count_ahead([entry.key])[0])
        assert (self._id_number[list(self._new_ids)] == ABSENT).all()

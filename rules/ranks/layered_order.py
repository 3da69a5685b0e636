"""A big sorted order with a middle layer over it: many changes cost no rewriting of the board."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from rules.ranks.frozen_order import ABSENT, FrozenOrder
from rules.ranks.official_order import Int64s, Key
from rules.ranks.order_columns import Int32s, Interleaving, OrderColumns
from rules.ranks.overlay import Overlay
from rules.table.id_order import IdOrder

MIDDLE_MIN: Final = 1024
MIDDLE_SHARE: Final = 6
"""The middle may hold, and hide of the base, one member in six. Folding k changes walks the
middle, half full on average, and every n / 6k-th time the base: for n / k = 100, the widest
case measured, the sum is least about there, and flat around it."""

_MIDDLE: Final = -2
"""Where a row stands, in one number: from 0 its base position, ABSENT nowhere, and _MIDDLE − i
for entry i of the middle."""


class LayeredOrder:
    """A frozen base, and over it a middle of rows that changed since it was made.

    Positions are those of both layers together. Costs, n members and d ≤ max(1024, n / 6) in the
    middle: `fold` of k rows O(d + k log n), with a rewriting of the base, O(n), once in d / k
    times; reads of k rows or probes O(k log n).
    """

    def __init__(self, base: FrozenOrder) -> None:
        self._begin(base)

    def _begin(self, base: FrozenOrder) -> None:
        self._base = base
        self._middle = OrderColumns.empty(len(base.columns.terms))
        none = np.empty(0, dtype=np.int64)
        self._laid = Overlay(none, none, none)
        self._place: Int32s | None = None  # the base's positions will do

    def __len__(self) -> int:
        return len(self._base) - len(self._laid.holes) + len(self._middle)

    @property
    def tie_break(self) -> tuple[str, ...]:
        """Give the tie-breaks after the score."""
        return self._base.tie_break

    @property
    def ids(self) -> IdOrder:
        """Give the ids that are numbered."""
        return self._base.ids

    @property
    def middle_rows(self) -> int:
        """Count the rows in the middle."""
        return len(self._middle)

    def renumber(self, ids: IdOrder, moved: Int64s) -> None:
        """Go over to a larger id order; `moved` are the old ids' new numbers. O(n)."""
        self._base = self._base.renumbered(ids, moved)
        self._middle = self._middle.renumbered(moved)

    def positions(self, rows: Int64s) -> Int64s:
        """Return where rows stand, from 0: int64[k], ABSENT for those that don't. O(k log d)."""
        if self._place is None:
            return self._base.positions(rows)
        place = _taken(self._place, rows)
        found = self._laid.visible(place)
        found[place < 0] = ABSENT
        laid = np.flatnonzero(place <= _MIDDLE)
        if len(laid):
            found[laid] = self._laid.at(_MIDDLE - place[laid])
        return found

    def rows_at(self, positions: Int64s) -> Int64s:
        """Return the rows at ascending positions, which exist. O(log n + the span of them)."""
        if self._place is None or not len(positions):
            return self._base_rows(positions)
        first = int(positions[0])
        return self.at(first, int(positions[-1]) + 1)[positions - first]

    def at(self, start: int, stop: int) -> Int64s:
        """Return the rows at positions [start, stop), which exist. O(log n + stop − start)."""
        if self._place is None:
            return self._base.at(start, stop - start)
        return self._laid.cut(start, stop, self._base_rows)

    def _base_rows(self, positions: Int64s) -> Int64s:
        return self._base.columns.rows[positions].astype(np.int64)

    def places(self, terms: Sequence[Int64s], id_number: Int64s) -> Int64s:
        """Return how many members stand strictly ahead of each probe: int64[k]. O(k log n)."""
        below = self._base.columns.places(terms, id_number)
        if self._place is None:
            return below
        return self._laid.still_ahead(below) + self._middle_places(below, terms, id_number)

    def _middle_places(self, below: Int64s, terms: Sequence[Int64s], id_number: Int64s) -> Int64s:
        """Search probes in the middle; `below` is how many of the base are ahead of each."""
        low, high = self._level(below)
        return self._middle.search(terms, id_number, low, high)

    def _level(self, below: Int64s) -> tuple[Int64s, Int64s]:
        """Bound the entries of the middle that stand before the same base position."""
        low = np.searchsorted(self._laid.places, below, side="left").astype(np.int64)
        high = np.searchsorted(self._laid.places, below, side="right").astype(np.int64)
        return low, high

    def count_ahead(self, keys: Sequence[Key]) -> Int64s:
        """Return how many members stand strictly ahead of each key: int64[k]. O(k log n)."""
        below = self._base.count_ahead(keys)
        if self._place is None or not keys:
            return below
        low, high = self._level(below)
        ahead = self._base.places_of_keys(keys, self._middle, low, high)
        return self._laid.still_ahead(below) + ahead

    def fold(
        self, leaving: Int64s, rows: Int64s, terms: Sequence[Int64s], id_number: Int32s, known: int
    ) -> None:
        """Take the rows `leaving` away and others in, which are in order. O(d + k log n).

        leaving: int64[h], distinct rows that need not stand here; rows, terms, id_number: [k]
        columns of those that come, all of them leaving or new; known: how many rows there are.
        """
        if self._place is None or len(self._place) < known:
            self._place = self._grown(known)
        held = self._place[leaving].astype(np.int64)
        self._place[leaving] = ABSENT
        left, gone = np.sort(held[held >= 0]), np.sort(_MIDDLE - held[held <= _MIDDLE])
        holes = np.insert(self._laid.holes, np.searchsorted(self._laid.holes, left), left)
        numbers = id_number.astype(np.int64)
        below = self._base.columns.places(terms, numbers)
        weave = Interleaving(len(self._middle), gone, self._middle_places(below, terms, numbers))
        fresh = OrderColumns(rows.astype(np.int32), tuple(terms), id_number)
        self._middle = self._middle.interleaved(weave, fresh)
        places = weave.of(self._laid.places, below)
        self._laid = Overlay(self._middle.rows.astype(np.int64), places, holes)
        if max(len(holes), len(places)) > max(MIDDLE_MIN, len(self._base) // MIDDLE_SHARE):
            self.freeze()
        else:
            self._place[self._middle.rows] = _MIDDLE - np.arange(len(places), dtype=np.int32)

    def _grown(self, known: int) -> Int32s:
        """Copy where rows stand, with room for more: what a frozen order holds stays its own."""
        held = self._base.position if self._place is None else self._place
        place = np.full(known, ABSENT, dtype=np.int32)
        place[: len(held)] = held
        return place

    def replace(self, columns: OrderColumns, known: int) -> None:
        """Go over to other members altogether. O(n)."""
        self._begin(FrozenOrder.of(self.tie_break, columns, self.ids, known))

    def freeze(self) -> FrozenOrder:
        """Rewrite the base with what the middle holds, and return it. O(n), O(1) when empty."""
        if self._place is not None:
            weave = Interleaving(len(self._base), self._laid.holes, self._laid.places)
            whole = self._base.columns.interleaved(weave, self._middle)
            self.replace(whole, len(self._place))
        return self._base

    def _check(self) -> None:
        """Assert that both layers agree with their columns and with one another. O(n log n)."""
        self._base._check()
        if self._place is None:
            assert not len(self._middle)
            return
        middle, laid = self._middle, self._laid
        assert len(middle) == len(laid.rows) == len(laid.places)
        assert (laid.rows == middle.rows).all()
        assert (np.diff(laid.holes) > 0).all()
        assert (np.diff(laid.at(np.arange(len(middle)))) > 0).all()
        below = self._base.columns.places(middle.terms, middle.id_number.astype(np.int64))
        assert (below == laid.places).all()
        columns: list[npt.NDArray[Any]] = [middle.id_number, *middle.terms[::-1]]
        order = np.lexsort(columns)
        assert (order == np.arange(len(middle))).all()
        assert (self._place[middle.rows] == _MIDDLE - np.arange(len(middle))).all()
        stays = np.delete(self._base.columns.rows, laid.holes)
        assert (self._base.positions(stays) == self._place[stays]).all()
        assert np.count_nonzero(self._place != ABSENT) == len(self)
        everyone = self.at(0, len(self))
        assert (self.rows_at(np.arange(len(self))) == everyone).all()
        assert (self.positions(everyone) == np.arange(len(self))).all()
        limit = max(MIDDLE_MIN, len(self._base) // MIDDLE_SHARE)
        assert max(len(middle), len(laid.holes)) <= limit


def _taken(place: Int32s, rows: Int64s) -> Int64s:
    """Look up where rows stand, ABSENT for rows beyond: int64[k]."""
    known = rows < len(place)
    if known.all():
        return place[rows].astype(np.int64)
    found = np.full(len(rows), ABSENT, dtype=np.int64)
    found[known] = place[rows[known]]
    return found

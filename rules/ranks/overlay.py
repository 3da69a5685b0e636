"""An overlay: rows laid over a sorted order, some of whose positions no longer hold."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from rules.ranks.official_order import Int64s


@dataclass(frozen=True, eq=False)
class Overlay:
    """Rows that stand between those of an order below, and the holes that others left there.

    rows: int64[d], the rows laid over it, in order; places: int64[d], ascending, how many of the
    order below stand ahead of each, holes counted; holes: int64[h], ascending positions below
    that no longer hold. Positions of both together are called visible.
    """

    rows: Int64s
    places: Int64s
    holes: Int64s

    def at(self, entries: Int64s) -> Int64s:
        """Give the visible positions of some of the overlay's rows: int64[k]. O(k log h)."""
        return self.still_ahead(self.places[entries]) + entries

    def _entries_before(self, position: int) -> int:
        """Count the overlay's rows ahead of a visible position. O(log d · log h)."""

        def at(entry: int) -> int:
            place = self.places[entry]
            return int(place) - int(self.holes.searchsorted(place)) + entry

        # Entry i stands at i or behind: a page near the top looks at few.
        return bisect_left(range(min(len(self.rows), max(0, position))), position, key=at)

    @cached_property
    def _filled(self) -> Int64s:
        """Count, for each hole, who ahead of it below still holds: int64[h], ascending."""
        return self.holes - np.arange(len(self.holes))

    def visible(self, below: Int64s) -> Int64s:
        """Give the visible positions of what holds its position below: int64[k]. O(k log d)."""
        return self.still_ahead(below) + np.searchsorted(self.places, below, side="right")

    def still_ahead(self, places: Int64s) -> Int64s:
        """Count those of the first `places` below that still hold: int64[k]. O(k log h)."""
        return np.asarray(places - np.searchsorted(self.holes, places))

    def below(self, unmoved: Int64s) -> Int64s:
        """Give the positions below of the u-th that still hold: int64[k]. O(k log h)."""
        return unmoved + np.searchsorted(self._filled, unmoved, side="right")

    def cut(self, start: int, stop: int, rows_below: Callable[[Int64s], Int64s]) -> Int64s:
        """Return the rows at visible positions [start, stop), which exist: int64[stop − start].

        rows_below tells the rows at ascending positions below. O(log d · log h + stop − start).
        """
        first, last = self._entries_before(start), self._entries_before(stop)
        rows = np.empty(stop - start, dtype=np.int64)
        laid = np.zeros(stop - start, dtype=bool)
        laid[self.at(np.arange(first, last)) - start] = True
        rows[laid] = self.rows[first:last]
        rows[~laid] = rows_below(self.below(np.arange(start - first, stop - last)))
        return rows

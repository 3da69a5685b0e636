"""An overlay: rows laid over a sorted order, some of whose positions no longer hold."""

from __future__ import annotations

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
    that no longer hold. Positions of both together are called visible. What is derived is
    computed when first asked for, O(d + h).
    """

    rows: Int64s
    places: Int64s
    holes: Int64s

    @cached_property
    def at(self) -> Int64s:
        """Give the visible positions of the overlay's rows: int64[d], ascending."""
        filled = self.places - np.searchsorted(self.holes, self.places)
        return np.asarray(filled + np.arange(len(self.rows)))

    @cached_property
    def _filled(self) -> Int64s:
        """Count, for each hole, who ahead of it below still holds: int64[h], ascending."""
        return self.holes - np.arange(len(self.holes))

    @cached_property
    def _shifts(self) -> tuple[Int64s, Int64s]:
        """Give the positions below from which on the visible ones shift, and how far."""
        steps = np.concatenate((self.holes + 1, self.places))
        order = np.argsort(steps, kind="stable")  # two ascending runs: merged, not sorted
        by = np.where(order < len(self.holes), -1, 1)
        return steps[order], np.concatenate(([0], np.cumsum(by)))

    def visible(self, below: Int64s) -> Int64s:
        """Give the visible positions of what holds its position below: int64[k]. O(k log d)."""
        steps, shift = self._shifts
        return np.asarray(below + shift[np.searchsorted(steps, below, side="right")])

    def still_ahead(self, places: Int64s) -> Int64s:
        """Count those of the first `places` below that still hold: int64[k]. O(k log h)."""
        return np.asarray(places - np.searchsorted(self.holes, places))

    def below(self, unmoved: Int64s) -> Int64s:
        """Give the positions below of the u-th that still hold: int64[k]. O(k log h)."""
        return unmoved + np.searchsorted(self._filled, unmoved, side="right")

    def cut(self, start: int, stop: int, rows_below: Callable[[Int64s], Int64s]) -> Int64s:
        """Return the rows at visible positions [start, stop), which exist: int64[stop − start].

        rows_below tells the rows at positions below.
        """
        first, last = np.searchsorted(self.at, (start, stop)).tolist()
        rows = np.empty(stop - start, dtype=np.int64)
        laid = np.zeros(stop - start, dtype=bool)
        laid[self.at[first:last] - start] = True
        rows[laid] = self.rows[first:last]
        rows[~laid] = rows_below(self.below(np.arange(start - first, stop - last)))
        return rows

    def rows_at(self, positions: Int64s, rows_below: Callable[[Int64s], Int64s]) -> Int64s:
        """Return the rows at visible positions in any order: int64[k]. O(k log d)."""
        ahead = np.searchsorted(self.at, positions)
        laid = ahead < len(self.at)
        laid[laid] = self.at[ahead[laid]] == positions[laid]
        rows = np.empty(len(positions), dtype=np.int64)
        rows[laid] = self.rows[ahead[laid]]
        rows[~laid] = rows_below(self.below((positions - ahead)[~laid]))
        return rows
